// Which blocks of (query, key) pairs a mask leaves: ragged rows of full and partial blocks, the rest is never visited.
//
// Mods that know their structure are classified without evaluating a pair, opaque callables pair by pair (in parallel
// with a pool). `partial` blocks are masked pair by pair in the kernel, `full` ones run no mask code.
//
//   const auto blocks = BlockMask::make(causal() & document(runs), {.q_length = n, .kv_length = n});
//   attention(q, k, v, out, {.block_mask = &blocks}, causal() & document(runs));
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/threads.h"
#include "flex/mod.h"

namespace chorus::flex {

/// A batch or heads of 1 stands for all of them. Row r of the mask is query index q_offset + r.
struct BlockMaskShape {
  Index batch = 1, heads = 1;
  Index q_length = 0, kv_length = 0;
  Index q_offset = 0;
  Index q_block = 64, kv_block = 64;
};

class BlockMask {
 public:
  struct Block {
    Index column = 0;
    BlockKind kind = BlockKind::partial;  // never empty
    friend bool operator==(Block, Block) = default;
  };

  /// Throws Error(usage) for negative lengths or block sizes below 1.
  template <MaskMod M>
  static BlockMask make(const M& mod, const BlockMaskShape& shape, core::ThreadPool* pool = nullptr) {
    BlockMask mask(shape);
    mask.grow(shape.q_length, pool,
              [&](Index b, Index h, Range q, Range kv) { return classify(mod, b, h, q, kv); });
    return mask;
  }

  /// Adds query rows after the last, as a decode step does; kv_length stays, so make it large enough at the start.
  /// Costs the new rows only: a block row that was begun is completed from its kind and the new rows' kind.
  template <MaskMod M>
  void append_rows(const M& mod, Index rows) {
    grow(shape_.q_length + rows, nullptr,
         [&](Index b, Index h, Range q, Range kv) { return classify(mod, b, h, q, kv); });
  }

  const BlockMaskShape& shape() const { return shape_; }
  Index row_blocks() const { return (shape_.q_length + shape_.q_block - 1) / shape_.q_block; }
  Index column_blocks() const { return (shape_.kv_length + shape_.kv_block - 1) / shape_.kv_block; }
  /// The blocks of a block row, columns ascending.
  std::span<const Block> row(Index b, Index h, Index row_block) const;
  /// The kind of one block, `empty` where none is stored.
  BlockKind at(Index b, Index h, Index row_block, Index column) const;

  /// [row_blocks][column_blocks].
  std::vector<BlockKind> to_dense(Index b, Index h) const;
  /// The part of all blocks that is empty, 0 to 1; 0 for a mask of no blocks.
  double sparsity() const;
  /// Blocks of one kind, all batches and heads of the mask.
  std::int64_t count(BlockKind kind) const;
  /// A line a block row: filled square full, half partial, dot empty.
  std::string to_string(Index b = 0, Index h = 0) const;
  /// Throws Error(usage) that names the first row whose columns do not ascend or leave the mask.
  void validate() const;

 private:
  using Classify = std::function<BlockKind(Index b, Index h, Range q, Range kv)>;
  struct Plane {
    std::vector<Block> blocks;
    std::vector<std::size_t> begin{0};  // of each block row, and the end of the last
  };

  explicit BlockMask(const BlockMaskShape& shape);
  void grow(Index q_length, core::ThreadPool* pool, const Classify& kind);
  void add_row(Plane& plane, Index row_block, Range rows, const std::vector<BlockKind>& fresh);
  const Plane& plane(Index b, Index h) const;

  BlockMaskShape shape_;
  std::vector<Plane> planes_;  // [batch][heads]
};

}  // namespace chorus::flex
