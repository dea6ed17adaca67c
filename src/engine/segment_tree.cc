#include "engine/segment_tree.h"

#include <algorithm>
#include <cassert>

namespace chorus::engine {

Context* SegmentTree::context(std::vector<Seen> seen, bool blind) {
  auto& found = contexts_[{blind, seen}];
  if (!found) {
    found = std::make_unique<Context>();
    for (const Seen& s : seen) hold(s.end);
    found->seen = std::move(seen);
    found->blind = blind;
  }
  return found.get();
}

std::vector<const Node*> SegmentTree::chain(const Node* end) {
  std::vector<const Node*> nodes;
  for (; end != nullptr; end = end->parent) nodes.push_back(end);
  std::reverse(nodes.begin(), nodes.end());
  return nodes;
}

Node* SegmentTree::insert(Context* context, std::span<const text::TokenId> ids,
                          std::span<const std::int32_t> positions) {
  assert(!ids.empty() && ids.size() == positions.size());
  Node* parent = nullptr;
  auto* children = &context->roots;
  std::size_t done = 0;
  while (done < ids.size()) {
    const auto found = children->find({ids[done], positions[done]});
    if (found == children->end()) break;
    Node* node = found->second.get();
    std::size_t same = 1;
    while (same < node->ids.size() && done + same < ids.size() && node->ids[same] == ids[done + same] &&
           node->positions[same] == positions[done + same])
      ++same;
    done += same;
    if (same < node->ids.size()) node = split(node, static_cast<std::int32_t>(same));
    parent = node;
    children = &node->children;
  }
  if (parent != nullptr) hold(parent);  // keeps it while room is made; handed on below
  if (done == ids.size()) return parent;

  const auto rest = static_cast<std::int64_t>(ids.size() - done);
  inserting_ = context;  // the room may be that of its last root
  const bool room = make_room(pool_.pages_for(rest));
  inserting_ = nullptr;
  if (!room) {
    if (parent != nullptr) release(parent);
    drop_context_if_empty(context);
    return nullptr;
  }
  auto node = std::make_unique<Node>();
  node->id = next_id_++;
  node->context = context;
  node->parent = parent;  // the hold taken above is the child's
  node->first = static_cast<std::int32_t>(done);
  node->ids.assign(ids.begin() + static_cast<std::ptrdiff_t>(done), ids.end());
  node->positions.assign(positions.begin() + static_cast<std::ptrdiff_t>(done), positions.end());
  node->pages = pool_.take(pool_.pages_for(rest));
  node->holders = 1;
  Node* made = node.get();
  pending_[made->id] = made;
  siblings_of(made)[made->key()] = std::move(node);
  return made;
}

Node* SegmentTree::split(Node* node, std::int32_t at) {
  std::unique_ptr<Node>& slot = siblings_of(node).at(node->key());
  auto front = std::make_unique<Node>();
  front->id = next_id_++;
  front->context = node->context;
  front->parent = node->parent;
  front->first = node->first;
  front->ids.assign(node->ids.begin(), node->ids.begin() + at);
  front->positions.assign(node->positions.begin(), node->positions.begin() + at);
  front->begin = node->begin;
  front->computed = node->computed;
  front->holders = 1;  // its child: the node, which keeps its identity as the segment's end
  const std::int32_t cut = node->begin + at, tokens = pool_.page_tokens();
  const std::ptrdiff_t last = (cut - 1) / tokens, next = cut / tokens;
  front->pages.assign(node->pages.begin(), node->pages.begin() + last + 1);
  if (next == last) pool_.hold(node->pages[static_cast<std::size_t>(last)]);
  node->pages.erase(node->pages.begin(), node->pages.begin() + next);
  node->begin = cut % tokens;
  node->first += at;
  node->ids.erase(node->ids.begin(), node->ids.begin() + at);
  node->positions.erase(node->positions.begin(), node->positions.begin() + at);
  if (!front->computed) pending_[front->id] = front.get();

  std::unique_ptr<Node> back = std::move(slot);
  slot = std::move(front);
  back->parent = slot.get();
  slot->children[node->key()] = std::move(back);
  return slot.get();
}

Children& SegmentTree::siblings_of(Node* node) {
  return node->parent != nullptr ? node->parent->children : node->context->roots;
}

void SegmentTree::hold(Node* node) {
  if (node->holders++ == 0 && node->idle_since != 0) {
    idle_.erase(node->idle_since);
    node->idle_since = 0;
  }
}

void SegmentTree::release(Node* node) {
  assert(node->holders > 0);
  if (--node->holders > 0) return;
  if (!node->computed) return drop(node);
  node->idle_since = clock_++;
  idle_[node->idle_since] = node;
}

void SegmentTree::drop(Node* node) {
  assert(node->holders == 0 && node->children.empty());
  if (node->idle_since != 0) idle_.erase(node->idle_since);
  pending_.erase(node->id);
  pool_.release(node->pages);
  Node* parent = node->parent;
  Context* context = node->context;
  siblings_of(node).erase(node->key());
  // A parent is still a root's descendant or a root; if it goes too, the context goes with it.
  if (parent != nullptr) return release(parent);
  drop_context_if_empty(context);
}

void SegmentTree::drop_context_if_empty(Context* context) {
  if (!context->roots.empty() || context == inserting_) return;
  const auto found = contexts_.find({context->blind, context->seen});
  if (found == contexts_.end() || found->second.get() != context) return;
  const std::vector<Seen> seen = context->seen;
  contexts_.erase(found);
  for (const Seen& s : seen) release(s.end);
}

bool SegmentTree::make_room(std::int64_t pages) {
  while (pool_.available() < pages) {
    if (idle_.empty()) return false;
    drop(idle_.begin()->second);
  }
  return true;
}

std::vector<Node*> SegmentTree::pending() const {
  std::vector<Node*> nodes;
  for (const auto& [id, node] : pending_) nodes.push_back(node);
  return nodes;
}

void SegmentTree::mark_computed(Node* node) {
  node->computed = true;
  pending_.erase(node->id);
}

}  // namespace chorus::engine
