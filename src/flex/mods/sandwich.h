// Sandwich: a score falls with the distance as the inner product of two sinusoidal position embeddings does, slowly where it
// is far, each head compressed by its own ratio (Chi et al., arXiv 2212.10356).
//
//   const std::vector<float> falls = sandwich_falls(length);   // by distance, for any number of heads
//   attention(q, k, v, out, {}, causal(), sandwich(falls, heads));   // falls must outlive the call
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "flex/captured.h"

namespace chorus::flex {

/// score + fall[|q - kv|] * heads / (8 (h + 1)), h the query head from 0: the paper's ratios 8/H, 16/H, ... 8.
struct Sandwich {
  Captured<float> fall;
  float heads;
  FLEX_MOD constexpr float operator()(float score, Index, Index h, Index q, Index kv) const {
    return score + fall.at(q < kv ? kv - q : q - kv, "sandwich") * heads / static_cast<float>(8 * (h + 1));
  }
  void check_reach(const Reach& reach) const {
    fall.check_covers(reach.q > reach.kv ? reach.q : reach.kv, "distances", "sandwich");
  }
};

inline Sandwich sandwich(std::span<const float> falls, Index heads) {
  return {falls, static_cast<float>(heads)};
}

/// For distances 0 to length - 1: sum over i = 1 .. dim/2 of cos(distance / 10000^(2 i / dim)), less dim/2, its value at
/// distance 0. `dim` is a setting of its own (the paper takes 128), not the head's dim.
inline std::vector<float> sandwich_falls(Index length, Index dim = 128) {
  std::vector<float> falls(static_cast<std::size_t>(length));
  for (Index distance = 0; distance < length; ++distance) {
    double sum = 0;
    for (Index i = 1; i <= dim / 2; ++i) sum += std::cos(distance / std::pow(10000.0, 2.0 * i / dim)) - 1;
    falls[static_cast<std::size_t>(distance)] = static_cast<float>(sum);
  }
  return falls;
}

}  // namespace chorus::flex
