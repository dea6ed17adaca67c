// BlockMask against brute force over pairs; appended rows and slices against the mask made at once.
#include "flex/block_mask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "random_masks.h"

namespace chorus::flex {
namespace {

using testing::Named;
using testing::RandomMasks;
using testing::Rule;

BlockKind by_pairs(const Rule& rule, const BlockMaskShape& s, Index b, Index h, Index row, Index column) {
  std::int64_t allowed = 0, pairs = 0;
  for (Index q = row * s.q_block; q < std::min((row + 1) * s.q_block, s.q_length); ++q)
    for (Index kv = column * s.kv_block; kv < std::min((column + 1) * s.kv_block, s.kv_length); ++kv, ++pairs)
      allowed += rule(b, h, s.q_offset + q, kv) ? 1 : 0;
  return allowed == 0 ? BlockKind::empty : allowed == pairs ? BlockKind::full : BlockKind::partial;
}

/// Empty and full are certain; if exact, partial is too. Every way to read the mask says the same.
void expect_right(const Rule& rule, const BlockMaskShape& shape, const BlockMask& mask, bool exact) {
  mask.validate();
  ASSERT_EQ(mask.shape(), shape);
  const BlockMaskArrays arrays = mask.arrays();
  const BlockMaskView view = arrays.view();
  for (Index b = 0; b < shape.batch; ++b)
    for (Index h = 0; h < shape.heads; ++h) {
      const auto dense = mask.to_dense(b, h);
      for (Index r = 0; r < mask.row_blocks(); ++r)
        for (Index c = 0; c < mask.column_blocks(); ++c) {
          const BlockKind got = mask.at(b, h, r, c), want = by_pairs(rule, shape, b, h, r, c);
          if (exact || got != BlockKind::partial) {
            ASSERT_EQ(got, want) << b << h << " block " << r << ", " << c;
          }
          ASSERT_EQ(dense[static_cast<std::size_t>(r * mask.column_blocks() + c)], got);
          ASSERT_EQ(view.at(b, h, r, c), got);
        }
    }
}

BlockMaskShape random_shape(RandomMasks& masks) {
  return {.batch = masks.pick(1, 2),
          .heads = masks.pick(1, 3),
          .q_length = masks.pick(0, 110),
          .kv_length = masks.pick(0, 120),
          .q_offset = masks.pick(0, 60),
          .q_block = masks.pick(1, 40),
          .kv_block = masks.pick(1, 40)};
}

TEST(BlockMask, OfEveryModIsExact) {
  RandomMasks masks(3);
  for (unsigned kind = 0; kind < RandomMasks::kKinds; ++kind)
    for (int i = 0; i < 12; ++i) {
      const Named m = masks.leaf(kind);
      const BlockMaskShape shape = random_shape(masks);
      SCOPED_TRACE(m.name);
      expect_right(m.rule, shape, BlockMask::make(m.mod, shape), m.exact);
      if (HasFatalFailure()) return;
    }
}

TEST(BlockMask, OfCombinationsLosesNoPair) {
  RandomMasks masks(4);
  core::ThreadPool pool(2);
  for (int i = 0; i < 150; ++i) {
    const Named m = masks.mask(3);
    BlockMaskShape shape = random_shape(masks);  // offsets reach 40 each, three deep
    shape.q_length = std::min(shape.q_length, 30);
    shape.kv_length = std::min(shape.kv_length, 70);
    shape.q_offset = std::min(shape.q_offset, 40);
    SCOPED_TRACE(m.name);
    expect_right(m.rule, shape, BlockMask::make(m.mod, shape, i % 2 == 0 ? &pool : nullptr), m.exact);
    if (HasFatalFailure()) return;
  }
}

// Pair by pair where structure leaves a block open: exact, whatever the combination.
TEST(BlockMask, OfOpaqueModsIsExact) {
  RandomMasks masks(5);
  core::ThreadPool pool(2);
  const auto odd = [](Index b, Index h, Index q, Index kv) { return (q / 7 + kv / (5 + h)) % (2 + b) == 0; };
  for (int i = 0; i < 25; ++i) {
    const BlockMaskShape shape = random_shape(masks);
    core::ThreadPool* with = i % 2 == 0 ? &pool : nullptr;
    expect_right(odd, shape, BlockMask::make(odd, shape, with), true);
    const auto both = prefix_lm(30) & !mask(odd);
    expect_right(both, shape, BlockMask::make(both, shape, with), true);
    const auto either = sliding_window(20) | odd;
    expect_right(either, shape, BlockMask::make(either, shape, with), true);
    if (HasFatalFailure()) return;
  }
}

TEST(BlockMask, AppendedRowsEqualTheMaskMadeAtOnce) {
  RandomMasks masks(6);
  for (int i = 0; i < 60; ++i) {
    const Named m = masks.leaf();
    BlockMaskShape shape = random_shape(masks);
    shape.q_length = 0;
    BlockMask grown = BlockMask::make(m.mod, shape);
    SCOPED_TRACE(m.name);
    while (shape.q_length < 70) {
      const Index rows = masks.pick(0, 2) == 0 ? masks.pick(0, 30) : 1;
      grown.append_rows(m.mod, rows);
      shape.q_length += rows;
    }
    expect_right(m.rule, shape, grown, m.exact);
    if (HasFatalFailure()) return;
  }
  BlockMask mask = BlockMask::make(causal(), {.q_length = 3, .kv_length = 9});
  EXPECT_THROW(mask.append_rows(causal(), -1), Error);
}

TEST(BlockMask, SlicesEqualTheMaskOfTheirPart) {
  RandomMasks masks(7);
  for (int i = 0; i < 80; ++i) {
    const Named m = masks.leaf();
    BlockMaskShape shape = random_shape(masks);
    const BlockMask whole = BlockMask::make(m.mod, shape);
    const bool aligned = i % 2 == 0;
    const auto cut = [&](Index length, Index block) {
      Index begin = masks.pick(0, length);
      if (aligned) begin -= begin % block;
      return Range{begin, aligned ? length : masks.pick(begin, length)};
    };
    const Range rows = cut(shape.q_length, shape.q_block), keys = cut(shape.kv_length, shape.kv_block);
    shape.q_length = rows.size();
    shape.kv_length = keys.size();
    shape.q_offset += rows.begin;
    SCOPED_TRACE(m.name);
    const Rule moved = [&](Index b, Index h, Index q, Index kv) { return m.rule(b, h, q, kv + keys.begin); };
    expect_right(moved, shape, whole.slice(rows, keys), aligned && m.exact);
    if (aligned && m.exact) {
      expect_right(offset(m.mod, 0, keys.begin), shape, whole.slice(rows, keys), true);
    }
    if (HasFatalFailure()) return;
  }
  const BlockMask mask = BlockMask::make(causal(), {.q_length = 8, .kv_length = 9});
  EXPECT_THROW(mask.slice({0, 9}, {0, 9}), Error);
  EXPECT_THROW(mask.slice({3, 2}, {0, 9}), Error);
  EXPECT_THROW(mask.slice({0, 8}, {-1, 9}), Error);
}

TEST(BlockMask, JoinsColumnsInRuns) {
  const BlockMask mask =
      BlockMask::make(causal(), {.q_length = 1000, .kv_length = 1000, .q_block = 10, .kv_block = 10});
  const auto row = mask.row(0, 0, 70);
  ASSERT_EQ(row.size(), 2U);
  EXPECT_EQ(row[0], (BlockRun{0, 70, BlockKind::full}));
  EXPECT_EQ(row[1], (BlockRun{70, 71, BlockKind::partial}));
}

TEST(BlockMask, OfTheLargestLengthsDoesNotOverflow) {
  constexpr Index kMost = std::numeric_limits<Index>::max();
  const BlockMask mask = BlockMask::make(
      sliding_window(kMost),
      {.q_length = 5, .kv_length = kMost, .q_offset = kMost - 5, .q_block = 64, .kv_block = 1 << 20});
  mask.validate();
  EXPECT_EQ(mask.at(0, 0, 0, 0), BlockKind::full);
  EXPECT_EQ(mask.at(0, 0, 0, mask.column_blocks() - 1), BlockKind::partial);
}

TEST(BlockMask, CountsAndPrints) {
  const BlockMask mask =
      BlockMask::make(causal(), {.q_length = 5, .kv_length = 6, .q_block = 2, .kv_block = 2});
  EXPECT_EQ(mask.count(BlockKind::full), 3);
  EXPECT_EQ(mask.count(BlockKind::partial), 3);
  EXPECT_EQ(mask.count(BlockKind::empty), 3);
  EXPECT_DOUBLE_EQ(mask.sparsity(), 1.0 / 3);
  EXPECT_EQ(mask.to_string(), "BlockMask 5 x 6 in blocks of 2 x 2, 33.3 % empty\n◧··\n■◧·\n■■◧\n");
  EXPECT_EQ(
      BlockMask::make(causal(), {.q_length = 8, .kv_length = 8, .q_block = 1, .kv_block = 1})
          .to_string(0, 0, 4),
      "BlockMask 8 x 8 in blocks of 1 x 1, 43.8 % empty; a cell is 2 x 2 blocks\n◧···\n■◧··\n■■◧·\n■■■◧\n");
  EXPECT_EQ(BlockMask::make(causal(), {}).sparsity(), 0.0);
  EXPECT_THROW(BlockMask::make(causal(), {.q_length = -1}), Error);
  EXPECT_THROW(BlockMask::make(causal(), {.kv_block = 0}), Error);
}

TEST(BlockMask, RefusesWhatIsOutside) {
  BlockMask mask = BlockMask::make(causal(), {.heads = 2, .q_length = 70, .kv_length = 70});
  EXPECT_THROW(mask.at(0, 5, 0, 0), Error);
  EXPECT_THROW(mask.at(0, 0, 0, 9), Error);
  EXPECT_THROW(mask.row(0, 0, 2), Error);
  EXPECT_THROW(mask.row(0, 0, -1), Error);
  EXPECT_THROW(mask.to_dense(0, 5), Error);
  EXPECT_THROW(mask.to_string(0, -1), Error);
  EXPECT_THROW(mask.to_string(0, 0, 0), Error);
  EXPECT_THROW(mask.append_rows(causal(), 2147483647), Error);
  EXPECT_THROW(mask.append_rows(causal(), -1), Error);
  EXPECT_NO_THROW(mask.at(3, 1, 1, 1));  // a batch of 1 stands for all
}

}  // namespace
}  // namespace chorus::flex
