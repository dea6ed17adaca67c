// Of the output-level ensembles how the logits of N paraphrases become one token. The methods by name: data/method.h.
//
//   engine::Request request{.prompts = prompts, .next = next_token(method_from("avg"))};
#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "data/method.h"
#include "engine/next_token.h"

namespace chorus::ensemble {

using data::answers_apart;
using data::is_flex;
using data::is_weighted;
using data::Method;
using data::method_from;
using data::name;

/// argmax of mean_p L_p; logprob under the softmax of that mean.
class Average final : public engine::NextToken {
 public:
  std::span<const float> scores(std::span<const std::span<const float>> logits,
                                std::vector<float>& scratch) const override;
};

/// argmax of sum_p w_p L_p; logprob under the softmax of that sum. One weight for each sequence of the group.
class WeightedAverage final : public engine::NextToken {
 public:
  explicit WeightedAverage(std::vector<float> weights) : weights_(std::move(weights)) {}
  std::span<const float> scores(std::span<const std::span<const float>> logits,
                                std::vector<float>& scratch) const override;

 private:
  std::vector<float> weights_;
};

/// argmax_v of max_p softmax(L_p)(v); logprob of that maximum renormalised; margin in probability.
class Maximum final : public engine::NextToken {
 public:
  std::span<const float> scores(std::span<const std::span<const float>> logits,
                                std::vector<float>& scratch) const override;
  bool probabilities() const override { return true; }
  /// In logarithms, so that it is finite however small the probability.
  double logprob(std::span<const std::span<const float>> logits, std::span<const float> scores,
                 text::TokenId token) const override;
};

/// What a method does with the logits of its group. `weights`: those of weighted_avg, one for each sequence.
std::shared_ptr<const engine::NextToken> next_token(Method method, std::vector<float> weights = {});

}  // namespace chorus::ensemble
