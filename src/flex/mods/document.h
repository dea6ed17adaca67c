// Packed documents: a query sees the keys of its own document, on both sides; `causal() & document(runs)` is the usual
// form. Indices must be below the number of ids given.
//
//   Runs runs({0, 0, 0, 1, 1});
//   attention(q, k, v, out, {}, causal() & document(runs));
#pragma once

#include "flex/combine.h"
#include "flex/runs.h"

namespace chorus::flex {

struct Document : MaskOperand {
  RunsView runs;
  constexpr explicit Document(RunsView ids) : runs(ids) {}
  constexpr bool operator()(Index, Index, Index q, Index kv) const { return runs.id[q] == runs.id[kv]; }
  constexpr BlockKind classify(Index, Index, Range q, Range kv) const {
    bool any = false, all = true;
    for (Index i = q.begin; i < q.end; i = runs.run_end[i])
      for (Index j = kv.begin; j < kv.end; j = runs.run_end[j]) {
        const bool same = runs.id[i] == runs.id[j];
        any |= same;
        all &= same;
        if (any && !all) return BlockKind::partial;
      }
    return all ? BlockKind::full : BlockKind::empty;
  }
};

inline Document document(const Runs& runs) {
  return Document(runs.view());
}

}  // namespace chorus::flex
