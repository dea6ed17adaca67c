// A mod asked about other places: row r as row r + rows, key j as key j + keys. Decode steps reuse the mod of the whole
// sequence; a slice of a block mask goes with the mod moved by what was cut off.
//
//   attention(last_row, k, v, out, {}, offset(causal(), length - 1));   // the same as .q_offset = length - 1
//   attention(q, half_of_k, half_of_v, out, {}, offset(causal(), 0, length / 2));
#pragma once

#include <limits>
#include <utility>

#include "flex/structure.h"

namespace chorus::flex {

template <MaskMod A>
struct OffsetMask : MaskOperand {
  A a;
  Index rows, keys;
  static constexpr bool kOpaque = is_opaque<A>(), kSameForHeads = same_for_heads<A>();
  constexpr OffsetMask(A mod, Index by_rows, Index by_keys)
      : a(std::move(mod)), rows(by_rows), keys(by_keys) {}
  FLEX_MOD constexpr bool operator()(Index b, Index h, Index q, Index kv) const {
    return a(b, h, q + rows, kv + keys);
  }
  void seen_keys(Index b, Index h, Range q, Range kv, SeenKeys& out) const {
    SeenKeys moved;
    flex::seen_keys(a, b, h, {q.begin + rows, q.end + rows}, {kv.begin + keys, kv.end + keys}, moved);
    for (const Range range : moved.any) out.any.add({range.begin - keys, range.end - keys});
    for (const Range range : moved.all) out.all.add({range.begin - keys, range.end - keys});
  }
  void check_reach(const Reach& reach) const {
    constexpr Index kMost = std::numeric_limits<Index>::max();
    if (rows > kMost - reach.q) refuse_mod_argument("offset", "rows", rows, "a last row below 2^31");
    if (keys > kMost - reach.kv) refuse_mod_argument("offset", "keys", keys, "a last key below 2^31");
    flex::check_reach(a, {reach.batch, reach.heads, reach.q + rows, reach.kv + keys});
  }
};

/// Both are 0 or more.
template <MaskMod A>
constexpr auto offset(A a, Index rows, Index keys = 0) {
  if (rows < 0) refuse_mod_argument("offset", "rows", rows, "0 or more");
  if (keys < 0) refuse_mod_argument("offset", "keys", keys, "0 or more");
  return OffsetMask<A>(std::move(a), rows, keys);
}

}  // namespace chorus::flex
