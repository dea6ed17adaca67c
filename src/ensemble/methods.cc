#include "ensemble/methods.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "core/vector_math.h"

namespace chorus::ensemble {

std::span<const float> Average::scores(std::span<const std::span<const float>> logits,
                                       std::vector<float>& scratch) const {
  scratch.assign(logits.front().begin(), logits.front().end());
  for (const auto& row : logits.subspan(1)) core::accumulate(row, scratch);
  for (float& v : scratch) v /= static_cast<float>(logits.size());
  return scratch;
}

std::span<const float> WeightedAverage::scores(std::span<const std::span<const float>> logits,
                                               std::vector<float>& scratch) const {
  assert(weights_.size() == logits.size());
  scratch.assign(logits.front().size(), 0.0F);
  for (std::size_t p = 0; p < logits.size(); ++p)
    for (std::size_t v = 0; v < scratch.size(); ++v) scratch[v] += weights_[p] * logits[p][v];
  return scratch;
}

std::span<const float> Maximum::scores(std::span<const std::span<const float>> logits,
                                       std::vector<float>& scratch) const {
  scratch.assign(logits.front().size(), 0.0F);
  for (const auto& row : logits) core::max_exp(row, static_cast<float>(core::log_sum_exp(row)), scratch);
  return scratch;
}

double Maximum::logprob(std::span<const std::span<const float>> logits, std::span<const float> scores,
                        text::TokenId token) const {
  double best = -std::numeric_limits<double>::infinity();
  for (const auto& row : logits)
    best = std::max(best, static_cast<double>(row[static_cast<std::size_t>(token)]) - core::log_sum_exp(row));
  return best - std::log(core::sum(scores));
}

std::shared_ptr<const engine::NextToken> next_token(Method method, std::vector<float> weights) {
  if (method == Method::weighted_avg) return std::make_shared<WeightedAverage>(std::move(weights));
  if (method == Method::avg) return std::make_shared<Average>();
  if (method == Method::max) return std::make_shared<Maximum>();
  return std::make_shared<engine::Greedy>();
}

}  // namespace chorus::ensemble
