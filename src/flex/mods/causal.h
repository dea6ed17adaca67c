// Causal attention: a query sees itself and what stands before it. Top-left aligned: row 0 with q_offset 0 sees key 0;
// give q_offset = kv_length - q_length for the bottom-right form.
//
//   attention(q, k, v, out, {}, causal());
//   attention(last_row, k, v, out, {.q_offset = length - 1}, causal());
#pragma once

#include "flex/combine.h"

namespace chorus::flex {

struct Causal : MaskOperand {
  constexpr bool operator()(Index, Index, Index q, Index kv) const { return q >= kv; }
  constexpr BlockKind classify(Index, Index, Range q, Range kv) const {
    if (q.begin >= kv.end - 1) return BlockKind::full;
    return q.end - 1 < kv.begin ? BlockKind::empty : BlockKind::partial;
  }
};

constexpr Causal causal() {
  return {};
}

}  // namespace chorus::flex
