// Soft cap: scores are squeezed smoothly into (-cap, cap).
//
//   attention(q, k, v, out, {}, causal(), soft_cap(20));
#pragma once

#include <cmath>

#include "flex/mod.h"

namespace chorus::flex {

/// cap * tanh(score / cap); cap > 0.
struct SoftCap {
  float cap;
  FLEX_MOD float operator()(float score, Index, Index, Index, Index) const {
    return cap * std::tanh(score / cap);
  }
};

inline SoftCap soft_cap(float cap) {
  if (!(cap > 0)) refuse_mod_argument("soft_cap", "cap", cap, "more than 0");
  return {cap};
}

}  // namespace chorus::flex
