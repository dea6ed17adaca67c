// Is a prediction right? By the published headline rule: the lemmas of an accepted answer stand, as one contiguous run, among
// those of the prediction; or by another rule of eval/match_rule.h.
//
//   if (is_match("It is Paris, France.", sample.answers)) ++right;
//   const AnswerKey key(sample.answers, MatchRule::f1);   const double f1 = key.score("Paris");
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eval/accuracy.h"
#include "eval/match_rule.h"

namespace chorus::eval {

using Lemmas = std::vector<std::string>;

/// The accepted answers of one question, prepared once, for questions with many predictions.
class AnswerKey {
 public:
  explicit AnswerKey(std::span<const std::string> answers, MatchRule rule = MatchRule::gold_in_prediction);
  /// Answers whose lemmas somebody else made, such as the columns of a file. Only for rules that use lemmas, else Error(usage).
  static AnswerKey of_lemmas(std::vector<Lemmas> answers, MatchRule rule = MatchRule::gold_in_prediction);

  /// The best over the answers, from 0 (wrong) to 1 (right); between them only under f1. An empty prediction is wrong, and an
  /// answer without a word matches nothing.
  double score(std::string_view prediction) const;
  double score(std::span<const std::string> prediction_lemmas) const;
  bool matches(std::string_view prediction) const { return score(prediction) == 1.0; }

 private:
  AnswerKey() = default;

  MatchRule rule_ = MatchRule::gold_in_prediction;
  std::vector<std::vector<std::string>>
      answers_;  // lemmas, normalised words, or one text, as the rule has it
};

/// AnswerKey(answers, rule).matches(prediction).
bool is_match(std::string_view prediction, std::span<const std::string> answers,
              MatchRule rule = MatchRule::gold_in_prediction);

/// SQuAD's normalisation: lower case, ASCII punctuation removed, the articles a, an and the left out, cut at white space.
std::vector<std::string> normalized_words(std::string_view text);

/// One prediction per question, in the same order. Throws Error(data) if the numbers differ.
Tally score(std::span<const std::string> predictions, std::span<const std::vector<std::string>> answers);

}  // namespace chorus::eval
