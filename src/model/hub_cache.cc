#include "model/hub_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fstream>
#include <iomanip>
#include <system_error>

namespace chorus::model {
namespace {

namespace fs = std::filesystem;

/// N of "model-00001-of-N.safetensors"; 1 for a file that is no shard.
std::size_t shards_named_by(const fs::path& file) {
  const std::string stem = file.stem().string();
  const auto of = stem.rfind("-of-");
  std::size_t count = 1;
  if (of != std::string::npos) std::from_chars(stem.data() + of + 4, stem.data() + stem.size(), count);
  return count;
}

}  // namespace

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

std::uint64_t file_bytes(const fs::path& path) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  return error ? 0 : bytes;
}

std::vector<fs::path> files_of(const fs::path& folder, std::string_view extension) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == extension && is_file(it->path())) found.push_back(it->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string missing_from(const fs::path& folder) {
  if (!is_file(folder / "config.json")) return "config.json";
  const auto weights = files_of(folder, ".safetensors");
  if (weights.empty()) return "*.safetensors";
  const std::size_t shards = shards_named_by(weights.front());
  if (weights.size() < shards) return fmt::format("{} of {} shards", shards - weights.size(), shards);
  return "";
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

fs::path hub_folder(const std::string& id, const fs::path& hub_cache) {
  return hub_cache / fmt::format("models--{}--{}", id.substr(0, id.find('/')), id.substr(id.find('/') + 1));
}

std::optional<fs::path> hub_snapshot(const std::string& id, const fs::path& hub_cache) {
  const fs::path folder = hub_folder(id, hub_cache);
  std::ifstream in(folder / "refs" / "main");
  std::string commit;
  // The name comes out of a file: it must stay inside snapshots/.
  if (in >> std::setw(128) >> commit && commit.front() != '.' && commit.find('/') == std::string::npos) {
    const fs::path snapshot = folder / "snapshots" / commit;
    if (is_folder(snapshot)) return snapshot;
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

}  // namespace chorus::model
