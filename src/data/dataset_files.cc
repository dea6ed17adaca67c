#include "data/dataset_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "data/durable_file.h"
#include "data/json.h"

namespace chorus::data {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void bad_folder(const fs::path& place, const std::string& problem) {
  throw Error(ErrorKind::data, place.string() + " " + problem, "a data set as its library saved it",
              "save or download it again");
}

bool is_data_file(const fs::path& file, const std::set<std::string>& kinds) {
  static const std::set<std::string> all{".json", ".jsonl", ".parquet", ".feather", ".arrow", ".csv", ".tsv"};
  static const std::set<std::string> descriptions{"dataset_dict", "dataset_info", "dataset_infos", "state"};
  return (kinds.empty() ? all : kinds).contains(file.extension().string()) &&
         !descriptions.contains(file.stem().string()) && fs::is_regular_file(file);
}

// Sorted by name, so that parts come in their order.
std::vector<fs::path> data_files(const fs::path& folder, const std::set<std::string>& kinds) {
  std::vector<fs::path> files;
  if (!fs::is_directory(folder)) return files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (is_data_file(entry.path(), kinds)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// "test-00000-of-00002" -> "test", "validation" as it is, "0000" -> "".
std::string split_name(std::string stem) {
  const auto cut_number = [&stem] {
    const std::size_t end = stem.find_last_not_of("0123456789");
    const std::size_t keep = end == std::string::npos ? 0 : end + 1;
    const bool is_cut = keep < stem.size() && (keep == 0 || stem[end] == '-' || stem[end] == '_');
    if (is_cut) stem.resize(keep == 0 ? 0 : end);
    return is_cut;
  };
  if (cut_number() && stem.ends_with("-of")) {
    stem.resize(stem.size() - 3);
    cut_number();
  }
  return stem;
}

Json description(const fs::path& file) {
  Json json = Json::parse(read_file(file), nullptr, false);
  if (!json.is_object()) bad_folder(file, "is no JSON object");
  return json;
}

std::vector<fs::path> saved_files(const fs::path& folder) {
  const fs::path state = folder / "state.json";
  const Json json = description(state);
  if (const auto indices = json.find("_indices_data_files"); indices != json.end() && !indices->empty())
    throw Error(ErrorKind::data, state.string() + " reads its rows through an index",
                "rows in the order of the files", "save it again after Dataset.flatten_indices()");
  std::vector<fs::path> files;
  for (const Json& entry : json.value("_data_files", Json::array())) {
    const bool named = entry.is_object() && entry.contains("filename") && entry.at("filename").is_string();
    if (!named) bad_folder(state, "has a data file without a name");
    files.push_back(folder / entry.at("filename").get<std::string>());
    if (!fs::is_regular_file(files.back())) bad_folder(files.back(), "is not there, and state.json lists it");
  }
  if (files.empty()) bad_folder(state, "lists no data file");
  return files;
}

Splits saved_splits(const fs::path& folder) {
  const fs::path file = folder / "dataset_dict.json";
  Splits splits;
  for (const Json& name : description(file).value("splits", Json::array())) {
    if (!name.is_string()) bad_folder(file, "has a split without a name");
    splits[name.get<std::string>()] = saved_files(folder / name.get<std::string>());
  }
  if (splits.empty()) bad_folder(file, "lists no split");
  return splits;
}

}  // namespace

Splits splits_of(const fs::path& data, const std::set<std::string>& kinds) {
  if (!fs::exists(data))
    throw Error(ErrorKind::data, "there is no " + data.string(), "an existing file or folder",
                "check --data");
  if (!fs::is_directory(data)) return {{"", {data}}};
  if (fs::exists(data / "dataset_dict.json")) return saved_splits(data);
  if (fs::exists(data / "state.json")) return {{"", saved_files(data)}};
  Splits splits;
  for (const fs::path& place : {data, data / "data"}) {
    for (const fs::path& file : data_files(place, kinds))
      splits[split_name(file.stem().string())].push_back(file);
    if (!splits.empty()) return splits;
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(data))
    if (auto files = data_files(entry.path(), kinds); !files.empty())
      splits[entry.path().filename().string()] = std::move(files);
  return splits;
}

Split the_split(const Splits& splits, const std::string& name, const fs::path& data) {
  std::string names;
  for (const auto& [split, files] : splits)
    names += (names.empty() ? "" : ", ") + (split.empty() ? "one without a name" : split);
  const auto found = !name.empty()        ? splits.find(name)
                     : splits.size() == 1 ? splits.begin()
                                          : splits.find("test");
  if (found != splits.end()) return {found->first, found->second};
  if (splits.empty())
    throw Error(ErrorKind::data, data.string() + " has no data files",
                "a file, or a folder of the data set's files", "check --data");
  throw Error(ErrorKind::data, fmt::format("{} has the splits {}", data.string(), names),
              name.empty() ? "one split, or one called test" : fmt::format("a split '{}'", name),
              "choose one of them with --split, or name its file with --data");
}

}  // namespace chorus::data
