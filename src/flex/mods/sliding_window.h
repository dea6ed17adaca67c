// Causal attention that reaches back `window` keys: a query sees itself and the `window` keys before it, window + 1 in all.
//
//   attention(q, k, v, out, {}, sliding_window(255));   // 256 keys a row
//   attention(q, k, v, out, {}, sliding_window(255) | prefix_lm(4));   // and four keys that all see
#pragma once

#include "flex/combine.h"

namespace chorus::flex {

struct SlidingWindow : MaskOperand {
  Index window;
  constexpr explicit SlidingWindow(Index keys_back) : window(keys_back) {}
  constexpr bool operator()(Index, Index, Index q, Index kv) const { return q >= kv && q - kv <= window; }
  constexpr BlockKind classify(Index, Index, Range q, Range kv) const {
    const Index least = q.begin - (kv.end - 1), most = q.end - 1 - kv.begin;  // of q - kv
    if (most < 0 || least > window) return BlockKind::empty;
    return least >= 0 && most <= window ? BlockKind::full : BlockKind::partial;
  }
};

constexpr SlidingWindow sliding_window(Index window) {
  return SlidingWindow(window);
}

}  // namespace chorus::flex
