// Where the rows of a data set lie on disk: one file, a folder of the Hugging Face hub, a data set saved to disk.
//
//   const Splits splits = splits_of("web_questions", {});   // {"test": {".../test-00000-of-00001.parquet"}, ...}
//   for (const fs::path& file : the_split(splits, "", "web_questions").files) read_records(file, guard);
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace chorus::data {

/// The files of each split, in reading order. A split without a name is "".
using Splits = std::map<std::string, std::vector<std::filesystem::path>>;

/// Looks, in this order, for
///   dataset_dict.json              DatasetDict.save_to_disk(): one folder a split
///   state.json                     Dataset.save_to_disk(): the files it lists, one split without a name
///   NAME.EXT, NAME-00000-of-00002.EXT, there or in data/
///                                  the split NAME; a name of digits alone is a split without a name
///   NAME/*.EXT                     the split NAME
/// of files with one of `kinds` (".parquet", ...; empty: all that are read). A path to a file is one split without a
/// name. Empty when there is nothing. Error(data) where there is no such path, or for a saved data set that lacks a file or is
/// to be read through an index (Dataset.flatten_indices() writes it out).
Splits splits_of(const std::filesystem::path& data, const std::set<std::string>& kinds = {});

struct Split {
  std::string name;
  std::vector<std::filesystem::path> files;
};

/// The split of this name; for "" the only one, or `test`. Error(data) naming those there are.
Split the_split(const Splits& splits, const std::string& name, const std::filesystem::path& data);

}  // namespace chorus::data
