// Packed causal documents: a query sees itself and what stands before it in its own document. The same as
// causal() & document(runs); its block mask is exact where that one calls some empty block partial.
//
//   Runs runs({0, 0, 0, 1, 1});
//   attention(q, k, v, out, {}, document_causal(runs));   // runs must outlive the call
#pragma once

#include "flex/combine.h"
#include "flex/runs.h"

namespace chorus::flex {

struct DocumentCausal : MaskOperand {
  static constexpr bool kSameForHeads = true;
  RunsView runs;
  constexpr explicit DocumentCausal(RunsView ids) : runs(ids) {}
  FLEX_MOD constexpr bool operator()(Index, Index, Index q, Index kv) const {
    return q >= kv && runs.id.at(q, "document_causal") == runs.id.at(kv, "document_causal");
  }
  void seen_keys(Index, Index, Range q, Range kv, SeenKeys& out) const {
    runs.table->seen_keys(q, kv, true, out);
  }
  void check_reach(const Reach& reach) const {
    runs.id.check_covers(reach.q, "query rows", "document_causal");
  }
};

/// `runs` outlives the mod. Every query index must be below the number of ids.
constexpr DocumentCausal document_causal(RunsView runs) {
  return DocumentCausal(runs);
}
inline DocumentCausal document_causal(const Runs& runs) {
  return document_causal(runs.view());
}

}  // namespace chorus::flex
