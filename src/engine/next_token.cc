#include "engine/next_token.h"

#include <fmt/format.h>

#include <cmath>

#include "core/error.h"
#include "core/vector_math.h"

namespace chorus::engine {

Choice NextToken::choose(std::span<const std::span<const float>> logits) const {
  std::vector<float> scratch;
  const std::span<const float> values = scores(logits, scratch);
  const core::TopTwo top = core::top_two(values);
  const auto best = static_cast<double>(top.value);
  const double logprob =
      probabilities() ? std::log(best) - std::log(core::sum(values)) : best - core::log_sum_exp(values);
  if (!std::isfinite(logprob))
    throw Error(ErrorKind::model, fmt::format("a next token of log-probability {}", logprob),
                "logits that are finite numbers", "check the model's weights");
  return {.token = static_cast<text::TokenId>(top.index),
          .logprob = logprob,
          .margin = best - static_cast<double>(top.second)};
}

std::span<const float> Greedy::scores(std::span<const std::span<const float>> logits,
                                      std::vector<float>&) const {
  return logits.front();
}

}  // namespace chorus::engine
