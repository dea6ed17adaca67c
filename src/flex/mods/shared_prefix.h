// Samples packed behind one prefix, which is stored once: a query sees, of what stands before it, the first `prefix` keys
// and its own sample. A sample's rows come out as if the prefix stood directly before it.
//
//   Runs runs({0, 0, 0, 1, 1, 2, 2});   // a prefix of three tokens, two samples of two
//   attention(q, k, v, out, {}, shared_prefix(3, runs));   // runs must outlive the call
#pragma once

#include "flex/combine.h"
#include "flex/runs.h"

namespace chorus::flex {

struct SharedPrefix : MaskOperand {
  static constexpr bool kSameForHeads = true;
  Index prefix;
  RunsView runs;
  constexpr SharedPrefix(Index keys, RunsView samples) : prefix(keys), runs(samples) {}
  FLEX_MOD constexpr bool operator()(Index, Index, Index q, Index kv) const {
    return q >= kv && (kv < prefix || runs.id.at(q, "shared_prefix") == runs.id.at(kv, "shared_prefix"));
  }
  void seen_keys(Index, Index, Range q, Range kv, SeenKeys& out) const {
    SeenKeys own, shared;
    runs.table->seen_keys(q, kv, true, own);
    const Index last = prefix - 1;
    shared.add(clip_keys(0, last < q.end - 1 ? last : q.end - 1, kv),
               clip_keys(0, last < q.begin ? last : q.begin, kv));
    unite(own.any, shared.any, out.any);
    unite(own.all, shared.all, out.all);
  }
  void check_reach(const Reach& reach) const { runs.id.check_covers(reach.q, "query rows", "shared_prefix"); }
};

/// `prefix` is 0 or more; every query index must be below the number of ids.
constexpr SharedPrefix shared_prefix(Index prefix, RunsView runs) {
  if (prefix < 0) refuse_mod_argument("shared_prefix", "prefix", prefix, "0 or more");
  return {prefix, runs};
}
inline SharedPrefix shared_prefix(Index prefix, const Runs& runs) {
  return shared_prefix(prefix, runs.view());
}

}  // namespace chorus::flex
