// One question of a data set: its phrasings, every accepted answer, and the columns that travel with it.
//
//   Sample s{.uuid = "q1", .paraphrases = {"capital of France?"}, .answers = {"Paris"}};
//   s.extra.emplace_back("kind", "capital");
//   const std::string& question = s.paraphrases.front();
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace chorus::data {

/// As load_dataset() gives it: uuid unique in its set, at least one phrasing and one answer, none of them
/// empty, all valid UTF-8; every sample of a set has the same extra columns in the same order.
struct Sample {
  std::string uuid = {};
  std::vector<std::string> paraphrases = {};  // paraphrase 0 is the original question
  std::vector<std::string> answers = {};      // accepted alike; the first one stands in a worked example
  // (column, value): relation, answer_in_subject, ...
  std::vector<std::pair<std::string, std::string>> extra = {};
};

}  // namespace chorus::data
