// What a mask mod knows of itself without being asked pair by pair: for a range of query rows, the keys that ANY of the
// rows sees and the keys that ALL of them see, as sorted lists of ranges. Block masks are made of the two lists.
//
// Both are promises, not wishes: `any` may name too many keys, never too few; `all` too few, never too many. A mod that
// can say it has a member  void seen_keys(Index b, Index h, Range q, Range kv, SeenKeys& out) const  which speaks of keys
// in kv only; q (offset included) and kv are not empty, out arrives empty. The work is host code: no device runs it.
//
//   SeenKeys seen;
//   seen_keys(causal(), 0, 0, {64, 128}, {0, 4096}, seen);   // any: [0, 128), all: [0, 65)
//   classify_by_structure(causal(), 0, 0, {64, 128}, {0, 64});   // BlockKind::full
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "flex/mod.h"

namespace chorus::flex {

/// Ranges in ascending order that neither overlap nor touch. The first eight lie in the object: no allocation for the
/// masks of every day.
class KeyRanges {
 public:
  KeyRanges() = default;
  KeyRanges(const KeyRanges&) = delete;
  KeyRanges& operator=(const KeyRanges&) = delete;

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  const Range* begin() const { return data_; }
  const Range* end() const { return data_ + size_; }
  const Range& operator[](std::size_t i) const { return data_[i]; }
  /// From the first key to the last; not of an empty list.
  Range hull() const { return {data_[0].begin, data_[size_ - 1].end}; }
  bool covers(Range keys) const {
    return std::any_of(begin(), end(), [&](Range r) { return r.begin <= keys.begin && r.end >= keys.end; });
  }

  /// Those that have keys of `keys`, which is not empty.
  std::span<const Range> touching(Range keys) const {
    const Range* first = begin();
    if (size_ > kInside)
      first = std::partition_point(first, end(), [&](Range r) { return r.end <= keys.begin; });
    while (first != end() && first->end <= keys.begin) ++first;
    const Range* last = first;
    while (last != end() && last->begin < keys.end) ++last;
    return {first, last};
  }

  void clear() { size_ = 0; }
  void assign(const KeyRanges& other) {
    clear();
    for (const Range range : other) push(range);
  }
  /// `range` begins at or after the begin of the last one; an empty one is left out, one that touches is joined.
  void add(Range range) {
    if (range.begin >= range.end) return;
    if (size_ > 0 && range.begin <= data_[size_ - 1].end)
      data_[size_ - 1].end = std::max(data_[size_ - 1].end, range.end);
    else
      push(range);
  }
  /// In any order; sort() before reading.
  void push(Range range) {
    if (size_ == capacity_) make_room();
    data_[size_++] = range;
  }
  /// Puts what was pushed in order and joins it.
  void sort();

 private:
  static constexpr std::size_t kInside = 8;
  void make_room();

  std::array<Range, kInside> inside_;
  Range* data_ = inside_.data();
  std::size_t size_ = 0, capacity_ = kInside;
  std::unique_ptr<Range[]> outside_;
};

struct SeenKeys {
  KeyRanges any, all;

  void clear() {
    any.clear();
    all.clear();
  }
  void assign(const SeenKeys& other) {
    any.assign(other.any);
    all.assign(other.all);
  }
  /// Of one range each; what is empty is left out.
  void add(Range by_any, Range by_all) {
    any.add(by_any);
    all.add(by_all);
  }
};

/// `out` arrives empty and is none of the others.
void intersect(const KeyRanges& a, const KeyRanges& b, KeyRanges& out);
void unite(const KeyRanges& a, const KeyRanges& b, KeyRanges& out);
/// What of `within` is not in `a`, which lies inside it.
void complement(const KeyRanges& a, Range within, KeyRanges& out);
/// For rows of which one part sees `a` and the rest `b`: any of either, all of both.
void join_rows(const SeenKeys& a, const SeenKeys& b, SeenKeys& out);

/// The part of `kv` in [begin, end]; wide, so that a row minus a window needs no care.
constexpr Range clip_keys(std::int64_t begin, std::int64_t last, Range kv) {
  const std::int64_t from = begin > kv.begin ? begin : kv.begin;
  const std::int64_t to = last + 1 < kv.end ? last + 1 : kv.end;
  return from < to ? Range{static_cast<Index>(from), static_cast<Index>(to)} : Range{};
}

template <class F>
concept has_structure = requires(const F& f, Index i, Range range, SeenKeys& out) {
  f.seen_keys(i, i, range, range, out);
};

/// A member of that name which the kernels cannot call would be passed over in silence.
template <class F>
concept has_unusable_structure = !has_structure<F> && requires {
  &F::seen_keys;
};

/// Is there a part of the mod (itself, or an operand) that can only be asked pair by pair?
template <class F>
constexpr bool is_opaque() {
  if constexpr (requires { F::kOpaque; })
    return F::kOpaque;
  else
    return !has_structure<F>;
}

/// Is the answer the same for every query head? A mod that can promise it has `kSameForHeads = true`: what is found for one
/// head then serves all.
template <class F>
constexpr bool same_for_heads() {
  if constexpr (requires { F::kSameForHeads; })
    return F::kSameForHeads;
  else
    return false;
}

/// A mask mod that knows its structure throughout: no pair needs to be evaluated to make its block mask.
template <class F>
concept StructuredMaskMod = MaskMod<F> && has_structure<F> && !is_opaque<F>();

/// The mask without a mask: every pair is allowed.
struct AllowAll : MaskOperand {
  static constexpr bool kSameForHeads = true;
  FLEX_MOD constexpr bool operator()(Index, Index, Index, Index) const { return true; }
  void seen_keys(Index, Index, Range, Range kv, SeenKeys& out) const { out.add(kv, kv); }
};

/// Of an opaque mod: any key may be seen, none is certain.
template <MaskMod M>
void seen_keys(const M& mod, Index b, Index h, Range q, Range kv, SeenKeys& out) {
  static_assert(!has_unusable_structure<M>,
                "seen_keys is void seen_keys(Index b, Index h, Range q, Range kv, SeenKeys& out) const");
  if constexpr (has_structure<M>)
    mod.seen_keys(b, h, q, kv, out);
  else
    out.any.add(kv);
}

/// What the mask does with a block as far as its structure tells: `full` and `empty` are certain, and no pair is asked.
template <MaskMod M>
BlockKind classify_by_structure(const M& mod, Index b, Index h, Range q, Range kv) {
  if constexpr (has_structure<M>) {
    SeenKeys seen;
    mod.seen_keys(b, h, q, kv, seen);
    if (seen.any.empty()) return BlockKind::empty;
    return seen.all.covers(kv) ? BlockKind::full : BlockKind::partial;
  } else {
    return BlockKind::partial;
  }
}

/// What the mask does with a block, pair by pair.
template <MaskMod M>
BlockKind classify_by_pairs(const M& mod, Index b, Index h, Range q, Range kv) {
  bool any = false, all = true;
  for (Index i = q.begin; i < q.end; ++i) {
    for (Index j = kv.begin; j < kv.end; ++j) {
      const bool allowed = mod(b, h, i, j);
      any |= allowed;
      all &= allowed;
    }
    if (any && !all) return BlockKind::partial;
  }
  return all ? BlockKind::full : BlockKind::empty;
}

}  // namespace chorus::flex
