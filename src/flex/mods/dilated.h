// Dilated attention: a query sees the keys at a distance that is a multiple of `step`, on both sides.
//
//   attention(q, k, v, out, {}, causal() & dilated(3));
#pragma once

#include "flex/combine.h"

namespace chorus::flex {

struct Dilated : MaskOperand {
  static constexpr bool kSameForHeads = true;
  Index step;
  constexpr explicit Dilated(Index distance) : step(distance) {}
  FLEX_MOD constexpr bool operator()(Index, Index, Index q, Index kv) const { return (q - kv) % step == 0; }
  /// The keys of a range of rows lie too thinly for ranges, but for one row and step 1.
  void seen_keys(Index, Index, Range q, Range kv, SeenKeys& out) const {
    if (step == 1) return out.add(kv, kv);
    if (q.size() >= step) return out.any.add(kv);  // every key is at a multiple of step from some row
    const Index past =
        ((kv.begin - q.begin) % step + step) % step;  // of the first key past row q.begin's last
    for (std::int64_t key = kv.begin - std::int64_t{past}; key < kv.end; key += step)
      out.any.add(clip_keys(key, key + q.size() - 1, kv));
    if (q.size() == 1)
      for (const Range range : out.any) out.all.add(range);
  }
};

/// `step` is 1 or more.
constexpr Dilated dilated(Index step) {
  if (step < 1) refuse_mod_argument("dilated", "step", step, "1 or more");
  return Dilated(step);
}

}  // namespace chorus::flex
