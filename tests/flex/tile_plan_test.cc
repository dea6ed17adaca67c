// The plan of a GPU kernel against the block mask it was made from, piece by piece, for random masks and block sizes.
#include "flex/cuda/tile_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "flex/mods.h"

namespace chorus::flex::cuda {
namespace {

// What a piece must be, from every block that shares a pair with it.
BlockKind kind_of(const BlockMask& mask, Index b, Index h, Range rows, Range keys) {
  const BlockMaskShape& s = mask.shape();
  const bool whole = keys.end <= s.kv_length;
  rows.end = std::min(rows.end, s.q_length);
  keys.end = std::min(keys.end, s.kv_length);
  bool any = false, all = whole;
  for (Index r = rows.begin; r < rows.end; ++r)
    for (Index j = keys.begin; j < keys.end; ++j) {
      const BlockKind kind = mask.at(b, h, r / s.q_block, j / s.kv_block);
      any |= kind != BlockKind::empty;
      all &= kind == BlockKind::full;
    }
  return !any ? BlockKind::empty : all ? BlockKind::full : BlockKind::partial;
}

void expect_same(const BlockMask& mask, const TilePlan& plan) {
  const BlockMaskShape& s = mask.shape();
  ASSERT_EQ(plan.row_tiles, (s.q_length + kTileRows - 1) / kTileRows);
  ASSERT_EQ(plan.items.size(), static_cast<std::size_t>(s.batch * s.heads * plan.row_tiles));
  Index last_work = std::numeric_limits<Index>::max();
  std::vector<int> seen(plan.items.size(), 0);
  for (const TileItem& item : plan.items) {
    const auto place = static_cast<std::size_t>(item.plane * plan.row_tiles + item.row_tile);
    ++seen.at(place);
    ASSERT_EQ(plan.first[place], item.begin);
    ASSERT_EQ(plan.first[place + 1], item.end);
    Index work = 0, next = 0;
    std::vector<PieceKinds> kinds(static_cast<std::size_t>((s.kv_length + kTileKeys - 1) / kTileKeys));
    for (Index i = item.begin; i < item.end; ++i) {
      const TileRun& run = plan.runs[static_cast<std::size_t>(i)];
      ASSERT_GE(run.begin, next);
      ASSERT_LT(run.begin, run.end);
      ASSERT_NE(run.kinds.bits, 0U);
      for (Index t = run.begin; t < run.end; ++t) kinds.at(static_cast<std::size_t>(t)) = run.kinds;
      work += run.end - run.begin;
      next = run.end;
    }
    EXPECT_LE(work, last_work) << "items are not ordered by work";
    last_work = work;
    for (std::size_t t = 0; t < kinds.size(); ++t)
      for (Index slab = 0; slab < kSlabs; ++slab)
        for (Index step = 0; step < kSteps; ++step) {
          const Index row = item.row_tile * kTileRows + slab * kPieceRows;
          const Index key = static_cast<Index>(t) * kTileKeys + step * kPieceKeys;
          ASSERT_EQ(kinds[t].at(slab, step), kind_of(mask, item.plane / s.heads, item.plane % s.heads,
                                                     {row, row + kPieceRows}, {key, key + kPieceKeys}))
              << "rows from " << row << ", keys from " << key;
        }
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), std::ssize(seen));
}

TEST(TilePlan, IsTheBlockMaskPieceByPiece) {
  std::mt19937 random(5);
  const auto upto = [&](Index n) { return static_cast<Index>(random() % static_cast<unsigned>(n + 1)); };
  for (int round = 0; round < 60; ++round) {
    const Index lengths[] = {0, 1, 31, 32, 33, 127, 128, 129, 300}, blocks[] = {16, 32, 48, 64, 96, 128, 200};
    const BlockMaskShape shape{.batch = 1 + upto(1),
                               .heads = 1 + upto(1),
                               .q_length = lengths[upto(8)],
                               .kv_length = lengths[upto(8)],
                               .q_offset = upto(40),
                               .q_block = blocks[upto(6)],
                               .kv_block = blocks[upto(6)]};
    const Index period = 1 + upto(300), width = upto(period), shift = upto(90);
    const auto bands = mask(
        [=](Index b, Index h, Index q, Index kv) { return (q + 2 * kv + shift * (b + h)) % period < width; });
    const BlockMask all[] = {BlockMask::make(bands, shape), BlockMask::make(causal(), shape),
                             BlockMask::make(sliding_window(width) | prefix_lm(shift), shape),
                             BlockMask::make(AllowAll(), shape)};
    for (const BlockMask& mask : all) expect_same(mask, make_tile_plan(mask));
  }
}

}  // namespace
}  // namespace chorus::flex::cuda
