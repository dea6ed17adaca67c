// Isolation and fusion, the ensemble's mask: causal, and a row sees the segments its own segment sees.
//
// allow(q, kv) = q >= kv and (q is free, or q and kv are both in segments and segment(q) is or sees segment(kv)).
// Rows from `free_from` on are free: they see every earlier key. A token of segment -1 that is not free sees nothing.
// `sees` is used as written, never closed transitively; a segment always sees itself.
//
//   SegmentRelation relation({0, 0, -1, 1, 1}, 2, {{1, 0}}, 5);   // segment 1 sees segment 0; rows from 5 on are free
//   attention(q, k, v, out, {}, relation.mask());
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "flex/combine.h"
#include "flex/runs.h"

namespace chorus::flex {

struct SegmentMask : MaskOperand {
  static constexpr bool kSameForHeads = true;
  RunsView runs;                 // of the tokens before free_from; its table says what each run's rows see
  Captured<unsigned char> sees;  // [segments][segments], row = the one that sees
  Index segments = 0;
  Index free_from = 0;

  FLEX_MOD constexpr bool operator()(Index, Index, Index q, Index kv) const {
    if (q < kv) return false;
    if (q >= free_from) return true;
    const Index of_q = runs.id.at(q, "segment_relation"), of_kv = runs.id.at(kv, "segment_relation");
    return of_q >= 0 && of_kv >= 0 && sees.at(std::int64_t{of_q} * segments + of_kv, "segment_relation") != 0;
  }
  void seen_keys(Index, Index, Range q, Range kv, SeenKeys& out) const;
};

class SegmentRelation {
 public:
  /// segment_of[i] is token i's segment in [0, segments) or -1; it has at least free_from entries, the rest are not
  /// used. A pair (a, b) of `sees` says that a sees b. Throws Error(usage) for an id or a pair out of range.
  SegmentRelation(std::vector<Index> segment_of, Index segments,
                  std::span<const std::pair<Index, Index>> sees, Index free_from);
  SegmentRelation(std::vector<Index> segment_of, Index segments,
                  std::initializer_list<std::pair<Index, Index>> sees, Index free_from)
      : SegmentRelation(std::move(segment_of), segments, std::span(sees.begin(), sees.size()), free_from) {}

  /// Valid while this object, or a copy or move of it, lives.
  SegmentMask mask() const;
  /// The same for a kernel that reads copies of segment_of() and sees() at these places, such as a device's memory.
  SegmentMask mask(const Index* segment_of, const unsigned char* sees) const;
  /// Of the tokens before free_from.
  std::span<const Index> segment_of() const { return *segment_of_; }
  /// [segments][segments], 1 where the row's segment sees the column's.
  std::span<const unsigned char> sees() const { return *sees_; }

 private:
  Index segments_, free_from_;
  std::shared_ptr<const std::vector<Index>> segment_of_;
  std::shared_ptr<const std::vector<unsigned char>> sees_;
  std::shared_ptr<const RunTable> table_;
};

}  // namespace chorus::flex
