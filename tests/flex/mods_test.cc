// Mods against their rules written out, and every classification against brute force.
#include "flex/mods.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>

#include "core/error.h"
#include "flex/block_mask.h"
#include "random_masks.h"

namespace chorus::flex {
namespace {

constexpr Index kLength = 40;
using Rule = std::function<bool(Index h, Index q, Index kv)>;

template <MaskMod M>
void expect_rule(const M& mod, const Rule& rule) {
  for (Index h = 0; h < 2; ++h)
    for (Index q = 0; q < kLength; ++q)
      for (Index kv = 0; kv < kLength; ++kv) ASSERT_EQ(mod(0, h, q, kv), rule(h, q, kv)) << q << " " << kv;
}

BlockKind by_pairs(const Rule& rule, Index h, Range q, Range kv) {
  Index allowed = 0;
  for (Index i = q.begin; i < q.end; ++i)
    for (Index j = kv.begin; j < kv.end; ++j) allowed += rule(h, i, j) ? 1 : 0;
  return allowed == 0                      ? BlockKind::empty
         : allowed == q.size() * kv.size() ? BlockKind::full
                                           : BlockKind::partial;
}

// Every rectangle up to 9 x 9 at every place. `exact`: partial means partial; else it may also stand for the others.
template <StructuredMaskMod M>
void expect_classified(const M& mod, const Rule& rule, bool exact) {
  for (Index q = 0; q < kLength; q += 2)
    for (Index kv = 0; kv < kLength; kv += 3)
      for (const Index height : {1, 2, 5, 9})
        for (const Index width : {1, 3, 4, 9}) {
          const Range rows{q, std::min(q + height, kLength)}, keys{kv, std::min(kv + width, kLength)};
          const BlockKind got = classify_by_structure(mod, 0, 0, rows, keys),
                          want = by_pairs(rule, 0, rows, keys);
          if (!exact && got == BlockKind::partial) continue;
          ASSERT_EQ(got, want) << rows.begin << "+" << height << " x " << keys.begin << "+" << width;
        }
}

template <StructuredMaskMod M>
void expect_all(const M& mod, const Rule& rule, bool exact = true) {
  expect_rule(mod, rule);
  expect_classified(mod, rule, exact);
}

TEST(Mods, FollowTheirRules) {
  expect_all(causal(), [](Index, Index q, Index k) { return q >= k; });
  for (const Index w : {0, 1, 6, 100})
    expect_all(sliding_window(w), [w](Index, Index q, Index k) { return q >= k && q - k <= w; });
  for (const Index p : {0, 1, 7, 100})
    expect_all(prefix_lm(p), [p](Index, Index q, Index k) { return k < p || q >= k; });
  for (const Index s : {1, 2, 3, 7})
    expect_all(dilated(s), [s](Index, Index q, Index k) { return std::abs(q - k) % s == 0; });
  expect_all(AllowAll(), [](Index, Index, Index) { return true; });
}

std::vector<Index> random_ids(Index length, Index kinds, Index longest, std::mt19937& random) {
  std::vector<Index> ids;
  while (std::ssize(ids) < length)
    ids.insert(ids.end(), 1 + random() % static_cast<unsigned>(longest),
               static_cast<Index>(random() % static_cast<unsigned>(kinds)) - 1);
  ids.resize(static_cast<std::size_t>(length));
  return ids;
}

TEST(Mods, DocumentsFollowTheirRule) {
  std::mt19937 random(1);
  for (int i = 0; i < 10; ++i) {
    const auto ids = random_ids(kLength, 4, i + 1, random);
    const Runs runs(ids);
    const auto same = [&](Index q, Index k) {
      return ids[static_cast<std::size_t>(q)] == ids[static_cast<std::size_t>(k)];
    };
    expect_all(document(runs), [&](Index, Index q, Index k) { return same(q, k); });
    expect_all(
        causal() & document(runs), [&](Index, Index q, Index k) { return q >= k && same(q, k); }, false);
  }
}

TEST(Mods, SegmentRelationsFollowTheirRule) {
  std::mt19937 random(2);
  for (int i = 0; i < 30; ++i) {
    const Index segments = 5, free_from = static_cast<Index>(random() % (kLength + 1));
    const auto ids = random_ids(kLength, segments + 1, 1 + i / 2, random);
    std::vector<std::pair<Index, Index>> sees;
    for (Index a = 0; a < segments; ++a)
      for (Index b = 0; b < segments; ++b)
        if (random() % 3 == 0) sees.emplace_back(a, b);
    const SegmentRelation relation(ids, segments, sees, free_from);
    expect_all(relation.mask(), [&](Index, Index q, Index k) {
      const Index a = ids[static_cast<std::size_t>(q)], b = ids[static_cast<std::size_t>(k)];
      if (q < k) return false;
      if (q >= free_from) return true;
      return a >= 0 && b >= 0 &&
             (a == b || std::find(sees.begin(), sees.end(), std::pair(a, b)) != sees.end());
    });
  }
}

TEST(Mods, SegmentRelationRefusesWhatIsOutOfRange) {
  EXPECT_THROW(SegmentRelation({0, 1}, 1, {}, 2), Error);
  EXPECT_THROW(SegmentRelation({0, -2}, 1, {}, 2), Error);
  EXPECT_THROW(SegmentRelation({0}, 1, {}, 2), Error);
  EXPECT_THROW(SegmentRelation({0}, 1, {{0, 1}}, 1), Error);
  EXPECT_NO_THROW(SegmentRelation({0, 7}, 1, {}, 1));  // what is free needs no segment
}

TEST(Mods, WhatHoldsForOneHeadIsPromisedByWhatIsCombined) {
  const auto by_head = testing::WindowByHead();
  const auto opaque = [](Index, Index h, Index q, Index kv) { return q + kv > h; };
  static_assert(same_for_heads<Causal>() && same_for_heads<AllowAll>());
  static_assert(!same_for_heads<testing::WindowByHead>() && !same_for_heads<decltype(opaque)>());
  static_assert(same_for_heads<decltype(causal() & sliding_window(4))>());
  static_assert(same_for_heads<decltype(!(causal() | prefix_lm(4)))>());
  static_assert(!same_for_heads<decltype(causal() & by_head)>());
  static_assert(!same_for_heads<decltype(by_head | causal())>());
  static_assert(!same_for_heads<decltype(!by_head)>());
  static_assert(!same_for_heads<decltype(causal() & mask(opaque))>());
}

TEST(Mods, CombineWithOperatorsAndByName) {
  const auto even = [](Index, Index, Index q, Index kv) { return (q + kv) % 2 == 0; };
  const Rule c = [](Index, Index q, Index k) { return q >= k; },
             w = [](Index, Index q, Index k) { return q >= k && q - k <= 4; },
             e = [](Index, Index q, Index k) { return (q + k) % 2 == 0; };
  expect_rule(causal() & even, [&](Index h, Index q, Index k) { return c(h, q, k) && e(h, q, k); });
  expect_rule(even | sliding_window(4), [&](Index h, Index q, Index k) { return e(h, q, k) || w(h, q, k); });
  expect_rule(!mask(even), [&](Index h, Index q, Index k) { return !e(h, q, k); });
  expect_rule(and_masks(even, even, causal()),
              [&](Index h, Index q, Index k) { return c(h, q, k) && e(h, q, k); });
  expect_rule(or_masks(even, sliding_window(4), not_mask(causal())),
              [&](Index h, Index q, Index k) { return e(h, q, k) || w(h, q, k) || !c(h, q, k); });
  expect_all((!causal()) | sliding_window(4),
             [&](Index h, Index q, Index k) { return !c(h, q, k) || w(h, q, k); }, false);
  expect_all(
      prefix_lm(5) & !sliding_window(4),
      [&](Index h, Index q, Index k) { return (k < 5 || c(h, q, k)) && !w(h, q, k); }, false);
  expect_all(offset(sliding_window(4), 3), [&](Index h, Index q, Index k) { return w(h, q + 3, k); });
  static_assert(!MaskMod<decltype(!even)> && !not_a_negated_lambda<decltype(!even)>, "!lambda is a bool");
  static_assert(
      !std::is_invocable_v<decltype([](auto f) requires requires { causal() & f; } {}), decltype(!even)>);
  static_assert(!StructuredMaskMod<decltype(causal() & even)>);
  static_assert(!MaskMod<decltype([](Index, Index, Index, Index) { return 1.0F; })>,
                "a mask mod returns bool");
  static_assert(!ScoreMod<decltype(even)>);
}

const nlohmann::json& papers() {
  static const auto masks =
      nlohmann::json::parse(std::ifstream(CHORUS_SOURCE_DIR "/tests/flex/data/masks.json"));
  return masks;
}

template <MaskMod M>
void expect_rows(const M& mod, const nlohmann::json& rows) {
  ASSERT_FALSE(rows.empty());
  const auto n = static_cast<Index>(rows.size());
  for (Index q = 0; q < n; ++q) {
    std::string row;
    for (Index kv = 0; kv < n; ++kv) row += mod(0, 0, q, kv) ? '1' : '0';
    ASSERT_EQ(row, rows.at(static_cast<std::size_t>(q)).get<std::string>()) << "row " << q;
  }
}

// What the papers' definitions give in Python: data/make_masks.py.
TEST(Mods, AgreeWithTheirPapers) {
  for (const auto& c : papers().at("neighbourhood"))
    expect_rows(neighbourhood({c.at("height"), c.at("width")}, {c.at("kernel_height"), c.at("kernel_width")}),
                c.at("rows"));
  for (const auto& c : papers().at("block_diffusion"))
    expect_rows(block_diffusion(c.at("length"), c.at("block")), c.at("rows"));
  for (const auto& c : papers().at("tree_ancestors"))
    expect_rows(Tree(c.at("parent").get<std::vector<Index>>()).ancestors(), c.at("rows"));
  const auto& c = papers().at("sandwich");
  const Index length = c.at("length"), heads = c.at("heads");
  const auto falls = sandwich_falls(length, c.at("dim"));
  for (Index h = 0; h < heads; ++h)
    for (Index d = 0; d < length; ++d) {
      const double want = c.at("bias").at(static_cast<std::size_t>(h)).at(static_cast<std::size_t>(d));
      EXPECT_NEAR(sandwich(falls, heads)(0.0F, 0, h, length - 1, length - 1 - d), want,
                  4e-7 * (1 + std::abs(want)));
    }
}

TEST(Mods, RefuseWhatTheyCannotBe) {
  EXPECT_THROW(neighbourhood({4, 4}, {5, 3}), Error);
  EXPECT_THROW(neighbourhood({4, 4}, {3, 0}), Error);
  EXPECT_THROW(Tree({0}), Error);
  EXPECT_THROW(Tree({-1, 0, 3, 1}), Error);
  EXPECT_THROW(Tree({-2}), Error);
  EXPECT_NO_THROW(Tree({}));
}

// What a mod captured outlives the object it came from when that is moved.
TEST(Mods, OutliveAMoveOfTheirData) {
  Runs runs({0, 0, 1, 1});
  const auto mod = document(runs);
  const Runs moved = std::move(runs);
  EXPECT_TRUE(mod(0, 0, 2, 3));
  EXPECT_EQ(classify_by_structure(mod, 0, 0, {0, 2}, {2, 4}), BlockKind::empty);
  EXPECT_EQ(moved.ids().size(), 4U);
}

// A mod for a device holds the device's copies; the host's structure still makes its block mask.
TEST(Mods, KeepTheirStructureWithDataElsewhere) {
  const Runs runs({0, 0, 1, 1});
  const SegmentRelation relation({0, 0, 1, 1}, 2, {{1, 0}}, 4);
  const Tree tree({-1, 0, 0, 1});
  const auto expect_same_blocks = [](const auto& here, const auto& there) {
    const BlockMaskShape shape{.q_length = 4, .kv_length = 4, .q_block = 1, .kv_block = 1};
    EXPECT_EQ(BlockMask::make(here, shape).to_dense(0, 0), BlockMask::make(there, shape).to_dense(0, 0));
  };
  expect_same_blocks(document(runs), document(runs.view(nullptr)));
  expect_same_blocks(document_causal(runs), document_causal(runs.view(nullptr)));
  expect_same_blocks(relation.mask(), relation.mask(nullptr, nullptr));
  expect_same_blocks(tree.ancestors(), tree.ancestors(nullptr, nullptr));
}

TEST(Mods, ScoreModsFollowTheirRules) {
  const auto slopes = alibi_slopes(8);
  EXPECT_FLOAT_EQ(slopes[0], 0.5F);
  EXPECT_FLOAT_EQ(slopes[7], 1.0F / 256);
  EXPECT_FLOAT_EQ(alibi(slopes)(1.0F, 0, 1, 10, 4), 1.0F - 0.25F * 6);
  EXPECT_FLOAT_EQ(soft_cap(20)(30.0F, 0, 0, 0, 0), 20 * std::tanh(1.5F));
  const std::vector<Index> ids{0, 1, -1};
  const std::vector<float> log_weights{-1.0F, 2.0F};
  const auto weigh = segment_log_weight(ids, log_weights, 5);
  EXPECT_EQ(weigh(1.0F, 0, 0, 4, 0), 1.0F);
  EXPECT_EQ(weigh(1.0F, 0, 0, 5, 0), 0.0F);
  EXPECT_EQ(weigh(1.0F, 0, 0, 5, 1), 3.0F);
  EXPECT_EQ(weigh(1.0F, 0, 0, 5, 2), 1.0F);
  EXPECT_EQ(weigh(1.0F, 0, 0, 5, 3), 1.0F);
  const std::vector<float> table{0, 1, 2, 3, 4, 10, 11, 12, 13, 14};  // two heads, distances -2 to 2
  const auto bias = relative_bias(table, 2);
  EXPECT_EQ(bias(0.5F, 0, 0, 7, 7), 2.5F);
  EXPECT_EQ(bias(0.5F, 0, 1, 8, 7), 13.5F);
  EXPECT_EQ(bias(0.5F, 0, 1, 90, 7), 14.5F);
  EXPECT_EQ(bias(0.5F, 0, 1, 7, 90), 10.5F);
  EXPECT_EQ(bias(0.5F, 0, 0, 7, 8), 1.5F);
}

}  // namespace
}  // namespace chorus::flex
