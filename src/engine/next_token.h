// How the next token is chosen from the logits of a group of sequences that go on in lock step.
//
//   const Choice choice = Greedy().choose({{logits}});   // logits: std::span<const float>, [vocab]
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "text/token_id.h"

namespace chorus::engine {

struct Choice {
  text::TokenId token = 0;
  double logprob = 0;  // under the distribution that chose it
  double margin = 0;  // by how much it won over the second: logits, or probabilities where those are compared
};

/// One step for one group; every sequence of the group is then extended with the same token. Called from several
/// threads for different groups.
class NextToken {
 public:
  virtual ~NextToken() = default;
  /// The scores whose largest wins, [vocab]; logits[p] are those of sequence p. `scratch` is room for them.
  virtual std::span<const float> scores(std::span<const std::span<const float>> logits,
                                        std::vector<float>& scratch) const = 0;
  /// Whether scores are probabilities (to be renormalised) rather than logits.
  virtual bool probabilities() const { return false; }
  /// Which of the scores is taken as the answer's token number `step`, from 0: the largest, the first of equals.
  virtual text::TokenId pick(std::span<const float> scores, std::size_t step) const;
  /// The log-probability of `token` where these are the scores of these logits.
  virtual double logprob(std::span<const std::span<const float>> logits, std::span<const float> scores,
                         text::TokenId token) const;

  /// Throws Error(model) when a logit, or the log-probability of the choice, is not a finite number.
  Choice choose(std::span<const std::span<const float>> logits, std::size_t step = 0) const;
  /// As if `token` had been chosen. Throws Error(model) as choose() does.
  Choice take(std::span<const std::span<const float>> logits, text::TokenId token) const;

 private:
  Choice counted(std::span<const std::span<const float>> logits, std::span<const float> scores,
                 text::TokenId token) const;
};

/// The most likely token of a single sequence.
class Greedy final : public NextToken {
 public:
  std::span<const float> scores(std::span<const std::span<const float>> logits,
                                std::vector<float>& scratch) const override;
};

}  // namespace chorus::engine
