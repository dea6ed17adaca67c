// MyriadLAMA against what pandas, random.Random and the datasets library make of the same rows.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "core/error.h"
#include "data/dataset_expectation.h"
#include "data/input_folder.h"

namespace chorus::data {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

const fs::path kHub = fs::path(CHORUS_SOURCE_DIR) / "tests" / "data" / "data" / "myriadlama";

std::string error_of(const DatasetOptions& options) {
  try {
    load_dataset(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data) << error.what();
    return error.got();
  }
  return "no error";
}

/// One row a template, as JSON: {"uuid": "u", ...} and what `more` puts in place.
std::string row(nlohmann::json more = nlohmann::json::object()) {
  nlohmann::json json{{"uuid", "u"},           {"sub_ent", "Peru"}, {"obj_aliases", {"Lima"}},
                      {"template", "[X] [Y]"}, {"is_manual", true}, {"rel_uri", "P36"}};
  json.update(more);
  return json.dump() + "\n";
}

TEST(MyriadLama, TheHubsParquetEqualsTheReference) {
  const Dataset set = load_dataset({.dataset = "myriadlama", .data = kHub});
  expect_equal(set, expected_set("myriadlama.json", "small"));
  EXPECT_EQ(set.notes, (Strings{"of 40 items 35 are asked (2000 of the whole set)"}));
  EXPECT_EQ(set.files.size(), 1U);
  for (const Sample& sample : set.samples) EXPECT_EQ(sample.num_auto + 5, sample.paraphrases.size());
  const Dataset file =
      load_dataset({.dataset = "myriadlama", .data = kHub / "data" / "train-00000-of-00001.parquet"});
  EXPECT_EQ(file.digest, set.digest);
}

TEST(MyriadLama, OfTheWholeSet2000AreAskedAndTheOthersGiveExamples) {
  const InputFolder folder;
  std::string lines;
  for (int t = 0; t < 5 + 40; ++t)
    for (int i = 0; i < 2345; ++i)
      if (t < 5 || t - 5 < i % 40)
        lines += fmt::format(
            R"({{"uuid":"{}","rel_uri":"P{}","sub_ent":"s{}","obj_aliases":["a{}"],"template":"[X] {}{} [Y]","is_manual":{}}})"
            "\n",
            md5_hex(std::to_string(i)), i % 7, i, i, t < 5 ? "m" : "t", t < 5 ? t : t - 5, t < 5 ? 1 : 0);
  const Dataset set = load_dataset(
      {.dataset = "myriadlama", .data = folder.write("rows.jsonl", lines), .num_paraphrases = 5});
  expect_equal(set, expected_set("myriadlama.json", "whole"));
  EXPECT_TRUE(set.notes.empty());
}

TEST(MyriadLama, RowsAsTheScriptsSavedThem) {
  const InputFolder folder;
  const std::string item =
      R"({"uuid":"u1","rel":"P36","answers":["Lima"],"manual_paraphrases":["a","b"],"auto_paraphrases":["c"]})"
      "\n";
  folder.write("test.jsonl", item);
  folder.write("train.jsonl", R"({"uuid":"u2","rel":"P36","answers":["Rome"],"manual_paraphrases":["d"]})"
                              "\n");
  DatasetOptions options{
      .dataset = "myriadlama", .data = folder.path(), .num_few_shot = 1, .num_paraphrases = 1};
  const Dataset set = load_dataset(options);
  ASSERT_EQ(set.samples.size(), 1U);
  EXPECT_EQ(set.samples[0].paraphrases, (Strings{"a", "b", "c"}));
  EXPECT_EQ(set.samples[0].num_auto, 1U);
  EXPECT_EQ(set.examples.front().question, "d");
  options.num_few_shot = 2;
  EXPECT_EQ(error_of(options), "the training split of MyriadLAMA has 1 items");
  folder.write("test.jsonl", item + item);
  EXPECT_TRUE(error_of(options).ends_with("test.jsonl line 2 has the id 'u1' of an earlier row"));
}

TEST(MyriadLama, ASubjectIsPutInOnceAndAsItStands) {
  const InputFolder folder;
  const fs::path file =
      folder.write("rows.jsonl", row({{"sub_ent", "[Y] [X]"}, {"template", "[X], [X]: [Y]"}}));
  const Dataset set =
      load_dataset({.dataset = "myriadlama", .data = file, .num_few_shot = 0, .num_paraphrases = 1});
  EXPECT_EQ(set.samples[0].paraphrases, (Strings{"[Y] [X], [Y] [X]: [MASK]"}));
}

TEST(MyriadLama, OddItemsAreCounted) {
  const InputFolder folder;
  const fs::path file =
      folder.write("rows.jsonl", row() + row({{"sub_ent", "Chad"}}) +
                                     row({{"obj_aliases", {"Cusco"}}, {"is_manual", "False"}}));
  const Dataset set =
      load_dataset({.dataset = "myriadlama", .data = file, .num_few_shot = 0, .num_paraphrases = 1});
  EXPECT_EQ(set.samples[0].answers, (Strings{"Lima"}));
  EXPECT_EQ(set.notes,
            (Strings{"1 items have fewer than 5 manual phrasings",
                     "1 rows have another subject than the first of their item",
                     "1 rows have other answers than the first of their item; the first row's count",
                     "of 1 items 1 are asked (2000 of the whole set)"}));
}

TEST(MyriadLama, BadRowsNameTheirLineOrAreSkipped) {
  const InputFolder folder;
  const auto line_2 = [&](const nlohmann::json& more) {
    const fs::path file = folder.write("rows.jsonl", row() + row(more));
    DatasetOptions options{.dataset = "myriadlama", .data = file, .num_few_shot = 0, .num_paraphrases = 1};
    const std::string got = error_of(options);
    options.skip_bad_rows = true;
    EXPECT_EQ(load_dataset(options).samples.front().paraphrases.size(), 1U) << got;
    EXPECT_TRUE(got.starts_with(file.string() + " line 2 ")) << got;
    return got.substr(std::min(got.size(), file.string().size() + 8));
  };
  EXPECT_EQ(line_2({{"uuid", nullptr}}), "has no 'uuid'");
  EXPECT_EQ(line_2({{"sub_ent", " "}}), "has an empty 'sub_ent'");
  EXPECT_EQ(line_2({{"template", "[X] alone"}}), "has the template '[X] alone'");
  EXPECT_EQ(line_2({{"obj_aliases", "Lima"}}), "has the text \"Lima\" in 'obj_aliases'");
  EXPECT_EQ(line_2({{"is_manual", nullptr}}), "has no 'is_manual'");
  EXPECT_EQ(line_2({{"is_manual", "maybe"}}), "has maybe in 'is_manual'");
}

}  // namespace
}  // namespace chorus::data
