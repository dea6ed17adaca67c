#include "engine/next_token.h"

#include <fmt/format.h>

#include <cmath>

#include "core/error.h"
#include "core/vector_math.h"

namespace chorus::engine {
namespace {

// Every row is looked at before any is combined: the maximum of an exponential and of NaN would be a number again.
void check_finite(std::span<const std::span<const float>> logits) {
  for (std::size_t p = 0; p < logits.size(); ++p)
    if (!core::all_finite(logits[p]))
      throw Error(ErrorKind::model, fmt::format("logits of sequence {} that are NaN or infinite", p),
                  "logits that are finite numbers", "check the model's weights");
}

}  // namespace

text::TokenId NextToken::pick(std::span<const float> scores, std::size_t) const {
  return static_cast<text::TokenId>(core::top_two(scores).index);
}

double NextToken::logprob(std::span<const std::span<const float>>, std::span<const float> scores,
                          text::TokenId token) const {
  const auto score = static_cast<double>(scores[static_cast<std::size_t>(token)]);
  return probabilities() ? std::log(score) - std::log(core::sum(scores)) : score - core::log_sum_exp(scores);
}

Choice NextToken::choose(std::span<const std::span<const float>> logits, std::size_t step) const {
  check_finite(logits);
  std::vector<float> scratch;
  const std::span<const float> values = scores(logits, scratch);
  return counted(logits, values, pick(values, step));
}

Choice NextToken::take(std::span<const std::span<const float>> logits, text::TokenId token) const {
  check_finite(logits);
  std::vector<float> scratch;
  return counted(logits, scores(logits, scratch), token);
}

Choice NextToken::counted(std::span<const std::span<const float>> logits, std::span<const float> scores,
                          text::TokenId token) const {
  const double log_probability = logprob(logits, scores, token);
  if (!std::isfinite(log_probability))
    throw Error(ErrorKind::model, fmt::format("a next token of log-probability {}", log_probability),
                "logits that are finite numbers", "check the model's weights");
  const core::TopTwo top = core::top_two(scores);
  return {.token = token,
          .logprob = log_probability,
          .margin = static_cast<double>(top.value) - static_cast<double>(top.second)};
}

std::span<const float> Greedy::scores(std::span<const std::span<const float>> logits,
                                      std::vector<float>&) const {
  return logits.front();
}

}  // namespace chorus::engine
