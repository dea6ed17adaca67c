// The segment tree against a shadow of the page store: what it hands out for a segment is that segment's tokens,
// whatever was shared, cut, dropped and taken again before.
#include "engine/segment_tree.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace chorus::engine {
namespace {

using Ids = std::vector<text::TokenId>;
using Positions = std::vector<std::int32_t>;

/// What one slot of the store would hold: a token within a segment, and what the segment sees.
struct Slot {
  text::TokenId id = -1;
  std::int32_t position = -1, index = -1;
  const Context* context = nullptr;
  bool operator==(const Slot&) const = default;
};

class SegmentTreeTest : public testing::Test {
 protected:
  static constexpr std::int32_t kPageTokens = 4;

  void make(std::int64_t pages) {
    pool_ = std::make_unique<PagePool>(pages, kPageTokens);
    tree_ = std::make_unique<SegmentTree>(*pool_);
    store_.assign(static_cast<std::size_t>(pages * kPageTokens), {});
  }
  void SetUp() override { make(32); }

  static Positions sequential(std::size_t n) {
    Positions positions(n);
    std::iota(positions.begin(), positions.end(), 0);
    return positions;
  }
  Node* insert(const Ids& ids, std::vector<Seen> seen = {}, bool blind = false) {
    return tree_->insert(tree_->context(std::move(seen), blind), ids, sequential(ids.size()));
  }
  Slot& slot(const Node& node, std::int32_t i) {
    const std::int32_t at = node.begin + i;
    return store_[static_cast<std::size_t>(
        node.pages.at(static_cast<std::size_t>(at / kPageTokens)) * kPageTokens + at % kPageTokens)];
  }
  static Slot expected(const Node& node, std::int32_t i) {
    const auto index = static_cast<std::size_t>(i);
    return {node.ids[index], node.positions[index], node.first + i, node.context};
  }
  /// Computes what is pending: writes it to the store.
  std::int64_t compute() {
    std::int64_t tokens = 0;
    for (Node* node : tree_->pending()) {
      for (std::int32_t i = 0; i < node->size(); ++i) slot(*node, i) = expected(*node, i);
      tokens += node->size();
      tree_->mark_computed(node);
    }
    return tokens;
  }
  /// The segment that ends with `end` is these tokens, and its slots hold them.
  void expect_segment(const Node* end, const Ids& ids, const Positions& positions) {
    Ids found;
    Positions found_positions;
    for (const Node* node : SegmentTree::chain(end)) {
      EXPECT_EQ(node->first, static_cast<std::int32_t>(found.size()));
      EXPECT_TRUE(node->computed);
      EXPECT_EQ(node->context, end->context);
      EXPECT_GT(node->holders, 0);
      EXPECT_GE(node->begin, 0);
      EXPECT_LT(node->begin, kPageTokens);
      EXPECT_EQ(static_cast<std::int64_t>(node->pages.size()), pool_->pages_for(node->begin + node->size()));
      for (std::int32_t i = 0; i < node->size(); ++i) EXPECT_EQ(slot(*node, i), expected(*node, i));
      found.insert(found.end(), node->ids.begin(), node->ids.end());
      found_positions.insert(found_positions.end(), node->positions.begin(), node->positions.end());
    }
    EXPECT_EQ(found, ids);
    EXPECT_EQ(found_positions, positions);
  }
  void expect_segment(const Node* end, const Ids& ids) { expect_segment(end, ids, sequential(ids.size())); }
  void expect_all_free() {
    EXPECT_TRUE(tree_->make_room(pool_->pages()));
    EXPECT_EQ(pool_->available(), pool_->pages());
    EXPECT_TRUE(tree_->pending().empty());
  }

  std::unique_ptr<PagePool> pool_;
  std::unique_ptr<SegmentTree> tree_;
  std::vector<Slot> store_;
};

TEST_F(SegmentTreeTest, TheSameSegmentIsComputedOnce) {
  Node* a = insert({1, 2, 3, 4, 5});
  EXPECT_EQ(compute(), 5);
  Node* b = insert({1, 2, 3, 4, 5});
  EXPECT_EQ(a, b);
  EXPECT_EQ(compute(), 0);
  EXPECT_EQ(pool_->available(), 30);
  tree_->release(a);
  expect_segment(b, {1, 2, 3, 4, 5});
  tree_->release(b);
  expect_all_free();
}

TEST_F(SegmentTreeTest, TwoThatArePendingTogetherShareToo) {
  Node* a = insert({1, 2, 3, 4, 5});
  Node* b = insert({1, 2, 3, 9});
  EXPECT_EQ(compute(), 6);
  expect_segment(a, {1, 2, 3, 4, 5});
  expect_segment(b, {1, 2, 3, 9});
  tree_->release(a);
  tree_->release(b);
  expect_all_free();
}

TEST_F(SegmentTreeTest, PositionsAndContextAreInTheKey) {
  Node* plain = insert({1, 2, 3});
  Node* blind = insert({1, 2, 3}, {}, true);
  Node* sees = insert({1, 2, 3}, {{plain, 3}});
  Node* farther = insert({1, 2, 3}, {{plain, 4}});
  Node* stretched = tree_->insert(tree_->context({}, false), Ids{1, 2, 3}, Positions{0, 2, 3});
  EXPECT_EQ(compute(), 5 * 3 - 1);  // the first token of `stretched` is that of `plain`
  for (const Node* end : {plain, blind, sees, farther}) expect_segment(end, {1, 2, 3});
  expect_segment(stretched, {1, 2, 3}, {0, 2, 3});
  EXPECT_EQ(insert({1, 2, 3}, {{plain, 4}}), farther);
  tree_->release(farther);
  // What is seen stays as long as something that sees it does.
  tree_->release(plain);
  tree_->release(stretched);
  tree_->release(blind);
  tree_->release(farther);
  EXPECT_FALSE(tree_->make_room(31));
  expect_segment(plain, {1, 2, 3});
  tree_->release(sees);
  expect_all_free();
}

TEST_F(SegmentTreeTest, SplitsAtEveryOffset) {
  for (std::int32_t length = 2; length <= 13; ++length)
    for (std::int32_t cut = 1; cut < length; ++cut)
      for (const bool computed_before : {false, true}) {
        SCOPED_TRACE(testing::Message()
                     << "length " << length << ", cut at " << cut << ", computed " << computed_before);
        make(16);
        Ids ids(static_cast<std::size_t>(length)), other, prefix;
        std::iota(ids.begin(), ids.end(), 100);
        other = ids;
        for (std::size_t i = static_cast<std::size_t>(cut); i < other.size(); ++i) other[i] += 50;
        prefix.assign(ids.begin(), ids.begin() + cut);
        Node* a = insert(ids);
        std::int64_t tokens = computed_before ? compute() : 0;
        Node* b = insert(other);
        Node* c = insert(prefix);
        tokens += compute();
        expect_segment(a, ids);
        expect_segment(b, other);
        expect_segment(c, prefix);
        EXPECT_EQ(tokens, 2 * length - cut);
        // Each goes alone and the others stay whole, in a page that two of them have a part of too.
        tree_->release(a);
        EXPECT_FALSE(tree_->make_room(16));
        expect_segment(b, other);
        expect_segment(c, prefix);
        tree_->release(b);
        EXPECT_FALSE(tree_->make_room(16));
        expect_segment(c, prefix);
        tree_->release(c);
        expect_all_free();
      }
}

TEST_F(SegmentTreeTest, WhatASegmentSeesMayBeCutInTwo) {
  Node* seen = insert({1, 2, 3, 4, 5, 6});
  Node* sees = insert({7, 8}, {{seen, 6}});
  compute();
  Node* shorter = insert({1, 2, 3});
  EXPECT_EQ(compute(), 0);
  EXPECT_EQ(insert({7, 8}, {{seen, 6}}), sees);  // its identity is that of its last node
  expect_segment(sees->context->seen[0].end, {1, 2, 3, 4, 5, 6});
  for (Node* node : {seen, sees, sees, shorter}) tree_->release(node);
  expect_all_free();
}

TEST_F(SegmentTreeTest, TheLongestIdleGoesFirst) {
  make(3);
  Node* a = insert({1, 2, 3, 4});
  Node* b = insert({5, 6, 7, 8});
  compute();
  tree_->release(b);
  tree_->release(a);
  Node* c = insert({9, 10, 11, 12, 13});  // two pages: b must go
  ASSERT_NE(c, nullptr);
  EXPECT_EQ(compute(), 5);
  a = insert({1, 2, 3, 4});
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(compute(), 0);
  EXPECT_EQ(insert({5, 6, 7, 8}), nullptr);
  expect_segment(a, {1, 2, 3, 4});
  expect_segment(c, {9, 10, 11, 12, 13});
  tree_->release(a);
  tree_->release(c);
  expect_all_free();
}

TEST_F(SegmentTreeTest, RoomMayBeThatOfTheLastOtherSegmentOfItsContext) {
  make(2);
  Node* a = insert({1, 2, 3, 4, 5});
  compute();
  tree_->release(a);
  Node* b = insert({6, 7, 8, 9, 10});  // drops all there is in the context it goes to
  ASSERT_NE(b, nullptr);
  compute();
  expect_segment(b, {6, 7, 8, 9, 10});
  EXPECT_EQ(insert(Ids(9, 1)), nullptr);
  tree_->release(b);
  EXPECT_EQ(insert(Ids(9, 1)), nullptr);  // drops b, and there is still no room
  expect_all_free();
}

TEST_F(SegmentTreeTest, WhatWasNeverComputedIsDroppedAtOnce) {
  Node* seen = insert({1, 2});
  Node* a = insert({3, 4, 5}, {{seen, 2}});
  Node* b = insert({3, 4, 6}, {{seen, 2}});
  tree_->release(a);
  tree_->release(seen);
  EXPECT_EQ(compute(), 2 + 2 + 1);
  expect_segment(b, {3, 4, 6});
  tree_->release(b);
  Node* again = insert({1, 2, 9});
  tree_->release(again);
  EXPECT_EQ(pool_->available(), 32 - 3);
  expect_all_free();
}

TEST_F(SegmentTreeTest, RoomForWhatIsHeldIsRefused) {
  make(2);
  Node* a = insert({1, 2, 3, 4, 5});
  EXPECT_EQ(insert({7}), nullptr);
  EXPECT_EQ(insert({1, 2, 3, 7}), nullptr);  // after a cut that stays
  compute();
  expect_segment(a, {1, 2, 3, 4, 5});
  tree_->release(a);
  expect_all_free();
}

/// Random segments over a small alphabet, so that they share beginnings; random releases, computing and demands for room.
TEST_F(SegmentTreeTest, AnyHistoryKeepsContents) {
  struct Held {
    Node* end;
    Ids ids;
    Positions positions;
    bool computed;
  };
  for (unsigned seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    make(6 + below(30));
    std::vector<Held> held;
    int refused = 0, given = 0;
    for (int step = 0; step < 400; ++step) {
      const int what = below(10);
      if (what < 5) {
        std::vector<Seen> seen;
        for (int k = below(3); k > 0 && !held.empty(); --k)
          seen.push_back(
              {held[static_cast<std::size_t>(below(static_cast<int>(held.size())))].end, below(3)});
        Ids ids(static_cast<std::size_t>(1 + below(14)));
        for (auto& id : ids) id = below(8) == 0 ? 1 : 0;
        Positions positions = sequential(ids.size());
        if (below(4) == 0)
          for (std::size_t i = ids.size() / 2; i < ids.size(); ++i) positions[i] += below(2);
        Node* end = tree_->insert(tree_->context(seen, seen.empty() && below(6) == 0), ids, positions);
        end == nullptr ? ++refused : ++given;
        if (end != nullptr) held.push_back({end, ids, positions, false});
      } else if (what < 8 && !held.empty()) {
        const auto i = static_cast<std::size_t>(below(static_cast<int>(held.size())));
        tree_->release(held[i].end);
        held.erase(held.begin() + static_cast<std::ptrdiff_t>(i));
      } else if (what == 8) {
        tree_->make_room(below(6));
      } else {
        compute();
        for (Held& h : held) h.computed = true;
      }
      if (step % 7 != 0) continue;
      for (const Held& h : held)
        if (h.computed) expect_segment(h.end, h.ids, h.positions);
      if (HasFailure()) return;
    }
    compute();
    for (const Held& h : held) {
      expect_segment(h.end, h.ids, h.positions);
      tree_->release(h.end);
    }
    expect_all_free();
    EXPECT_GT(given, 20);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace chorus::engine
