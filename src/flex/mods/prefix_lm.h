// Prefix LM: the first `prefix` keys are seen by every query, the rest causally.
//
//   attention(q, k, v, out, {}, prefix_lm(prompt_length));
//   attention(q, k, v, out, {}, prefix_lm(prompt_length) & document(runs));
#pragma once

#include "flex/combine.h"

namespace chorus::flex {

struct PrefixLm : MaskOperand {
  static constexpr bool kSameForHeads = true;
  Index prefix;
  constexpr explicit PrefixLm(Index keys) : prefix(keys) {}
  FLEX_MOD constexpr bool operator()(Index, Index, Index q, Index kv) const { return kv < prefix || q >= kv; }
  void seen_keys(Index, Index, Range q, Range kv, SeenKeys& out) const {
    const Range shared = clip_keys(0, prefix - std::int64_t{1}, kv);
    out.add(shared, shared);
    out.add(clip_keys(0, q.end - 1, kv), clip_keys(0, q.begin, kv));
  }
};

/// `prefix` is 0 or more.
constexpr PrefixLm prefix_lm(Index prefix) {
  if (prefix < 0) refuse_mod_argument("prefix_lm", "prefix", prefix, "0 or more");
  return PrefixLm(prefix);
}

}  // namespace chorus::flex
