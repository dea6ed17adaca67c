#include "cli/hub_download.h"

#include <memory>
#include <mutex>

#include "cli/interrupt.h"
#include "core/log.h"
#include "core/progress.h"
#include "data/dataset_files.h"

namespace chorus::cli {
namespace {

/// Verifies what is here, then fetches the rest under a progress line that notes may interrupt.
class Shown {
 public:
  Shown(const data::HubSettings& settings, const data::HubRepo& repo, const DownloadRequest& request)
      : request_(request),
        log_(request.quiet),
        name_(repo.id),
        download_(settings, repo, request.revision, request.include,
                  {.advance =
                       [this](std::int64_t bytes) {
                         if (progress_) progress_->advance(bytes);
                       },
                   .cancelled = interrupted,
                   .note = [this](const std::string& line) { note(line); }}) {}

  Downloaded run() {
    if (request_.verify) verify();
    Downloaded result{.folder = download_.snapshot(),
                      .commit = download_.commit(),
                      .files = download_.files(),
                      .bytes = download_.bytes(),
                      .fetched = download_.bytes() - download_.present()};
    if (request_.list_only) return result;
    if (result.fetched > 0) {
      progress_ = std::make_unique<core::Progress>(name_, static_cast<std::int64_t>(result.bytes),
                                                   request_.quiet, core::ProgressUnit::bytes);
      progress_->start_from(static_cast<std::int64_t>(result.bytes - result.fetched));
    }
    result.folder = download_.run();
    if (progress_) progress_->finish();
    return result;
  }

 private:
  void note(const std::string& line) {
    if (progress_) progress_->wipe();
    log_.warn("{}", line);
  }
  void verify() {
    for (const std::string& path : download_.verify())
      log_.warn("{} on disk is damaged; fetching it again", path);
  }

  const DownloadRequest& request_;
  core::Log log_;
  std::string name_;
  std::unique_ptr<core::Progress> progress_;
  data::HubDownload download_;
};

}  // namespace

Downloaded download(const data::HubRepo& repo, const DownloadRequest& request) {
  const data::HubSettings settings = data::HubSettings::from_environment();
  return Shown(settings, repo, request).run();
}

std::filesystem::path hub_dataset_folder(const std::string& dataset, bool quiet) {
  const data::HubRepo repo = data::hub_dataset(dataset);
  const core::Log log(quiet);
  const auto here = data::find_snapshot(repo, data::HubSettings::from_environment().cache);
  if (here && !data::splits_of(*here).empty()) {
    log.info("{} is here: {}", repo.id, here->string());
    return *here;
  }
  const Downloaded got = download(repo, {.quiet = quiet});
  log.info("{}: {} fetched and checked", repo.id, core::size_text(got.fetched));
  return got.folder;
}

}  // namespace chorus::cli
