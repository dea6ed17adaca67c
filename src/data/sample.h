// One question of a data set: its phrasings, every accepted answer, and the columns that travel with it.
//
//   Sample s{.uuid = "q1", .paraphrases = {"capital of France?"}, .answers = {"Paris"}};
//   s.extra.emplace_back("kind", "capital");
//   const std::string& question = s.paraphrases.front();
#pragma once

#include <cstddef>
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
  std::size_t num_auto = 0;                   // phrasings that a program made, not people: the last ones
  // Places of the phrasings in the data set's list where some were chosen; empty: all of them, 0, 1, ...
  std::vector<std::size_t> places = {};
  // (column, value): relation, answer_in_subject, ...
  std::vector<std::pair<std::string, std::string>> extra = {};

  /// Of phrasing p, in the data set's list.
  std::size_t place_of(std::size_t p) const { return places.empty() ? p : places[p]; }
};

}  // namespace chorus::data
