// Local attention on both sides: a query sees itself and `window` keys before and after it, 2 window + 1 in all.
//
//   attention(q, k, v, out, {}, symmetric_window(128));   // 257 keys a row
//   attention(q, k, v, out, {}, symmetric_window(128) & document(runs));
#pragma once

#include "flex/combine.h"

namespace chorus::flex {

struct SymmetricWindow : MaskOperand {
  static constexpr bool kSameForHeads = true;
  Index window;
  constexpr explicit SymmetricWindow(Index keys_each_side) : window(keys_each_side) {}
  FLEX_MOD constexpr bool operator()(Index, Index, Index q, Index kv) const {
    return q - kv <= window && kv - q <= window;
  }
  void seen_keys(Index, Index, Range q, Range kv, SeenKeys& out) const {
    const std::int64_t reach = window;
    out.add(clip_keys(q.begin - reach, q.end - 1 + reach, kv),
            clip_keys(q.end - 1 - reach, q.begin + reach, kv));
  }
};

/// `window` is 0 or more.
constexpr SymmetricWindow symmetric_window(Index window) {
  if (window < 0) refuse_mod_argument("symmetric_window", "window", window, "0 or more");
  return SymmetricWindow(window);
}

}  // namespace chorus::flex
