// Mask mods combined with & | !, and a mod moved along the query axis.
//
//   auto local_documents = causal() & document(ids) & sliding_window(256);
//   auto either = or_masks(prefix_lm(32), [] FLEX_MOD (Index, Index, Index q, Index kv) { return q == kv; });
//   auto inside_out = not_mask(either);
#pragma once

#include <utility>

#include "flex/mod.h"

namespace chorus::flex {

/// A callable as an operand of & | !; it has no structure.
template <MaskMod F>
struct Mask : MaskOperand {
  F f;
  constexpr explicit Mask(F callable) : f(std::move(callable)) {}
  constexpr bool operator()(Index b, Index h, Index q, Index kv) const { return f(b, h, q, kv); }
  constexpr BlockKind classify(Index b, Index h, Range q, Range kv) const requires StructuredMaskMod<F> {
    return f.classify(b, h, q, kv);
  }
};

template <MaskMod F>
constexpr Mask<F> mask(F f) {
  return Mask<F>(std::move(f));
}

/// Both allow. Where both have structure so has this; a block partial under both is partial, even if no pair is left.
template <MaskMod A, MaskMod B>
struct AndMask : MaskOperand {
  A a;
  B b;
  constexpr AndMask(A left, B right) : a(std::move(left)), b(std::move(right)) {}
  constexpr bool operator()(Index batch, Index h, Index q, Index kv) const {
    return a(batch, h, q, kv) && b(batch, h, q, kv);
  }
  constexpr BlockKind classify(Index batch, Index h, Range q,
                               Range kv) const requires StructuredMaskMod<A> && StructuredMaskMod<B> {
    const BlockKind left = a.classify(batch, h, q, kv);
    if (left == BlockKind::empty) return left;
    const BlockKind right = b.classify(batch, h, q, kv);
    return left == BlockKind::full || right == BlockKind::empty ? right : BlockKind::partial;
  }
};

/// Either allows. Two partial blocks are partial, even if together they allow every pair.
template <MaskMod A, MaskMod B>
struct OrMask : MaskOperand {
  A a;
  B b;
  constexpr OrMask(A left, B right) : a(std::move(left)), b(std::move(right)) {}
  constexpr bool operator()(Index batch, Index h, Index q, Index kv) const {
    return a(batch, h, q, kv) || b(batch, h, q, kv);
  }
  constexpr BlockKind classify(Index batch, Index h, Range q,
                               Range kv) const requires StructuredMaskMod<A> && StructuredMaskMod<B> {
    const BlockKind left = a.classify(batch, h, q, kv);
    if (left == BlockKind::full) return left;
    const BlockKind right = b.classify(batch, h, q, kv);
    return left == BlockKind::empty || right == BlockKind::full ? right : BlockKind::partial;
  }
};

template <MaskMod A>
struct NotMask : MaskOperand {
  A a;
  constexpr explicit NotMask(A mod) : a(std::move(mod)) {}
  constexpr bool operator()(Index b, Index h, Index q, Index kv) const { return !a(b, h, q, kv); }
  constexpr BlockKind classify(Index b, Index h, Range q, Range kv) const requires StructuredMaskMod<A> {
    const BlockKind kind = a.classify(b, h, q, kv);
    return kind == BlockKind::full ? BlockKind::empty : kind == BlockKind::empty ? BlockKind::full : kind;
  }
};

template <MaskMod A, MaskMod B>
constexpr auto and_masks(A a, B b) {
  return AndMask<A, B>(std::move(a), std::move(b));
}
template <MaskMod A, MaskMod B, MaskMod... More>
constexpr auto and_masks(A a, B b, More... more) requires(sizeof...(More) > 0) {
  return and_masks(AndMask<A, B>(std::move(a), std::move(b)), std::move(more)...);
}
template <MaskMod A, MaskMod B>
constexpr auto or_masks(A a, B b) {
  return OrMask<A, B>(std::move(a), std::move(b));
}
template <MaskMod A, MaskMod B, MaskMod... More>
constexpr auto or_masks(A a, B b, More... more) requires(sizeof...(More) > 0) {
  return or_masks(OrMask<A, B>(std::move(a), std::move(b)), std::move(more)...);
}
template <MaskMod A>
constexpr auto not_mask(A a) {
  return NotMask<A>(std::move(a));
}

/// At least one side of & and | must be flex's own (or mask(f)); the other may be any mask mod.
template <class A, class B>
concept mask_operands = MaskMod<A> && MaskMod<B> &&
    (std::derived_from<A, MaskOperand> || std::derived_from<B, MaskOperand>);

template <class A, class B>
requires mask_operands<A, B>
constexpr auto operator&(A a, B b) {
  return and_masks(std::move(a), std::move(b));
}
template <class A, class B>
requires mask_operands<A, B>
constexpr auto operator|(A a, B b) {
  return or_masks(std::move(a), std::move(b));
}
template <class A>
requires MaskMod<A> && std::derived_from<A, MaskOperand>
constexpr auto operator!(A a) {
  return not_mask(std::move(a));
}

/// The mod `a` asked about row q + rows: decode steps reuse the mod of the whole sequence.
template <MaskMod A>
struct OffsetMask : MaskOperand {
  A a;
  Index rows;
  constexpr OffsetMask(A mod, Index by) : a(std::move(mod)), rows(by) {}
  constexpr bool operator()(Index b, Index h, Index q, Index kv) const { return a(b, h, q + rows, kv); }
  constexpr BlockKind classify(Index b, Index h, Range q, Range kv) const requires StructuredMaskMod<A> {
    return a.classify(b, h, {q.begin + rows, q.end + rows}, kv);
  }
};

template <MaskMod A>
constexpr auto offset(A a, Index rows) {
  return OffsetMask<A>(std::move(a), rows);
}

}  // namespace chorus::flex
