// Hugging Face models on disk: whether a folder is all there. How the hub's cache is laid out: data/hub/cache.h.
//
//   if (const auto folder = hub_snapshot("Qwen/Qwen3-8B", cache); folder && missing_from(*folder).empty())
//     load(*folder);
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chorus::model {

/// These never throw: what cannot be read is not there.
bool is_file(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);
std::uint64_t file_bytes(const std::filesystem::path& path);

/// Files of one extension (".gguf") right inside a folder, links followed, sorted by name.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder, std::string_view extension);

/// What a model folder lacks, in words: "config.json", "*.safetensors", "1 of 4 shards"; empty if nothing.
std::string missing_from(const std::filesystem::path& folder);

/// The id's snapshot in the hub cache: data::find_snapshot. `id` is one that data::is_hub_id takes.
std::optional<std::filesystem::path> hub_snapshot(const std::string& id,
                                                  const std::filesystem::path& hub_cache);

}  // namespace chorus::model
