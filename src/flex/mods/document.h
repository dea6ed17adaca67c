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
  FLEX_MOD constexpr bool operator()(Index, Index, Index q, Index kv) const {
    return runs.id.at(q, "document") == runs.id.at(kv, "document");
  }
  void seen_keys(Index, Index, Range q, Range kv, SeenKeys& out) const {
    runs.table->seen_keys(q, kv, false, out);
  }
};

inline Document document(const Runs& runs) {
  return Document(runs.view());
}

}  // namespace chorus::flex
