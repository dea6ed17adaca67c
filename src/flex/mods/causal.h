// Causal attention: a query sees itself and what stands before it. Top-left aligned: row 0 with q_offset 0 sees key 0;
// give q_offset = kv_length - q_length for the bottom-right form.
//
//   attention(q, k, v, out, {}, causal());
//   attention(last_row, k, v, out, {.q_offset = length - 1}, causal());
#pragma once

#include "flex/combine.h"

namespace chorus::flex {

struct Causal : MaskOperand {
  static constexpr bool kSameForHeads = true;
  FLEX_MOD constexpr bool operator()(Index, Index, Index q, Index kv) const { return q >= kv; }
  void seen_keys(Index, Index, Range q, Range kv, SeenKeys& out) const {
    out.add(clip_keys(0, q.end - 1, kv), clip_keys(0, q.begin, kv));
  }
};

constexpr Causal causal() {
  return {};
}

}  // namespace chorus::flex
