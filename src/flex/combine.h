// Mask mods combined with & | !. A combination knows as much of its structure as its operands do: where one is opaque, the
// other still says which blocks need not be looked at. A GPU asks both sides of & and |: neither may guard the other's reads.
//
//   auto local_documents = causal() & document(runs) & sliding_window(256);
//   auto either = or_masks(prefix_lm(32), [] FLEX_MOD (Index, Index, Index q, Index kv) { return q == kv; });
//   auto inside_out = not_mask(either);
#pragma once

#include <utility>

#include "flex/structure.h"

namespace chorus::flex {

/// A callable as an operand of & | !.
template <MaskMod F>
struct Mask : MaskOperand {
  F f;
  constexpr explicit Mask(F callable) : f(std::move(callable)) {}
  FLEX_MOD constexpr bool operator()(Index b, Index h, Index q, Index kv) const { return f(b, h, q, kv); }
  static constexpr bool kOpaque = is_opaque<F>(), kSameForHeads = same_for_heads<F>();
  void seen_keys(Index b, Index h, Range q, Range kv, SeenKeys& out) const {
    flex::seen_keys(f, b, h, q, kv, out);
  }
  void check_reach(const Reach& reach) const { flex::check_reach(f, reach); }
};

template <MaskMod F>
constexpr Mask<F> mask(F f) {
  return Mask<F>(std::move(f));
}

/// Both allow. The keys that all rows see are exact; of a row range in which each operand shows a key to another row, `any`
/// still names it.
template <MaskMod A, MaskMod B>
struct AndMask : MaskOperand {
  A a;
  B b;
  static constexpr bool kOpaque = is_opaque<A>() || is_opaque<B>();
  static constexpr bool kSameForHeads = same_for_heads<A>() && same_for_heads<B>();
  constexpr AndMask(A left, B right) : a(std::move(left)), b(std::move(right)) {}
  FLEX_MOD constexpr bool operator()(Index batch, Index h, Index q, Index kv) const {
#ifdef __CUDA_ARCH__  // no branch between the sides: what both load is under way together
    const bool left = a(batch, h, q, kv), right = b(batch, h, q, kv);
    return left & right;
#else
    return a(batch, h, q, kv) && b(batch, h, q, kv);
#endif
  }
  void seen_keys(Index batch, Index h, Range q, Range kv, SeenKeys& out) const {
    SeenKeys left, right;
    flex::seen_keys(a, batch, h, q, kv, left);
    if (left.any.empty()) return;
    flex::seen_keys(b, batch, h, q, left.any.hull(), right);
    intersect(left.any, right.any, out.any);
    intersect(left.all, right.all, out.all);
  }
  void check_reach(const Reach& reach) const {
    flex::check_reach(a, reach);
    flex::check_reach(b, reach);
  }
};

/// Either allows. The keys that any row sees are exact; a key that each row sees by another operand is missing from `all`.
template <MaskMod A, MaskMod B>
struct OrMask : MaskOperand {
  A a;
  B b;
  static constexpr bool kOpaque = is_opaque<A>() || is_opaque<B>();
  static constexpr bool kSameForHeads = same_for_heads<A>() && same_for_heads<B>();
  constexpr OrMask(A left, B right) : a(std::move(left)), b(std::move(right)) {}
  FLEX_MOD constexpr bool operator()(Index batch, Index h, Index q, Index kv) const {
#ifdef __CUDA_ARCH__  // as in AndMask
    const bool left = a(batch, h, q, kv), right = b(batch, h, q, kv);
    return left | right;
#else
    return a(batch, h, q, kv) || b(batch, h, q, kv);
#endif
  }
  void seen_keys(Index batch, Index h, Range q, Range kv, SeenKeys& out) const {
    SeenKeys left, right;
    flex::seen_keys(a, batch, h, q, kv, left);
    flex::seen_keys(b, batch, h, q, kv, right);
    unite(left.any, right.any, out.any);
    unite(left.all, right.all, out.all);
  }
  void check_reach(const Reach& reach) const {
    flex::check_reach(a, reach);
    flex::check_reach(b, reach);
  }
};

template <MaskMod A>
struct NotMask : MaskOperand {
  A a;
  static constexpr bool kOpaque = is_opaque<A>(), kSameForHeads = same_for_heads<A>();
  constexpr explicit NotMask(A mod) : a(std::move(mod)) {}
  FLEX_MOD constexpr bool operator()(Index b, Index h, Index q, Index kv) const { return !a(b, h, q, kv); }
  void seen_keys(Index b, Index h, Range q, Range kv, SeenKeys& out) const {
    SeenKeys inner;
    flex::seen_keys(a, b, h, q, kv, inner);
    complement(inner.all, kv, out.any);  // a key hidden from some row is one that not all rows saw
    complement(inner.any, kv, out.all);
  }
  void check_reach(const Reach& reach) const { flex::check_reach(a, reach); }
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

}  // namespace chorus::flex
