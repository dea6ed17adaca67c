// The rules by which a prediction counts as right, each under its name: every number is printed with its rule.
//
//   const MatchRule rule = match_rule_from("bidirectional");
//   fmt::print("accuracy {:.3f} ({})\n", a.value, described(rule));
#pragma once

#include <string>
#include <string_view>

namespace chorus::eval {

enum class MatchRule {
  gold_in_prediction,  // the answer's lemmas are a contiguous run of the prediction's: the published headline rule
  bidirectional,       // that, or the prediction's lemmas a run of the answer's
  exact,               // the same text but for white space at its ends
  normalized_exact,  // the same after SQuAD's normalisation: lower case, without punctuation and articles
  f1                 // SQuAD's F1 over normalised words, a number from 0 to 1
};

/// "gold-in-prediction", "bidirectional", "exact", "normalized-exact", "f1".
std::string_view name(MatchRule rule);
/// Throws Error(usage) naming the rules there are.
MatchRule match_rule_from(std::string_view text);
/// With what is compared: "gold-in-prediction, lemmas".
std::string described(MatchRule rule);
/// Whether a question is right or wrong under the rule; f1 has degrees.
bool is_binary(MatchRule rule);
bool uses_lemmas(MatchRule rule);

}  // namespace chorus::eval
