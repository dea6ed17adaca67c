#include <fmt/format.h>
#include <simdjson.h>

#include <map>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/safetensors.h"

namespace chorus::core {
namespace {

namespace fs = std::filesystem;
namespace dom = simdjson::dom;

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

[[noreturn]] void fail(const fs::path& file, const std::string& got, std::string expected) {
  throw Error(ErrorKind::model, fmt::format("{}: {}", file.string(), got), std::move(expected),
              "get the model's files again");
}

/// Hugging Face writes bare names. Anything with a folder in it could reach outside the model's own.
bool is_plain_file_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == name.npos;
}

/// Tensors by shard, out of the index's weight_map.
std::map<std::string, std::vector<std::string>> read_index(const fs::path& path) {
  const MappedFile file(path);
  const auto bytes = file.bytes();
  const simdjson::padded_string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  dom::parser parser;
  dom::element root;
  if (const auto error = parser.parse(text).get(root))
    fail(path, fmt::format("not JSON ({})", simdjson::error_message(error)),
         "an index of safetensors shards");
  dom::object map;
  if (root["weight_map"].get(map) != simdjson::SUCCESS)
    fail(path, "no weight_map", "an object of tensor and shard names");
  std::map<std::string, std::vector<std::string>> shards;
  std::set<std::string_view> names;
  for (const auto& [name, value] : map) {
    std::string_view shard;
    if (value.get(shard) != simdjson::SUCCESS || !is_plain_file_name(shard))
      fail(path, fmt::format("weight_map gives no plain file name for tensor {}", quote_name(name)),
           "a file in the same folder");
    if (!names.insert(name).second)
      fail(path, fmt::format("tensor {} occurs twice", quote_name(name)), "each name once");
    shards[std::string(shard)].emplace_back(name);
  }
  if (shards.empty()) fail(path, "weight_map is empty", "at least one tensor");
  return shards;
}

}  // namespace

SafeTensorsFolder::SafeTensorsFolder(const fs::path& folder) : name_(folder.string()) {
  std::error_code ignored;
  if (fs::exists(folder / kSingle, ignored)) {
    files_.emplace_back(folder / kSingle);
    for (const TensorInfo& tensor : files_.back().tensors()) tensors_.add(tensor);
    return;
  }
  if (!fs::exists(folder / kIndex, ignored))
    throw Error(ErrorKind::model, fmt::format("{} holds no weights", folder.string()),
                fmt::format("{} or {}", kSingle, kIndex), "check the folder, or download the model again");
  for (const auto& [shard, names] : read_index(folder / kIndex)) {
    if (!fs::exists(folder / shard, ignored))
      fail(folder / kIndex, fmt::format("shard {} is not there", quote_name(shard)),
           "every shard in the folder");
    const SafeTensors& file = files_.emplace_back(folder / shard);
    for (const std::string& name : names) tensors_.add(file.tensor(name));
  }
}

}  // namespace chorus::core
