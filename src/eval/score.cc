#include "eval/score.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "core/error.h"
#include "core/white_space.h"
#include "text/lemmas.h"
#include "text/match.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace chorus::eval {
namespace {

using Words = std::vector<std::string>;

/// What the rule compares: an empty list for what can match nothing.
Words prepared(std::string_view text, MatchRule rule) {
  if (uses_lemmas(rule)) return text::lemmas(text);
  if (rule != MatchRule::exact) return normalized_words(text);
  std::string whole(core::trimmed(text));
  return whole.empty() ? Words{} : Words{std::move(whole)};
}

/// SQuAD's: the harmonic mean of the shares of common words in both.
double f1(const Words& prediction, const Words& answer) {
  std::map<std::string_view, int> left;
  for (const std::string& word : answer) ++left[word];
  int common = 0;
  for (const std::string& word : prediction)
    if (auto found = left.find(word); found != left.end() && found->second > 0) {
      --found->second;
      ++common;
    }
  if (common == 0) return 0;
  const double precision = static_cast<double>(common) / static_cast<double>(prediction.size());
  const double recall = static_cast<double>(common) / static_cast<double>(answer.size());
  return 2 * precision * recall / (precision + recall);
}

double score_of(const Words& prediction, const Words& answer, MatchRule rule) {
  switch (rule) {
    case MatchRule::gold_in_prediction:
      return text::contains_run(answer, prediction) ? 1 : 0;
    case MatchRule::bidirectional:
      return text::contains_run(answer, prediction) || text::contains_run(prediction, answer) ? 1 : 0;
    case MatchRule::exact:
    case MatchRule::normalized_exact:
      return prediction == answer ? 1 : 0;
    case MatchRule::f1:
      return f1(prediction, answer);
  }
  return 0;
}

double best(const Words& prediction, const std::vector<Words>& answers, MatchRule rule) {
  double score = 0;
  if (prediction.empty()) return score;
  for (const Words& answer : answers) score = std::max(score, score_of(prediction, answer, rule));
  return score;
}

}  // namespace

std::vector<std::string> normalized_words(std::string_view text) {
  Words words(1);
  const std::string clean = text::lower(text::replace_bad_utf8(text));
  for (std::size_t at = 0; at < clean.size();) {
    const auto step = text::next_code_point(clean, at);
    if (text::is_white_space(step.code)) {
      if (!words.back().empty()) words.emplace_back();
    } else if (step.code >= 0x80 || std::ispunct(static_cast<int>(step.code)) == 0) {
      words.back() += clean.substr(at, step.bytes);
    }
    at += step.bytes;
  }
  std::erase_if(words, [](const std::string& word) {
    return word.empty() || word == "a" || word == "an" || word == "the";
  });
  return words;
}

AnswerKey::AnswerKey(std::span<const std::string> answers, MatchRule rule) : rule_(rule) {
  for (const std::string& answer : answers)
    if (Words words = prepared(answer, rule); !words.empty()) answers_.push_back(std::move(words));
}

AnswerKey AnswerKey::of_lemmas(std::vector<Lemmas> answers, MatchRule rule) {
  if (!uses_lemmas(rule)) {
    throw Error(ErrorKind::usage, fmt::format("--match {} on the lemmas of a file", name(rule)),
                "a rule that compares lemmas", "leave --lemmas file out");
  }
  AnswerKey key;
  key.rule_ = rule;
  std::erase_if(answers, [](const Lemmas& answer) { return answer.empty(); });
  key.answers_ = std::move(answers);
  return key;
}

double AnswerKey::score(std::string_view prediction) const {
  return best(prepared(prediction, rule_), answers_, rule_);
}

double AnswerKey::score(std::span<const std::string> prediction_lemmas) const {
  return best({prediction_lemmas.begin(), prediction_lemmas.end()}, answers_, rule_);
}

bool is_match(std::string_view prediction, std::span<const std::string> answers, MatchRule rule) {
  return AnswerKey(answers, rule).matches(prediction);
}

Tally score(std::span<const std::string> predictions, std::span<const std::vector<std::string>> answers) {
  if (predictions.size() != answers.size()) {
    throw Error(ErrorKind::data,
                fmt::format("{} predictions for {} questions", predictions.size(), answers.size()),
                "one prediction for each question", "score the rows of one finished run");
  }
  Tally tally;
  for (std::size_t i = 0; i < predictions.size(); ++i) tally.add(is_match(predictions[i], answers[i]));
  return tally;
}

}  // namespace chorus::eval
