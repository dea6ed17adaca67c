// Cosines and sines of the rotary angles, for every position asked so far, computed in double precision.
//
//   RotaryTable table(inverse_frequencies(config.rope, config.head_dim));
//   table.reach(100);
//   rotate(key, table.cosine(-3), table.sine(-3), key.data());
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace chorus::model::cpu {

class RotaryTable {
 public:
  explicit RotaryTable(std::vector<double> inverse_frequencies)
      : frequencies_(std::move(inverse_frequencies)) {}

  /// Makes positions 0 .. largest available. Not thread-safe.
  void reach(std::int32_t largest);
  /// One value a frequency for `position`, which may be negative; |position| <= the largest that was reached.
  const float* cosine(std::int32_t position) const;
  const float* sine(std::int32_t position) const;

 private:
  std::vector<double> frequencies_;
  std::int32_t known_ = -1;
  std::vector<float> cosine_, sine_, minus_sine_;
};

}  // namespace chorus::model::cpu
