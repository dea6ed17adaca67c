// A whole data set against what a Python script made of the same rows, kept as JSON by tests/data/make_*.py.
//
//   expect_equal(load_dataset(options), expected_set("myriadlama.json", "small"));
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "data/dataset.h"
#include "data/digest.h"

namespace chorus::data {

inline nlohmann::json expected_set(const std::string& file, const std::string& name) {
  std::ifstream in(std::string(CHORUS_SOURCE_DIR) + "/tests/data/data/" + file);
  return nlohmann::json::parse(in)[name];
}

inline std::string digest_of(const Dataset& set) {
  std::string text;
  for (const Sample& sample : set.samples) {
    if (!text.empty()) text += '\n';
    text += sample.uuid;
    for (const std::string& phrasing : sample.paraphrases) text += '\x1f' + phrasing;
    text += "\x1f\x1e";
    for (const std::string& answer : sample.answers) text += '\x1f' + answer;
    text += "\x1f\x1e";
    for (const auto& [column, value] : sample.extra) text += '\x1f' + column + "=" + value;
  }
  return sha256_hex(text);
}

inline void expect_equal(const Dataset& set, const nlohmann::json& reference) {
  using nlohmann::json;
  ASSERT_EQ(set.samples.size(), reference["count"].get<std::size_t>());
  for (std::size_t i = 0; i < reference["first"].size(); ++i) {
    const json& first = reference["first"][i];
    EXPECT_EQ(set.samples[i].uuid, first["uuid"]);
    EXPECT_EQ(json(set.samples[i].paraphrases), first["paraphrases"]);
    EXPECT_EQ(json(set.samples[i].answers), first["answers"]);
  }
  EXPECT_EQ(set.samples.back().uuid, reference["last"]);
  EXPECT_EQ(digest_of(set), reference["sha256"]);
  ASSERT_EQ(set.examples.size(), reference["examples"].size());
  for (std::size_t i = 0; i < set.examples.size(); ++i) {
    EXPECT_EQ(set.examples[i].question, reference["examples"][i]["question"]);
    EXPECT_EQ(set.examples[i].answer, reference["examples"][i]["answer"]);
    EXPECT_EQ(json(set.examples[i].paraphrases), reference["examples"][i]["paraphrases"]);
  }
  EXPECT_EQ(set.instruction, reference["instruction"]);
}

}  // namespace chorus::data
