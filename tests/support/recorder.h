// Passes on everything of another NextToken and keeps the scores of its first call.
//
//   std::vector<float> first;
//   request.next = std::make_shared<test::Recorder>(request.next, first);   // `first` outlives the run
#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "engine/next_token.h"

namespace chorus::test {

class Recorder final : public engine::NextToken {
 public:
  Recorder(std::shared_ptr<const engine::NextToken> inner, std::vector<float>& first)
      : inner_(std::move(inner)), first_(first) {}
  std::span<const float> scores(std::span<const std::span<const float>> logits,
                                std::vector<float>& scratch) const override {
    const auto values = inner_->scores(logits, scratch);
    if (first_.empty()) first_.assign(values.begin(), values.end());
    return values;
  }
  bool probabilities() const override { return inner_->probabilities(); }
  text::TokenId pick(std::span<const float> scores, std::size_t step) const override {
    return inner_->pick(scores, step);
  }
  double logprob(std::span<const std::span<const float>> logits, std::span<const float> scores,
                 text::TokenId token) const override {
    return inner_->logprob(logits, scores, token);
  }

 private:
  std::shared_ptr<const engine::NextToken> inner_;
  std::vector<float>& first_;
};

}  // namespace chorus::test
