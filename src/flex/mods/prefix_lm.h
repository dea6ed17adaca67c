// Prefix LM: the first `prefix` keys are seen by every query, the rest causally.
//
//   attention(q, k, v, out, {}, prefix_lm(prompt_length));
//   attention(q, k, v, out, {}, prefix_lm(prompt_length) & document(ids));
#pragma once

#include "flex/mods/causal.h"

namespace chorus::flex {

struct PrefixLm : MaskOperand {
  Index prefix;
  constexpr explicit PrefixLm(Index keys) : prefix(keys) {}
  constexpr bool operator()(Index, Index, Index q, Index kv) const { return kv < prefix || q >= kv; }
  constexpr BlockKind classify(Index b, Index h, Range q, Range kv) const {
    if (kv.end <= prefix) return BlockKind::full;
    const Range rest{kv.begin < prefix ? prefix : kv.begin, kv.end};
    const BlockKind kind = Causal().classify(b, h, q, rest);
    return kv.begin < prefix && kind == BlockKind::empty ? BlockKind::partial : kind;
  }
};

constexpr PrefixLm prefix_lm(Index prefix) {
  return PrefixLm(prefix);
}

}  // namespace chorus::flex
