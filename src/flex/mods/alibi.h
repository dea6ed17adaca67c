// ALiBi: a score falls with the distance, each head at its own slope (Press et al., arXiv 2108.12409).
//
//   const std::vector<float> slopes = alibi_slopes(heads);
//   attention(q, k, v, out, {}, causal(), alibi(slopes));   // slopes must outlive the call
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "flex/captured.h"

namespace chorus::flex {

/// score - slope[h] * (q - kv), h the query head. Keys after the query are raised: use it with a causal mask.
struct Alibi {
  Captured<float> slope;
  FLEX_MOD constexpr float operator()(float score, Index, Index h, Index q, Index kv) const {
    return score - slope.at(h, "alibi") * static_cast<float>(q - kv);
  }
  void check_reach(const Reach& reach) const { slope.check_covers(reach.heads, "query heads", "alibi"); }
};

inline Alibi alibi(std::span<const float> slopes) {
  return {slopes};
}

/// The paper's slopes for a power of two of heads, 2^(-8 (h + 1) / heads), for any number of heads.
inline std::vector<float> alibi_slopes(Index heads) {
  std::vector<float> slopes(static_cast<std::size_t>(heads));
  for (Index h = 0; h < heads; ++h)
    slopes[static_cast<std::size_t>(h)] =
        std::exp2(-8.0F * static_cast<float>(h + 1) / static_cast<float>(heads));
  return slopes;
}

}  // namespace chorus::flex
