// Dilated attention: a query sees the keys at a distance that is a multiple of `step`, on both sides.
//
//   attention(q, k, v, out, {}, causal() & dilated(3));
#pragma once

#include "flex/combine.h"

namespace chorus::flex {

struct Dilated : MaskOperand {
  Index step;
  constexpr explicit Dilated(Index distance) : step(distance) {}
  constexpr bool operator()(Index, Index, Index q, Index kv) const { return (q - kv) % step == 0; }
  constexpr BlockKind classify(Index, Index, Range q, Range kv) const {
    const Index least = q.begin - (kv.end - 1), most = q.end - 1 - kv.begin;
    if (step == 1) return BlockKind::full;
    const Index past = ((least % step) + step) % step;  // how far `least` is past a multiple
    const Index first = past == 0 ? least : least + step - past;
    if (first > most) return BlockKind::empty;
    return least == most ? BlockKind::full : BlockKind::partial;
  }
};

/// `step` is 1 or more.
constexpr Dilated dilated(Index step) {
  return Dilated(step);
}

}  // namespace chorus::flex
