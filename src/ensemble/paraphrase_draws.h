// The phrasings of one question as they are drawn: which draws stand, which must be replaced, and why.
//
//   PhrasingDraws draws({"who wrote hamlet?"}, 5, 10);
//   for (const auto& next = draws.open(); !next.empty();) draws.take(texts_of(next));
//   keep(draws.phrasings(), draws.counts());
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chorus::ensemble {

/// A phrasing as two of them are compared: its words, lower-cased, without punctuation. Empty where it has no word.
std::string phrasing_key(std::string_view phrasing);

struct DrawCounts {
  int drawn = 0;
  int duplicates = 0;  // of the question, of phrasings it had, or of one drawn before
  int empties = 0;     // without a word
  int cut_off = 0;     // no end before the limit of tokens
};

class PhrasingDraws {
 public:
  /// What a model wrote for one draw.
  struct Text {
    std::string text;
    bool cut_off = false;
  };

  /// `wanted` phrasings beside those `given`, each drawn up to `most` times.
  PhrasingDraws(std::span<const std::string> given, int wanted, int most);

  /// The phrasings (from 0) still to be drawn, in order: once more each. Empty: done.
  std::vector<int> open() const;
  /// How often each of them was drawn.
  int round() const { return round_; }
  /// One text for each of open(), in its order; of two that are the same the first stands.
  void take(std::span<const Text> texts);

  /// Those that stand, in the order of their numbers.
  std::vector<std::string> phrasings() const;
  const DrawCounts& counts() const { return counts_; }

 private:
  std::vector<std::optional<std::string>> drawn_;
  std::set<std::string> taken_;  // keys
  int most_, round_ = 0;
  DrawCounts counts_;
};

}  // namespace chorus::ensemble
