// Sequences of equal length packed one after the other: the mod of one sequence, asked within each group of `tokens`.
// Across groups nothing is seen.
//
//   attention(q, k, v, out, {}, batchify(causal(), 512));
//   attention(q, k, v, out, {}, batchify(prefix_lm(64) & mask(mine), 512));
#pragma once

#include <utility>

#include "flex/combine.h"

namespace chorus::flex {

template <MaskMod A>
struct BatchifyMask : MaskOperand {
  A a;
  Index tokens;
  static constexpr bool kOpaque = is_opaque<A>(), kSameForHeads = same_for_heads<A>();
  constexpr BatchifyMask(A mod, Index group) : a(std::move(mod)), tokens(group) {}
  FLEX_MOD constexpr bool operator()(Index b, Index h, Index q, Index kv) const {
    return q / tokens == kv / tokens && a(b, h, q % tokens, kv % tokens);
  }
  void seen_keys(Index b, Index h, Range q, Range kv, SeenKeys& out) const {
    const Index first = q.begin / tokens, last = (q.end - 1) / tokens;
    for (Index group = first; group <= last; ++group) {
      const Index from = group * tokens;
      const std::int64_t end = std::int64_t{from} + tokens - 1;
      const Range rows = clip_keys(from, end, q), keys = clip_keys(from, end, kv);
      if (keys.size() == 0) continue;
      SeenKeys inner;
      flex::seen_keys(a, b, h, {rows.begin - from, rows.end - from}, {keys.begin - from, keys.end - from},
                      inner);
      for (const Range range : inner.any) out.any.add({range.begin + from, range.end + from});
      if (first != last) continue;  // rows of two groups have no key in common
      for (const Range range : inner.all) out.all.add({range.begin + from, range.end + from});
    }
  }
  void check_reach(const Reach& reach) const {
    flex::check_reach(a, {reach.batch, reach.heads, reach.q < tokens ? reach.q : tokens,
                          reach.kv < tokens ? reach.kv : tokens});
  }
};

/// `tokens` is 1 or more.
template <MaskMod A>
constexpr auto batchify(A a, Index tokens) {
  if (tokens < 1) refuse_mod_argument("batchify", "tokens", tokens, "1 or more");
  return BatchifyMask<A>(std::move(a), tokens);
}

}  // namespace chorus::flex
