// Isolation and fusion, the ensemble's mask: causal, and a row sees the segments its own segment sees.
//
// allow(q, kv) = q >= kv and (q is free, or q and kv are both in segments and segment(q) is or sees segment(kv)).
// Rows from `free_from` on are free: they see every earlier key. A token of segment -1 that is not free sees nothing.
// `sees` is used as written, never closed transitively; a segment always sees itself.
//
//   SegmentRelation relation({0, 0, -1, 1, 1}, 2, {{1, 0}}, 5);   // segment 1 sees segment 0; rows from 5 on are free
//   attention(q, k, v, out, {}, relation.mask());
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "flex/combine.h"
#include "flex/mods/causal.h"
#include "flex/runs.h"

namespace chorus::flex {

struct SegmentMask : MaskOperand {
  RunsView runs;                        // of the tokens before free_from
  const unsigned char* sees = nullptr;  // [segments][segments], row = the one that sees
  Index segments = 0;
  Index free_from = 0;

  constexpr bool allowed(Index of_q, Index of_kv) const {
    return of_q >= 0 && of_kv >= 0 && sees[of_q * segments + of_kv] != 0;
  }
  constexpr bool operator()(Index, Index, Index q, Index kv) const {
    return q >= kv && (q >= free_from || allowed(runs.id[q], runs.id[kv]));
  }

  constexpr BlockKind classify(Index b, Index h, Range q, Range kv) const {
    const BlockKind causal = Causal().classify(b, h, q, kv);
    if (causal == BlockKind::empty) return causal;
    bool any = false, all = true;
    const auto add = [&](BlockKind kind) {
      any |= kind != BlockKind::empty;
      all &= kind == BlockKind::full;
      return any && !all;
    };
    for (Index i = q.begin; i < q.end; i = run_end(i, q.end)) {
      const Range rows{i, run_end(i, q.end)};
      if (i >= free_from) {
        if (add(Causal().classify(b, h, rows, kv))) return BlockKind::partial;
        continue;
      }
      for (Index j = kv.begin; j < kv.end; j = run_end(j, kv.end)) {
        // Keys after every row are hidden, whatever they are; they may lie past the table.
        const bool related = j < free_from && j < rows.end && allowed(runs.id[i], runs.id[j]);
        const Range keys{j, run_end(j, kv.end)};
        if (add(related ? Causal().classify(b, h, rows, keys) : BlockKind::empty)) return BlockKind::partial;
      }
    }
    return all ? BlockKind::full : BlockKind::empty;
  }

 private:
  constexpr Index run_end(Index i, Index limit) const {
    const Index end = i >= free_from ? limit : runs.run_end[i];
    return end < limit ? end : limit;
  }
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

  /// Valid while this object lives.
  SegmentMask mask() const;

 private:
  Index segments_, free_from_;
  Runs runs_;
  std::vector<unsigned char> sees_;
};

}  // namespace chorus::flex
