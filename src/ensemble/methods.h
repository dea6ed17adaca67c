// The methods, and of the output-level ensembles how the logits of N paraphrases become one token.
//
//   engine::Request request{.prompts = prompts, .next = next_token(method_from("avg"))};
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/next_token.h"

namespace chorus::ensemble {

enum class Method { origin, per_prompt, avg, max, weighted_avg, weighted_max, vote, flex, weighted_flex };

std::string_view name(Method method);
/// Throws Error(usage) that lists the methods. Hyphens and underscores are the same; flex_attention is flex.
Method method_from(std::string_view text);
std::vector<Method> all_methods();

/// One sequence in a layout: flex, weighted_flex.
bool is_flex(Method method);
/// Weighs phrasings by confidence: weighted_avg, weighted_max, weighted_flex.
bool is_weighted(Method method);
/// Answers every phrasing by itself: per_prompt, vote.
bool answers_apart(Method method);

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
