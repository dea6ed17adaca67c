// Whole data sets against what a Python script of its own made of the same raw files
// (tests/data/data/datasets.json).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "core/error.h"
#include "data/dataset.h"
#include "data/dataset_expectation.h"

namespace chorus::data {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

fs::path raw_data() {
  const char* set = std::getenv("CHORUS_DATA");
  return set != nullptr ? fs::path(set) : fs::path(CHORUS_SOURCE_DIR) / ".." / "shared" / "data";
}

#define NEED_RAW_DATA(part) \
  if (!fs::exists(raw_data() / (part))) GTEST_SKIP() << "no raw data: " << (raw_data() / (part)).string()

json expected(const std::string& name) {
  return expected_set("datasets.json", name);
}

DatasetOptions ten_relations() {
  return {.dataset = "pararel",
          .data = raw_data() / "pararel",
          .relations = {"P36", "P19", "P20", "P37", "P106", "P101", "P176", "P495", "P740", "P27"}};
}

std::string error_of(const DatasetOptions& options) {
  try {
    load_dataset(options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(WebQuestions, EqualsTheReference) {
  NEED_RAW_DATA("webquestions");
  const Dataset set = load_dataset({.dataset = "webqa", .data = raw_data() / "webquestions"});
  expect_equal(set, expected("webqa"));
  EXPECT_EQ(set.files.size(), 4U);
  ASSERT_EQ(set.notes.size(), 1U);
  EXPECT_EQ(set.notes[0], "2032 of 2032 samples have fewer than 5 phrasings (the fewest: 1)");
}

TEST(WebQuestions, TheTestFileAloneFindsItsTrainingSplitBesideIt) {
  NEED_RAW_DATA("webquestions");
  const Dataset set = load_dataset({.dataset = "webqa", .data = raw_data() / "webquestions" / "test.json"});
  expect_equal(set, expected("webqa"));
}

TEST(ParaRel, EqualsTheReferenceWithMask) {
  NEED_RAW_DATA("pararel");
  expect_equal(load_dataset(ten_relations()), expected("pararel_mask"));
}

TEST(ParaRel, EqualsTheReferenceWithTheTextLeftOfTheObject) {
  NEED_RAW_DATA("pararel");
  DatasetOptions options = ten_relations();
  options.cloze = "left";
  expect_equal(load_dataset(options), expected("pararel_left"));
}

TEST(ParaRel, WithoutWorkedExamplesEveryItemIsAsked) {
  NEED_RAW_DATA("pararel");
  const Dataset set = load_dataset({.dataset = "pararel",
                                    .data = raw_data() / "pararel",
                                    .relations = {"P1303", "P30"},
                                    .num_few_shot = 0});
  expect_equal(set, expected("pararel_p1303_p30"));
}

TEST(ParaRel, MaxSamplesIsAPrefix) {
  NEED_RAW_DATA("pararel");
  const Dataset all = load_dataset(ten_relations());
  DatasetOptions options = ten_relations();
  options.max_samples = 500;
  const Dataset part = load_dataset(options);
  ASSERT_EQ(part.samples.size(), 500U);
  for (std::size_t i = 0; i < 500; ++i) EXPECT_EQ(part.samples[i].uuid, all.samples[i].uuid);
  std::set<std::string> relations;
  for (const Sample& sample : part.samples) relations.insert(sample.extra.front().second);
  EXPECT_EQ(relations.size(), 10U);
  EXPECT_EQ(part.examples.front().question, all.examples.front().question);
}

TEST(ParaRel, EveryRelationWithFactsAndPatterns) {
  NEED_RAW_DATA("pararel");
  const Dataset set = load_dataset({.dataset = "pararel", .data = raw_data() / "pararel"});
  std::set<std::string> relations;
  std::map<std::string, std::size_t> phrasings;
  for (const Sample& sample : set.samples) phrasings[sample.extra.front().second] = sample.paraphrases.size();
  std::size_t five = 0, eight = 0;
  for (const auto& [relation, n] : phrasings) {
    five += n >= 5 ? 1U : 0U;
    eight += n >= 8 ? 1U : 0U;
  }
  EXPECT_EQ(phrasings.size(), 39U);
  EXPECT_EQ(five, 26U);
  EXPECT_EQ(eight, 20U);
  EXPECT_EQ(set.samples.front().extra.front().second, "P17") << "relations by number";
}

TEST(ParaRel, NamesUnknownRelationsAndThoseWithoutPatterns) {
  NEED_RAW_DATA("pararel");
  DatasetOptions options{.dataset = "pararel", .data = raw_data() / "pararel", .relations = {"P36", "P9999"}};
  EXPECT_NE(error_of(options).find("unknown relation 'P9999'; expected one of P17, P19, P20, P27"),
            std::string::npos)
      << error_of(options);
  for (const char* relation : {"P31", "P527"}) {
    options.relations = {relation};
    EXPECT_NE(error_of(options).find("has facts and no patterns"), std::string::npos) << error_of(options);
  }
  options.relations = {"P36", "P36"};
  EXPECT_NE(error_of(options).find("listed twice"), std::string::npos) << error_of(options);
}

// The golden prompts on the real model were made from the same relations by another program.
TEST(ParaRel, ContainsThePhrasingsOfTheGoldenPrompts) {
  const fs::path golden = raw_data() / ".." / "golden" / "smollm2" / "layouts.json";
  NEED_RAW_DATA("pararel");
  NEED_RAW_DATA(golden);
  std::ifstream in(golden);
  const json prompts = json::parse(in);
  for (const json& test : prompts["cases"]) {
    const Dataset set = load_dataset({.dataset = "pararel",
                                      .data = raw_data() / "pararel",
                                      .relations = {test["relation"].get<std::string>()},
                                      .num_few_shot = 0});
    const auto asks = [](const Sample& sample, const std::string& phrasing) {
      return std::count(sample.paraphrases.begin(), sample.paraphrases.end(), phrasing) == 1;
    };
    const auto found = std::find_if(set.samples.begin(), set.samples.end(), [&](const Sample& sample) {
      return asks(sample, test["phrasings"][0].get<std::string>());
    });
    ASSERT_NE(found, set.samples.end()) << test["subject"];
    for (const json& phrasing : test["phrasings"])
      EXPECT_TRUE(asks(*found, phrasing.get<std::string>())) << phrasing;
    EXPECT_EQ(std::count(found->answers.begin(), found->answers.end(), test["object"].get<std::string>()), 1);
  }
}

}  // namespace
}  // namespace chorus::data
