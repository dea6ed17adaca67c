// Folders as the hub and the datasets library lay them out (saved_* by tests/data/make_myriadlama.py).
#include "data/dataset_files.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "data/dataset.h"
#include "data/digest.h"
#include "data/input_folder.h"
#include "tests/support/errors.h"

namespace chorus::data {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;
using test::expect_error;

const fs::path kKept = fs::path(CHORUS_SOURCE_DIR) / "tests" / "data" / "data";

/// {"test": "b,a"}: split names and the files' names.
std::map<std::string, std::string> names_of(const Splits& splits) {
  std::map<std::string, std::string> names;
  for (const auto& [name, files] : splits)
    for (const fs::path& file : files)
      names[name] += (names[name].empty() ? "" : ",") + file.filename().string();
  return names;
}
using Names = std::map<std::string, std::string>;

TEST(DatasetFiles, TheHubsNames) {
  const InputFolder folder;
  for (const char* name : {"data/test-00001-of-00002.parquet", "data/test-00000-of-00002.parquet",
                           "data/train-00000-of-00001.parquet", "README.md", "dataset_infos.json"})
    folder.write(name, "");
  EXPECT_EQ(names_of(splits_of(folder.path())),
            (Names{{"test", "test-00000-of-00002.parquet,test-00001-of-00002.parquet"},
                   {"train", "train-00000-of-00001.parquet"}}));
}

TEST(DatasetFiles, PartsAndFoldersOfSplits) {
  const InputFolder folder;
  folder.write("0001.parquet", "");
  folder.write("0000.parquet", "");
  EXPECT_EQ(names_of(splits_of(folder.path())), (Names{{"", "0000.parquet,0001.parquet"}}));
  EXPECT_TRUE(splits_of(folder.path(), {".csv"}).empty());
  folder.write("default/test/0000.parquet", "");
  folder.write("default/train/0000.parquet", "");
  EXPECT_EQ(names_of(splits_of(folder.path() / "default")),
            (Names{{"test", "0000.parquet"}, {"train", "0000.parquet"}}));
  folder.write("parts/my-part_2.csv", "");
  folder.write("parts/my-part_1.csv", "");
  EXPECT_EQ(names_of(splits_of(folder.path() / "parts")),
            (Names{{"my-part", "my-part_1.csv,my-part_2.csv"}}));
}

TEST(DatasetFiles, SavedByTheDatasetsLibrary) {
  EXPECT_EQ(names_of(splits_of(kKept / "saved_webqa")),
            (Names{{"test", "data-00000-of-00001.arrow"}, {"train", "data-00000-of-00001.arrow"}}));
  EXPECT_EQ(names_of(splits_of(kKept / "saved_own")), (Names{{"", "data-00000-of-00001.arrow"}}));
  const Dataset own = load_dataset({.dataset = "feather", .data = kKept / "saved_own", .num_few_shot = 0});
  ASSERT_EQ(own.samples.size(), 3U);
  EXPECT_EQ(own.samples[2].paraphrases, (Strings{"p2?", "r2?"}));
  EXPECT_EQ(own.samples[2].extra.front().second, "k");
  const Dataset web = load_dataset({.dataset = "webqa", .data = kKept / "saved_webqa", .num_paraphrases = 3});
  ASSERT_EQ(web.samples.size(), 2U);
  EXPECT_EQ(web.samples[0].uuid, md5_hex("who wrote it?"));
  EXPECT_EQ(web.samples[0].paraphrases, (Strings{"who wrote it?", "who wrote it? (1)", "who wrote it? (2)"}));
  EXPECT_EQ(web.samples[0].num_auto, 2U);
  EXPECT_EQ(web.samples[0].answers, (Strings{"A", "a"}));
  Strings answers;  // random.Random(42).sample(range(6), 5) of CPython
  for (const WorkedExample& example : web.examples) answers.push_back(example.answer);
  EXPECT_EQ(answers, (Strings{"x5", "x0", "x4", "x2", "x1"}));
}

TEST(DatasetFiles, ASplitIsChosen) {
  const Splits splits{{"dev", {"d"}}, {"test", {"t"}}}, without_test{{"a", {"x"}}, {"b", {"y"}}};
  EXPECT_EQ(the_split(splits, "", "f").name, "test");
  EXPECT_EQ(the_split(splits, "dev", "f").files.front(), "d");
  EXPECT_EQ(the_split({{"only", {"o"}}}, "", "f").name, "only");
  expect_error(ErrorKind::data, "f has the splits a, b", [&] { the_split(without_test, "", "f"); });
  expect_error(ErrorKind::data, "f has the splits dev, test", [&] { the_split(splits, "train", "f"); });
  expect_error(ErrorKind::data, "f has no data files", [] { the_split({}, "", "f"); });
}

TEST(DatasetFiles, FoldersThatAreNotWholeAreNamed) {
  const InputFolder folder;
  const auto expect = [&](const std::string& state, const char* part) {
    folder.write("state.json", state);
    expect_error(ErrorKind::data, part, [&] { splits_of(folder.path()); });
  };
  expect("{", "is no JSON object");
  expect(R"({"_data_files": []})", "lists no data file");
  expect(R"({"_data_files": [{"file": 1}]})", "has a data file without a name");
  expect(R"({"_data_files": [{"filename": "gone.arrow"}]})", "gone.arrow is not there");
  expect(R"({"_data_files": [], "_indices_data_files": [{"filename": "i"}]})", "through an index");
  folder.write("dataset_dict.json", R"({"splits": []})");
  expect_error(ErrorKind::data, "lists no split", [&] { splits_of(folder.path()); });
  expect_error(ErrorKind::data, "there is no", [&] { splits_of(folder.path() / "nowhere"); });
}

TEST(DatasetFiles, AFolderOfOnesOwnAsksItsTestSplit) {
  const InputFolder folder;
  const std::string row = R"({"id": "q", "paraphrases": ["p"], "answers": ["a"]})";
  folder.write("test.jsonl", row);
  folder.write("dev.jsonl", R"({"id": "d", "paraphrases": ["p"], "answers": ["a"]})");
  DatasetOptions options{.dataset = "jsonl", .data = folder.path(), .num_few_shot = 0, .num_paraphrases = 1};
  EXPECT_EQ(load_dataset(options).notes, (Strings{"of 2 splits 'test' is asked"}));
  options.split = "dev";
  EXPECT_EQ(load_dataset(options).samples.front().uuid, "d");
}

}  // namespace
}  // namespace chorus::data
