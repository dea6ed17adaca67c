// Global and local attention (Longformer, arXiv 2004.05150): the first `global` tokens see all and are seen by all; the
// others see the `window` keys before and after them, 2 window + 1 with themselves.
//
//   attention(q, k, v, out, {}, global_window(1, 256));              // one token that gathers, such as [CLS]
//   attention(q, k, v, out, {}, causal() & global_window(4, 256));   // sinks: four keys that stay in sight
#pragma once

#include "flex/combine.h"
#include "flex/mods/symmetric_window.h"

namespace chorus::flex {

struct GlobalWindow : MaskOperand {
  static constexpr bool kSameForHeads = true;
  Index global;
  SymmetricWindow local;
  constexpr GlobalWindow(Index tokens, Index window) : global(tokens), local(window) {}
  FLEX_MOD constexpr bool operator()(Index b, Index h, Index q, Index kv) const {
    return q < global || kv < global || local(b, h, q, kv);
  }
  void seen_keys(Index b, Index h, Range q, Range kv, SeenKeys& out) const {
    if (q.end <= global) return out.add(kv, kv);
    SeenKeys window;  // of the rows that are not global; the others see all
    local.seen_keys(b, h, {q.begin < global ? global : q.begin, q.end}, kv, window);
    KeyRanges everywhere;
    everywhere.add(clip_keys(0, global - std::int64_t{1}, kv));
    unite(everywhere, window.all, out.all);
    if (q.begin < global)
      out.any.add(kv);
    else
      unite(everywhere, window.any, out.any);
  }
};

/// Both are 0 or more.
constexpr GlobalWindow global_window(Index global, Index window) {
  if (global < 0) refuse_mod_argument("global_window", "global", global, "0 or more");
  if (window < 0) refuse_mod_argument("global_window", "window", window, "0 or more");
  return {global, window};
}

}  // namespace chorus::flex
