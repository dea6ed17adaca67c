// BlockMask against brute force over pairs; appended rows against the mask made at once.
#include "flex/block_mask.h"

#include <gtest/gtest.h>

#include <random>

#include "core/error.h"
#include "flex/mods.h"

namespace chorus::flex {
namespace {

template <class M>
void expect_brute_force(const M& mod, const BlockMaskShape& shape, const BlockMask& mask) {
  mask.validate();
  for (Index b = 0; b < shape.batch; ++b)
    for (Index h = 0; h < shape.heads; ++h)
      for (Index r = 0; r < mask.row_blocks(); ++r)
        for (Index c = 0; c < mask.column_blocks(); ++c) {
          Index allowed = 0, pairs = 0;
          for (Index q = r * shape.q_block; q < std::min((r + 1) * shape.q_block, shape.q_length); ++q)
            for (Index kv = c * shape.kv_block; kv < std::min((c + 1) * shape.kv_block, shape.kv_length);
                 ++kv, ++pairs)
              allowed += mod(b, h, shape.q_offset + q, kv) ? 1 : 0;
          const BlockKind want = allowed == 0       ? BlockKind::empty
                                 : allowed == pairs ? BlockKind::full
                                                    : BlockKind::partial;
          ASSERT_EQ(mask.at(b, h, r, c), want) << b << h << " block " << r << ", " << c;
          ASSERT_EQ(mask.to_dense(b, h)[static_cast<std::size_t>(r * mask.column_blocks() + c)], want);
        }
}

TEST(BlockMask, AgreesWithBruteForce) {
  core::ThreadPool pool(2);
  std::mt19937 random(3);
  std::vector<Index> ids(300);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<Index>(i / 37) - 1;
  const SegmentRelation relation(ids, 8, {{3, 0}, {5, 2}}, 250);
  const auto by_head = [](Index b, Index h, Index q, Index kv) {
    return q >= kv && q - kv <= 8 * (h + 1) + b;
  };
  for (int i = 0; i < 40; ++i) {
    const auto pick = [&](unsigned least, unsigned most) {
      return static_cast<Index>(least + random() % (most - least + 1));
    };
    BlockMaskShape shape{.q_length = pick(0, 150),
                         .kv_length = pick(0, 300),
                         .q_offset = pick(0, 150),
                         .q_block = pick(1, 70),
                         .kv_block = pick(1, 70)};
    expect_brute_force(relation.mask(), shape, BlockMask::make(relation.mask(), shape));
    expect_brute_force(prefix_lm(20), shape, BlockMask::make(prefix_lm(20), shape, &pool));
    shape.batch = 2;
    shape.heads = 3;
    expect_brute_force(by_head, shape, BlockMask::make(by_head, shape, &pool));
  }
}

TEST(BlockMask, AppendedRowsEqualTheMaskMadeAtOnce) {
  std::vector<Index> ids(100);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<Index>(i / 30);
  const SegmentRelation relation(ids, 4, {{2, 0}}, 80);
  BlockMaskShape shape{.q_length = 0, .kv_length = 100, .q_block = 16, .kv_block = 8};
  BlockMask grown = BlockMask::make(relation.mask(), shape);
  for (const Index rows : {1, 1, 5, 30, 16, 0, 47}) {
    grown.append_rows(relation.mask(), rows);
    shape.q_length += rows;
    expect_brute_force(relation.mask(), shape, grown);
  }
  EXPECT_EQ(shape.q_length, 100);
}

TEST(BlockMask, CountsAndPrints) {
  const BlockMask mask =
      BlockMask::make(causal(), {.q_length = 5, .kv_length = 6, .q_block = 2, .kv_block = 2});
  EXPECT_EQ(mask.count(BlockKind::full), 3);
  EXPECT_EQ(mask.count(BlockKind::partial), 3);
  EXPECT_EQ(mask.count(BlockKind::empty), 3);
  EXPECT_DOUBLE_EQ(mask.sparsity(), 1.0 / 3);
  EXPECT_EQ(mask.to_string(), "BlockMask 5 x 6 in blocks of 2 x 2, 33.3 % empty\n◧··\n■◧·\n■■◧\n");
  EXPECT_EQ(BlockMask::make(causal(), {}).sparsity(), 0.0);
  EXPECT_THROW(BlockMask::make(causal(), {.q_length = -1}), Error);
  EXPECT_THROW(BlockMask::make(causal(), {.kv_block = 0}), Error);
}

}  // namespace
}  // namespace chorus::flex
