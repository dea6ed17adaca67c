// A tree of tokens, as in speculative decoding: a query sees itself and its ancestors. A context before the tree is a chain
// at its root: token i's parent is token i - 1.
//
//   Tree tree({-1, 0, 1, 1, 2, 3});   // tokens 2 and 3 both follow token 1; 4 follows 2, 5 follows 3
//   attention(q, k, v, out, {}, tree.ancestors());   // the tree must outlive the call
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "flex/captured.h"
#include "flex/combine.h"

namespace chorus::flex {

/// What the mod holds: each token's place in a walk through the tree, and where its descendants end in it.
struct TreePlaces {
  Captured<Index> enter, leave;
};

struct TreeAncestors : MaskOperand {
  static constexpr bool kSameForHeads = true;
  TreePlaces places;              // kv is an ancestor of q if q lies in kv's part of the walk
  const Index* parent = nullptr;  // [tokens], host
  const Index* chain = nullptr;  // [tokens], host: the first of the consecutive ancestors that end in a token
  FLEX_MOD constexpr bool operator()(Index, Index, Index q, Index kv) const {
    const Index at = places.enter.at(q, "tree_ancestors");
    return places.enter.at(kv, "tree_ancestors") <= at && at < places.leave.at(kv, "tree_ancestors");
  }
  void seen_keys(Index, Index, Range q, Range kv, SeenKeys& out) const;
  void check_reach(const Reach& reach) const {
    places.enter.check_covers(reach.q > reach.kv ? reach.q : reach.kv, "tokens", "tree_ancestors");
  }
};

class Tree {
 public:
  /// parent[i] is below i, or -1 for a root. Throws Error(usage) that names the first token of which it is not so.
  explicit Tree(std::vector<Index> parent);

  /// Valid while this object, or a copy or move of it, lives. Every index of the call must be a token of the tree.
  TreeAncestors ancestors() const;
  /// The same for a kernel that reads copies of enter() and leave() at these places, such as a device's memory.
  TreeAncestors ancestors(const Index* enter, const Index* leave) const;
  std::span<const Index> enter() const { return data_->enter; }
  std::span<const Index> leave() const { return data_->leave; }

 private:
  struct Data {
    std::vector<Index> parent, chain, enter, leave;
  };
  std::shared_ptr<const Data> data_;
};

}  // namespace chorus::flex
