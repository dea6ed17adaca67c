// Causal by blocks: a query sees its own block of `block` tokens, on both sides, and all blocks before it. What a block
// diffusion model uses when it writes: the block in work sees itself and the finished text.
//
//   attention(q, k, v, out, {}, block_causal(32));
//   attention(block_rows, k, v, out, {.q_offset = finished}, block_causal(32));
#pragma once

#include "flex/combine.h"

namespace chorus::flex {

struct BlockCausal : MaskOperand {
  static constexpr bool kSameForHeads = true;
  Index block;
  constexpr explicit BlockCausal(Index tokens) : block(tokens) {}
  FLEX_MOD constexpr bool operator()(Index, Index, Index q, Index kv) const {
    return q / block >= kv / block;
  }
  void seen_keys(Index, Index, Range q, Range kv, SeenKeys& out) const {
    out.add(clip_keys(0, last_of_block((q.end - 1) / block), kv),
            clip_keys(0, last_of_block(q.begin / block), kv));
  }
  constexpr std::int64_t last_of_block(Index i) const { return (std::int64_t{i} + 1) * block - 1; }
};

/// `block` is 1 or more.
constexpr BlockCausal block_causal(Index block) {
  if (block < 1) refuse_mod_argument("block_causal", "block", block, "1 or more");
  return BlockCausal(block);
}

}  // namespace chorus::flex
