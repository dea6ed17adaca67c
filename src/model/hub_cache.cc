#include "model/hub_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "data/hub/cache.h"

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

std::optional<fs::path> hub_snapshot(const std::string& id, const fs::path& hub_cache) {
  return data::find_snapshot({data::RepoKind::model, id}, hub_cache);
}

}  // namespace chorus::model
