// Computed segments, keyed by content: the tokens, their positions within the segment, and what the segment sees at
// which distance. Two prompts that contain the same segment share its keys and values; two segments that begin alike
// share what they have in common (a radix tree).
//
//   Context* context = tree.context({{instruction, 51}}, false);
//   Node* end = tree.insert(context, ids, local_positions);   // refcounted: tree.release(end)
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "engine/page_pool.h"
#include "text/token_id.h"

namespace chorus::engine {

struct Context;
struct Node;

/// What follows a piece, by the token (and its position within the segment) that it begins with.
using Children = std::map<std::pair<text::TokenId, std::int32_t>, std::unique_ptr<Node>>;

/// A piece of a segment: tokens that follow those of `parent`.
struct Node {
  std::uint64_t id = 0;
  Context* context = nullptr;
  Node* parent = nullptr;  // null: the segment begins here
  std::int32_t first = 0;  // index within the segment of its first token
  std::vector<text::TokenId> ids;
  std::vector<std::int32_t> positions;  // relative to the segment's first token
  std::vector<PageId> pages;
  std::int32_t begin = 0;  // its first slot within pages[0]
  bool computed = false;
  std::int32_t holders = 0;  // sequences, children and contexts that need it
  std::uint64_t idle_since = 0;
  Children children;

  std::int32_t size() const { return static_cast<std::int32_t>(ids.size()); }
  Children::key_type key() const { return {ids.front(), positions.front()}; }
};

/// What a segment sees: other segments (by their last node) and how far before it each begins. Blind tokens see nothing.
struct Seen {
  Node* end = nullptr;
  std::int32_t distance = 0;  // this segment's first position minus the seen one's
  bool operator<(const Seen& other) const {
    return std::pair(end->id, distance) < std::pair(other.end->id, other.distance);
  }
};
struct Context {
  std::vector<Seen> seen;
  bool blind = false;
  Children roots;
};

class SegmentTree {
 public:
  explicit SegmentTree(PagePool& pool) : pool_(pool) {}

  /// The context of these segments in this order; made when it is new. It lives while it has roots: insert at once.
  Context* context(std::vector<Seen> seen, bool blind);

  /// The last node of a segment with these tokens; the caller holds it. Missing tokens become uncomputed nodes with
  /// pages. Null when the pool has no room even after everything idle is dropped; then nothing is held. Positions count
  /// from the segment's first token, one for each id, at least one. Nodes that others hold may be cut in two on the way:
  /// the end of a segment stays its end.
  Node* insert(Context* context, std::span<const text::TokenId> ids, std::span<const std::int32_t> positions);
  void hold(Node* node);
  /// A node that nobody holds stays, idle, as long as nobody needs its pages; one that was never computed is dropped.
  void release(Node* node);

  /// Nodes not computed yet, in a fixed order. One forward pass computes them all: a layer's keys are stored before
  /// any row of it attends, so a node may stand before what it needs.
  std::vector<Node*> pending() const;
  /// Frees pages of idle nodes, the longest idle first, until `pages` are available; false if that is impossible.
  bool make_room(std::int64_t pages);

  /// The pieces of the segment that ends with `end`, first to last.
  static std::vector<const Node*> chain(const Node* end);

  /// `node` is one of pending() whose keys and values are in its pages now.
  void mark_computed(Node* node);

 private:
  Node* split(Node* node, std::int32_t at);
  void drop(Node* node);
  void drop_context_if_empty(Context* context);
  static Children& siblings_of(Node* node);

  PagePool& pool_;
  std::map<std::pair<bool, std::vector<Seen>>, std::unique_ptr<Context>> contexts_;  // by (blind, seen)
  std::map<std::uint64_t, Node*> idle_;                                              // by idle_since
  std::map<std::uint64_t, Node*> pending_;                                           // by id
  std::uint64_t next_id_ = 1, clock_ = 1;
  const Context* inserting_ = nullptr;  // not to be dropped while it has no roots
};

}  // namespace chorus::engine
