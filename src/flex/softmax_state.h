// The mergeable state of a row's softmax: maximum score, sum of exp(score - max), and the weighted sum of values. Parts of
// a row's keys may be folded in any order and any split; merging with an empty state changes nothing.
//
//   SoftmaxState a(dim), b(dim);  std::vector<float> mean(dim);
//   a.add(score, value);  b.add(other_score, other_value);
//   a.merge(b);  a.output(mean);  a.lse();
#pragma once

#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "flex/index.h"

namespace chorus::flex {

/// Scores are natural-log. A score of minus infinity adds nothing.
class SoftmaxState {
 public:
  explicit SoftmaxState(std::size_t dim) : acc_(dim, 0.0F) {}
  /// The state of a finished part: its log-sum-exp and its normalised output.
  SoftmaxState(LogSumExp lse, std::span<const float> output)
      : max_(lse.value), acc_(output.begin(), output.end()) {
    if (empty())
      acc_.assign(acc_.size(), 0.0F);
    else
      sum_ = 1.0F;
  }

  bool empty() const { return max_ == kMinusInfinity; }
  std::size_t dim() const { return acc_.size(); }

  void add(float score, std::span<const float> value) {
    if (score == kMinusInfinity) return;
    const float weight = rescale_to(score);
    sum_ += weight;
    for (std::size_t d = 0; d < acc_.size(); ++d) acc_[d] += weight * value[d];
  }

  /// Both states have the same dim.
  void merge(const SoftmaxState& other) {
    if (other.empty()) return;
    const float weight = rescale_to(other.max_);
    sum_ += weight * other.sum_;
    for (std::size_t d = 0; d < acc_.size(); ++d) acc_[d] += weight * other.acc_[d];
  }

  /// Minus infinity for an empty state.
  LogSumExp lse() const { return {empty() ? kMinusInfinity : max_ + std::log(sum_)}; }

  /// Multiplies the log-sum-exp; the output stays. An empty state stays empty.
  void scale_lse(float factor) {
    if (empty()) return;
    for (float& x : acc_) x /= sum_;
    max_ = lse().value * factor;
    sum_ = 1.0F;
  }

  /// The mean of the values under the softmax; 0 for an empty state.
  void output(std::span<float> out) const {
    for (std::size_t d = 0; d < acc_.size(); ++d) out[d] = empty() ? 0.0F : acc_[d] / sum_;
  }

 private:
  static constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

  // Raises the maximum to `score` if that is higher; returns the weight of `score` under the maximum.
  float rescale_to(float score) {
    if (score <= max_) return std::exp(score - max_);
    const float keep = std::exp(max_ - score);  // 0 for an empty state
    max_ = score;
    sum_ *= keep;
    for (float& x : acc_) x *= keep;
    return 1.0F;
  }

  float max_ = kMinusInfinity, sum_ = 0;
  std::vector<float> acc_;
};

}  // namespace chorus::flex
