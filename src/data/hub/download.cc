#include "data/hub/download.h"

#include <fmt/format.h>
#include <unistd.h>

#include <set>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/progress.h"
#include "data/durable_file.h"
#include "data/hub/choose_files.h"

namespace chorus::data {
namespace {

namespace fs = std::filesystem;

/// The cache must take files before anything is asked of the network.
void check_writable(const fs::path& cache) {
  constexpr const char* kTodo = "set HF_HUB_CACHE (or HF_HOME) to a folder you may write to";
  std::error_code error;
  fs::create_directories(cache, error);
  if (error)
    throw Error(ErrorKind::io,
                fmt::format("the hub cache {} cannot be made: {}", cache.string(), error.message()),
                "a folder for downloads", kTodo);
  if (::access(cache.c_str(), W_OK | X_OK) != 0)
    throw Error(ErrorKind::io, fmt::format("the hub cache {} cannot be written to", cache.string()),
                "a folder for downloads", kTodo);
}

HubRepo checked(HubRepo repo, const std::string& revision, const HubSettings& settings) {
  if (!is_hub_id(repo.id))
    throw Error(ErrorKind::usage, fmt::format("'{}' is no id of a hub", repo.id), "ORG/NAME",
                "write it as the hub does, such as Qwen/Qwen3-0.6B");
  if (!is_inner_path(revision))
    throw Error(ErrorKind::usage, fmt::format("--revision '{}'", revision), "a branch, tag or commit",
                "correct it");
  if (settings.offline)
    throw Error(ErrorKind::usage,
                fmt::format("HF_HUB_OFFLINE is set, and the {} is to be fetched", repo.text()),
                "leave to use the network",
                "unset HF_HUB_OFFLINE, or fetch it on another machine and copy the cache");
  check_writable(settings.cache);
  return repo;
}

}  // namespace

HubDownload::HubDownload(const HubSettings& settings, HubRepo repo, std::string revision,
                         const std::vector<std::string>& patterns, DownloadEvents events)
    : settings_(settings),
      repo_(checked(std::move(repo), revision, settings)),
      revision_(std::move(revision)),
      events_(std::move(events)),
      http_(settings, events_.cancelled),
      folder_(repo_folder(repo_, settings.cache)) {
  HubRevision found = find_revision(http_, settings_, repo_, revision_, events_.note);
  commit_ = found.commit;
  files_ = choose_files(found.files, repo_, patterns);
  for (HubFile& file : files_) complete_file(http_, settings_, repo_, commit_, file, events_.note);
}

BlobPlace HubDownload::place_of(const HubFile& file) const {
  return {folder_ / "blobs" / file.digest,
          settings_.cache / ".locks" / folder_.filename() / (file.digest + ".lock")};
}

fs::path HubDownload::snapshot() const {
  return folder_ / "snapshots" / commit_;
}

// Files of equal content are one blob: each counts once.
std::uint64_t HubDownload::bytes() const {
  std::set<std::string> seen;
  std::uint64_t sum = 0;
  for (const HubFile& file : files_)
    if (seen.insert(file.digest).second) sum += file.bytes;
  return sum;
}

std::uint64_t HubDownload::present() const {
  std::set<std::string> seen;
  std::uint64_t sum = 0;
  for (const HubFile& file : files_)
    if (seen.insert(file.digest).second) sum += bytes_on_disk(place_of(file), file);
  return sum;
}

std::vector<std::string> HubDownload::verify() const {
  std::vector<std::string> damaged;
  for (const HubFile& file : files_) {
    if (events_.cancelled && events_.cancelled()) throw Error(ErrorKind::interrupted, "interrupted", "", "");
    const BlobPlace place = place_of(file);
    std::error_code error;
    if (!fs::exists(place.blob, error) || is_whole(place, file)) continue;
    fs::remove(place.blob, error);
    damaged.push_back(file.path);
  }
  return damaged;
}

void HubDownload::check_room() const {
  std::error_code error;
  const fs::space_info space = fs::space(settings_.cache, error);
  const std::uint64_t wanted = bytes() - present();
  if (error || wanted <= space.available) return;
  throw Error(ErrorKind::io,
              fmt::format("{} has {} free", settings_.cache.string(), core::size_text(space.available)),
              fmt::format("{} for the {}", core::size_text(wanted), repo_.text()),
              "make room, or set HF_HUB_CACHE to a folder on another disk");
}

void HubDownload::fetch(const HubFile& file) {
  const std::string url = file_url(settings_, repo_, commit_, file.path);
  fetch_blob(http_, url, file, place_of(file),
             {.advance = events_.advance,
              .cancelled = events_.cancelled,
              .note = events_.note,
              .refuse = [&](const HttpReply& reply) { throw_refusal(reply, settings_, repo_, file.path); }});
}

fs::path HubDownload::run() {
  check_room();
  try {
    for (const HubFile& file : files_) {
      const BlobPlace place = place_of(file);
      std::error_code error;
      if (!fs::exists(place.blob, error) || bytes_on_disk(place, file) != file.bytes) fetch(file);
      link_blob(folder_, commit_, file.path, file.digest);
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::interrupted) throw;
    throw Error(ErrorKind::interrupted,
                fmt::format("interrupted: {} of {} are in {}", core::size_text(present()),
                            core::size_text(bytes()), folder_.string()),
                "", "run the same command again to go on");
  }
  write_ref(folder_, revision_, commit_);
  return snapshot();
}

HubRepo hub_dataset(const std::string& dataset) {
  if (dataset == "webqa") return {RepoKind::dataset, "stanfordnlp/web_questions"};
  if (dataset == "myriadlama") return {RepoKind::dataset, "iszhaoxin/MyriadLAMA"};
  if (dataset == "pararel")
    throw Error(ErrorKind::usage, "the data set pararel is in no repository of the hub",
                "webqa or myriadlama",
                "'git clone https://github.com/yanaiela/pararel', then name its data folder with --data");
  throw Error(ErrorKind::usage, fmt::format("the data set {} has no download", dataset),
              "webqa or myriadlama",
              "name a hub's data set by its id: chorus models get --repo-type dataset ORG/NAME");
}

}  // namespace chorus::data
