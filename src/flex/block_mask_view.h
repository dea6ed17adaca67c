// A block mask as two flat arrays and the shape: trivially copyable, for kernels on any device. No CUDA header is needed
// to include it; every function runs on both.
//
//   const BlockMaskArrays arrays = mask.arrays();         // copy arrays.runs and arrays.row_begin to the device
//   BlockMaskView view = arrays.view(runs_on_device, row_begin_on_device);
//   for (const BlockRun* run = view.begin(b, h, row); run != view.end(b, h, row); ++run) ...
#pragma once

#include <vector>

#include "flex/mod.h"

namespace chorus::flex {

/// Key blocks [begin, end) of a block row, all of one kind: full or partial.
struct BlockRun {
  Index begin = 0, end = 0;
  BlockKind kind = BlockKind::partial;
  friend constexpr bool operator==(BlockRun, BlockRun) = default;
};

/// Blocks of `size` that `length` takes, the last one maybe cut.
FLEX_MOD constexpr Index blocks_of(Index length, Index size) {
  return length / size + (length % size != 0 ? 1 : 0);
}

struct BlockMaskView {
  const BlockRun* runs = nullptr;
  const Index* row_begin = nullptr;  // [batch * heads * row_blocks + 1], into runs
  Index batch = 1, heads = 1;        // 1 stands for all
  Index q_length = 0, kv_length = 0, q_offset = 0;
  Index q_block = 0, kv_block = 0;
  Index row_blocks = 0, column_blocks = 0;

  FLEX_MOD constexpr const BlockRun* begin(Index b, Index h, Index row_block) const {
    return runs + row_begin[row(b, h, row_block)];
  }
  FLEX_MOD constexpr const BlockRun* end(Index b, Index h, Index row_block) const {
    return runs + row_begin[row(b, h, row_block) + 1];
  }
  FLEX_MOD constexpr BlockKind at(Index b, Index h, Index row_block, Index column) const {
    for (const BlockRun* run = begin(b, h, row_block); run != end(b, h, row_block); ++run)
      if (column < run->end) return column < run->begin ? BlockKind::empty : run->kind;
    return BlockKind::empty;
  }

 private:
  FLEX_MOD constexpr std::int64_t row(Index b, Index h, Index row_block) const {
    const std::int64_t plane = std::int64_t{batch == 1 ? 0 : b} * heads + (heads == 1 ? 0 : h);
    return plane * row_blocks + row_block;
  }
};

/// What a BlockMaskView points to.
struct BlockMaskArrays {
  std::vector<BlockRun> runs;
  std::vector<Index> row_begin;
  BlockMaskView shape;  // with null pointers

  BlockMaskView view() const { return view(runs.data(), row_begin.data()); }
  /// Of copies of the two arrays.
  BlockMaskView view(const BlockRun* copy_of_runs, const Index* copy_of_row_begin) const {
    BlockMaskView v = shape;
    v.runs = copy_of_runs;
    v.row_begin = copy_of_row_begin;
    return v;
  }
};

}  // namespace chorus::flex
