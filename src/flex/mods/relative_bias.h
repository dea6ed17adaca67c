// A learned bias for each head and distance, as in T5 and Swin: the score gets table[h][q - kv], distances beyond `reach`
// counting as `reach`.
//
//   std::vector<float> table(heads * (2 * reach + 1));   // [h][reach + d] for a query d places after the key
//   attention(q, k, v, out, {}, causal(), relative_bias(table, reach));   // table must outlive the call
#pragma once

#include <span>

#include "flex/captured.h"

namespace chorus::flex {

/// score + table[h][reach + clamp(q - kv, -reach, reach)], h the query head.
struct RelativeBias {
  Captured<float> table;  // [heads][2 reach + 1]
  Index reach;
  FLEX_MOD constexpr float operator()(float score, Index, Index h, Index q, Index kv) const {
    const Index d = q - kv, distance = d < -reach ? -reach : d > reach ? reach : d;
    return score + table.at(h * (2 * std::int64_t{reach} + 1) + reach + distance, "relative_bias");
  }
  void check_reach(const Reach& call) const {
    table.check_covers(call.heads * (2 * std::int64_t{reach} + 1), "distances of all heads", "relative_bias");
  }
};

inline RelativeBias relative_bias(std::span<const float> table, Index reach) {
  if (reach < 0) refuse_mod_argument("relative_bias", "reach", reach, "0 or more");
  return {table, reach};
}

}  // namespace chorus::flex
