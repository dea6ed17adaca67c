// Packed documents: a query sees the keys of its own document, on both sides. Equal ids are one document wherever they
// stand. Every index of the call must be below the number of ids given.
//
//   Runs runs({0, 0, 0, 1, 1});
//   attention(q, k, v, out, {}, document(runs) & symmetric_window(128));   // causal: see document_causal.h
#pragma once

#include "flex/combine.h"
#include "flex/runs.h"

namespace chorus::flex {

struct Document : MaskOperand {
  static constexpr bool kSameForHeads = true;
  RunsView runs;
  constexpr explicit Document(RunsView ids) : runs(ids) {}
  FLEX_MOD constexpr bool operator()(Index, Index, Index q, Index kv) const {
    return runs.id.at(q, "document") == runs.id.at(kv, "document");
  }
  void seen_keys(Index, Index, Range q, Range kv, SeenKeys& out) const {
    runs.table->seen_keys(q, kv, false, out);
  }
  void check_reach(const Reach& reach) const {
    runs.id.check_covers(reach.q > reach.kv ? reach.q : reach.kv, "tokens", "document");
  }
};

/// `runs` outlives the mod.
constexpr Document document(RunsView runs) {
  return Document(runs);
}
inline Document document(const Runs& runs) {
  return document(runs.view());
}

}  // namespace chorus::flex
