#include "eval/score.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "text/match.h"
#include "text/normalize.h"

namespace chorus::eval {

AnswerKey::AnswerKey(std::span<const std::string> answers) {
  for (const std::string& answer : answers) {
    auto words = text::words(answer);
    if (!words.empty()) answers_.push_back(std::move(words));
  }
}

bool AnswerKey::matches(std::string_view prediction) const {
  const auto words = text::words(prediction);
  if (words.empty()) return false;
  return std::any_of(answers_.begin(), answers_.end(),
                     [&](const auto& answer) { return text::contains_run(answer, words); });
}

bool is_match(std::string_view prediction, std::span<const std::string> answers) {
  return AnswerKey(answers).matches(prediction);
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
