#include "data/hub/cache.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iomanip>
#include <system_error>
#include <vector>

#include "data/durable_file.h"
#include "data/posix_file.h"

namespace chorus::data {
namespace {

namespace fs = std::filesystem;

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

}  // namespace

std::string HubRepo::text() const {
  return fmt::format("{} {}", kind == RepoKind::model ? "model" : "data set", id);
}

bool is_hub_id(std::string_view name) {
  const auto slash = name.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == name.size()) return false;
  const auto good = [](std::string_view part) {
    return part.front() != '.' && part.front() != '-' &&
           std::all_of(part.begin(), part.end(),
                       [](unsigned char c) { return std::isalnum(c) || c == '.' || c == '_' || c == '-'; });
  };
  return good(name.substr(0, slash)) && good(name.substr(slash + 1));
}

fs::path repo_folder(const HubRepo& repo, const fs::path& cache) {
  const auto slash = repo.id.find('/');
  return cache / fmt::format("{}--{}--{}", repo.kind == RepoKind::model ? "models" : "datasets",
                             repo.id.substr(0, slash), repo.id.substr(slash + 1));
}

bool is_inner_path(std::string_view path) {
  const bool plain = std::all_of(path.begin(), path.end(),
                                 [](unsigned char c) { return c >= 0x20 && c != 0x7F && c != '\\'; });
  if (path.empty() || !plain) return false;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return true;
}

std::optional<fs::path> find_snapshot(const HubRepo& repo, const fs::path& cache,
                                      const std::string& revision) {
  const fs::path folder = repo_folder(repo, cache);
  if (!is_inner_path(revision)) return std::nullopt;
  std::ifstream in(folder / "refs" / revision);
  std::string commit;
  // The name comes out of a file: it must stay inside snapshots/.
  if (in >> std::setw(128) >> commit && commit.front() != '.' && commit.find('/') == std::string::npos) {
    const fs::path snapshot = folder / "snapshots" / commit;
    if (is_folder(snapshot)) return snapshot;
  }
  if (revision != "main") {
    const fs::path named = folder / "snapshots" / revision;
    return is_folder(named) ? std::optional(named) : std::nullopt;
  }
  std::vector<fs::path> snapshots;
  std::error_code error;
  for (fs::directory_iterator it(folder / "snapshots", error), end; !error && it != end;
       it.increment(error)) {
    if (is_folder(it->path())) snapshots.push_back(it->path());
  }
  if (snapshots.size() != 1) return std::nullopt;
  return snapshots.front();
}

void link_blob(const fs::path& repo_folder, const std::string& commit, const std::string& path,
               const std::string& digest) {
  const fs::path link = repo_folder / "snapshots" / commit / path;
  fs::path target = "../..";
  for (const char c : path)
    if (c == '/') target /= "..";
  target /= fs::path("blobs") / digest;
  std::error_code error;
  if (fs::read_symlink(link, error) == target) return;
  make_folder(link.parent_path());
  const fs::path temporary = fmt::format("{}.{}.partial", link.string(), ::getpid());
  ::unlink(temporary.c_str());
  if (::symlink(target.c_str(), temporary.c_str()) != 0) throw_io("be linked", link);
  if (::rename(temporary.c_str(), link.c_str()) != 0) {
    const int code = errno;
    ::unlink(temporary.c_str());
    errno = code;
    throw_io("be replaced", link);
  }
}

void write_ref(const fs::path& repo_folder, const std::string& revision, const std::string& commit) {
  if (revision == commit) return;
  const fs::path file = repo_folder / "refs" / revision;
  make_folder(file.parent_path());
  write_durable(file, commit);
}

}  // namespace chorus::data
