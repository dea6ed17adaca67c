#include <algorithm>
#include <cmath>
#include <limits>

#include "flex/cpu/span_task.h"

namespace chorus::flex::cpu {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

// How the states of a row merge. Masses are log2; start(i) comes before part(i, s).
class Merge {
 public:
  struct Part {
    float share,
        factor;  // of the row's mass; what the state's accumulator is multiplied by. 0 for an empty state
  };

  Merge(const SpanTile& tile, const SpanScratch& scratch) : tile_(tile), scratch_(scratch) {
    scaled_ = tile.joint_scale != 1.0F || std::any_of(tile.lse_scale.begin(), tile.lse_scale.end(),
                                                      [](float scale) { return scale != 1.0F; });
    alone_ = tile.states == 1;  // its scale cancels
  }

  void start(Index i) {
    if (alone_) return;
    joint_ = 0;
    if (tile_.joint_scale != 1.0F) joint_ = (tile_.joint_scale - 1.0F) * joint_log_mass(i);
    top_ = kMinusInfinity;
    total_ = 0;
    for (Index s = 0; s < tile_.states; ++s)
      if (const float sum = sum_of(i, s); sum != 0.0F) top_ = std::max(top_, log_mass(i, s, sum));
    for (Index s = 0; s < tile_.states; ++s)
      if (const float sum = sum_of(i, s); sum != 0.0F)
        total_ += std::exp2(log_mass(i, s, sum) - top_) * (scaled_ ? 1.0F : sum);
  }

  Part part(Index i, Index s) const {
    const float sum = sum_of(i, s);
    if (sum == 0.0F) return {0.0F, 0.0F};
    if (alone_) return {1.0F, 1.0F / sum};
    const float weight = std::exp2(log_mass(i, s, sum) - top_) / total_;
    return scaled_ ? Part{weight, weight / sum} : Part{weight * sum, weight};
  }

 private:
  float sum_of(Index i, Index s) const { return sum_lanes(scratch_.state(s).sum + i * kLanes); }
  // Without scales the sums stay outside the logarithm: the maximum stands for the state, its sum weighs it.
  float log_mass(Index i, Index s, float sum) const {
    const float max = scratch_.state(s).max[i];
    return scaled_ ? scaled_log_mass(max, s, sum) + (s > 0 ? joint_ : 0.0F) : max;
  }
  float scaled_log_mass(float max, Index s, float sum) const {
    const float scale = tile_.lse_scale.empty() ? 1.0F : tile_.lse_scale[static_cast<std::size_t>(s)];
    return (max + std::log2(sum)) * scale;
  }
  /// Of states 1 and up together; 0, which changes nothing, when all of them are empty.
  float joint_log_mass(Index i) const {
    float top = kMinusInfinity, total = 0;
    for (Index s = 1; s < tile_.states; ++s)
      if (const float sum = sum_of(i, s); sum != 0.0F)
        top = std::max(top, scaled_log_mass(scratch_.state(s).max[i], s, sum));
    if (top == kMinusInfinity) return 0;
    for (Index s = 1; s < tile_.states; ++s)
      if (const float sum = sum_of(i, s); sum != 0.0F)
        total += std::exp2(scaled_log_mass(scratch_.state(s).max[i], s, sum) - top);
    return top + std::log2(total);
  }

  const SpanTile& tile_;
  const SpanScratch& scratch_;
  bool scaled_ = false, alone_ = false;
  float top_ = kMinusInfinity, total_ = 0;
  float joint_ = 0;  // what joint_scale adds to the log mass of states 1 and up
};

}  // namespace

SpanScratch::SpanScratch(Index vectors, Index states, Index head_dim)
    : vectors_((vectors + kLanes - 1) / kLanes * kLanes), width_(padded(head_dim)) {
  const std::int64_t pack = kBlock * width_, state_floats = vectors_ * (1 + kLanes + width_);
  storage_ = AlignedFloats::make(static_cast<std::size_t>(2 * pack + states * state_floats));
  values_ = storage_.get() + pack;
  states_ = values_ + pack;
}

void SpanScratch::clear(Index vectors, Index states) const {
  for (Index s = 0; s < states; ++s) {
    const RowStates state = this->state(s);
    std::fill_n(state.max, vectors, kMinusInfinity);
    std::fill_n(state.sum, std::int64_t{vectors} * kLanes, 0.0F);
    std::fill_n(state.acc, std::int64_t{vectors} * width_, 0.0F);
  }
}

void write_rows(const SpanOutput& to, const SpanTile& tile, Index rows, const SpanScratch& scratch) {
  Merge merge(tile, scratch);
  const Index width = padded(to.head_dim);
  for (Index i = 0; i < rows * to.group; ++i) {
    const std::int64_t at = std::int64_t{i / to.group} * to.q_heads + to.first_head + i % to.group;
    float* out = to.out + at * to.head_dim;
    merge.start(i);
    for (Index s = 0; s < tile.states; ++s) {
      const Merge::Part part = merge.part(i, s);
      const float* acc = scratch.state(s).acc + std::int64_t{i} * width;
      if (s == 0)
        for (Index d = 0; d < to.head_dim; ++d) out[d] = acc[d] * part.factor;
      else if (part.factor != 0.0F)
        for (Index d = 0; d < to.head_dim; ++d) out[d] += acc[d] * part.factor;
      if (to.share != nullptr) to.share[at * to.share_states + s] = part.share;
    }
    if (to.share != nullptr)
      std::fill(to.share + at * to.share_states + tile.states, to.share + (at + 1) * to.share_states, 0.0F);
  }
}

}  // namespace chorus::flex::cpu
