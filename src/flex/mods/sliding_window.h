// Causal attention that reaches back `window` keys: a query sees itself and the `window` keys before it, window + 1 in all.
//
//   attention(q, k, v, out, {}, sliding_window(255));   // 256 keys a row
//   attention(q, k, v, out, {}, sliding_window(255) | prefix_lm(4));   // and four keys that all see
#pragma once

#include "flex/combine.h"

namespace chorus::flex {

struct SlidingWindow : MaskOperand {
  static constexpr bool kSameForHeads = true;
  Index window;
  constexpr explicit SlidingWindow(Index keys_back) : window(keys_back) {}
  FLEX_MOD constexpr bool operator()(Index, Index, Index q, Index kv) const {
    return q >= kv && q - kv <= window;
  }
  void seen_keys(Index, Index, Range q, Range kv, SeenKeys& out) const {
    const std::int64_t back = window;
    out.add(clip_keys(q.begin - back, q.end - 1, kv), clip_keys(q.end - 1 - back, q.begin, kv));
  }
};

/// `window` is 0 or more.
constexpr SlidingWindow sliding_window(Index window) {
  if (window < 0) refuse_mod_argument("sliding_window", "window", window, "0 or more");
  return SlidingWindow(window);
}

}  // namespace chorus::flex
