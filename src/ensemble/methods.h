// The classic output-level ensembles: how the logits of N paraphrases become one token.
//
//   engine::Request request{.prompts = prompts, .next = next_token(method_from("avg"))};
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/next_token.h"

namespace chorus::ensemble {

enum class Method { origin, per_prompt, avg, max, flex };

std::string_view name(Method method);
/// Throws Error(usage) that lists the methods. Hyphens and underscores are the same; flex_attention is flex.
Method method_from(std::string_view text);
std::vector<Method> all_methods();

/// argmax of mean_p L_p; logprob under the softmax of that mean.
class Average final : public engine::NextToken {
 public:
  std::span<const float> scores(std::span<const std::span<const float>> logits,
                                std::vector<float>& scratch) const override;
};

/// argmax_v of max_p softmax(L_p)(v); logprob of that maximum renormalised; margin in probability.
class Maximum final : public engine::NextToken {
 public:
  std::span<const float> scores(std::span<const std::span<const float>> logits,
                                std::vector<float>& scratch) const override;
  bool probabilities() const override { return true; }
};

/// What a method does with the logits of its group.
std::shared_ptr<const engine::NextToken> next_token(Method method);

}  // namespace chorus::ensemble
