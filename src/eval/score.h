// Is a prediction right? The published headline rule: the words of an accepted answer stand, as one
// contiguous run, among the words of the prediction.
//
//   if (is_match("It is Paris, France.", sample.answers)) ++right;
//   fmt::print("accuracy {:.3f} ({})\n", a.value, kMatchRule);
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eval/accuracy.h"

namespace chorus::eval {

/// Every number is printed with the rule it was counted by; this is the name of ours.
inline constexpr std::string_view kMatchRule = "gold-in-prediction, normalised words";

/// The accepted answers of one question, split into words once, for questions with many predictions.
class AnswerKey {
 public:
  explicit AnswerKey(std::span<const std::string> answers);

  /// True if any answer's words (text::words) are a contiguous run of the prediction's. An empty prediction
  /// is wrong, and an answer without a word matches nothing.
  bool matches(std::string_view prediction) const;

 private:
  std::vector<std::vector<std::string>> answers_;
};

/// AnswerKey(answers).matches(prediction).
bool is_match(std::string_view prediction, std::span<const std::string> answers);

/// One prediction per question, in the same order. Throws Error(data) if the numbers differ.
Tally score(std::span<const std::string> predictions, std::span<const std::vector<std::string>> answers);

}  // namespace chorus::eval
