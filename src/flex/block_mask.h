// Which blocks of (query, key) pairs a mask leaves: ragged rows of full and partial blocks, the rest is never visited.
//
// A block row is a list of runs of equal columns, so that what it costs depends on how often the mask changes along it, not
// on how long it is. A mod that knows its structure is never asked a pair; of an opaque one, or of a combination with one,
// each block that structure leaves open is looked at pair by pair (in parallel with a pool). `full` and `empty` are
// certain; `partial` blocks are masked pair by pair in the kernel.
//
//   const auto blocks = BlockMask::make(causal() & document(runs), {.q_length = n, .kv_length = n});
//   attention(q, k, v, out, {.block_mask = &blocks}, causal() & document(runs));
//   for (const BlockRun run : blocks.row(b, h, row_block)) ...   // key blocks [run.begin, run.end)
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/threads.h"
#include "flex/block_mask_view.h"
#include "flex/structure.h"

namespace chorus::flex {

/// A batch or heads of 1 stands for all of them. Row r of the mask is query index q_offset + r.
struct BlockMaskShape {
  Index batch = 1, heads = 1;
  Index q_length = 0, kv_length = 0;
  Index q_offset = 0;
  Index q_block = 64, kv_block = 64;
  friend bool operator==(const BlockMaskShape&, const BlockMaskShape&) = default;
};

class BlockMask {
 public:
  /// Throws Error(usage) for negative lengths, block sizes, batch or heads below 1, and where the mod's data is too short.
  template <MaskMod M>
  static BlockMask make(const M& mod, const BlockMaskShape& shape, core::ThreadPool* pool = nullptr) {
    BlockMask mask(shape);
    mask.grow(shape.q_length, pool, rule_of(mod));
    return mask;
  }

  /// Adds query rows after the last, as a decode step does; kv_length stays, so make it large enough at the start.
  /// Costs the new rows only: a block row that was begun is completed from its kinds and the new rows' kinds.
  template <MaskMod M>
  void append_rows(const M& mod, Index rows) {
    grow(rows, nullptr, rule_of(mod));
  }

  /// The mask of these query rows (counted from 0, q_offset not included) and keys alone. Its row 0 has the query index
  /// it had; its key 0 is keys.begin, so use it with offset(mod, 0, keys.begin). Where a range does not begin at a block
  /// border, new blocks lie across old ones and some are partial that need not be. Throws Error(usage) for a range
  /// that leaves the mask.
  BlockMask slice(Range rows, Range keys) const;

  const BlockMaskShape& shape() const { return shape_; }
  Index row_blocks() const { return blocks_of(shape_.q_length, shape_.q_block); }
  Index column_blocks() const { return blocks_of(shape_.kv_length, shape_.kv_block); }
  /// The runs of a block row: columns ascending, neighbours of one kind joined, never empty. Throws Error(usage) for what is
  /// outside the mask, as at(), to_dense() and to_string() do.
  std::span<const BlockRun> row(Index b, Index h, Index row_block) const;
  /// The kind of one block.
  BlockKind at(Index b, Index h, Index row_block, Index column) const;

  /// All rows in two flat arrays, to be walked through a BlockMaskView or copied to a device.
  BlockMaskArrays arrays() const;

  /// [row_blocks][column_blocks].
  std::vector<BlockKind> to_dense(Index b, Index h) const;
  /// The part of all blocks that is empty, 0 to 1; 0 for a mask of no blocks.
  double sparsity() const;
  /// Blocks of one kind, all batches and heads of the mask.
  std::int64_t count(BlockKind kind) const;
  /// A heading and a line a block row: filled square full, half partial, dot empty. A mask of more than `side` block
  /// rows or columns is drawn smaller, a cell standing for several blocks, and says so.
  std::string to_string(Index b = 0, Index h = 0, Index side = 64) const;
  /// Throws Error(usage) that names the first row whose runs do not ascend, are empty or leave the mask.
  void validate() const;

 private:
  /// How a mod is asked: by structure, and, if it has an opaque part, by pairs where structure leaves a block open.
  struct Rule {
    std::function<void(Index b, Index h, Range q, Range kv, SeenKeys& out)> seen;
    std::function<BlockKind(Index b, Index h, Range q, Range kv)> by_pairs;
    std::function<void(const Reach&)> check_reach;  // null: nothing to check
  };
  struct Plane {
    std::vector<BlockRun> runs;
    std::vector<std::size_t> begin{0};  // of each block row, and the end of the last
  };

  template <MaskMod M>
  static Rule rule_of(const M& mod) {
    Rule rule;
    rule.seen = [&mod](Index b, Index h, Range q, Range kv, SeenKeys& out) {
      flex::seen_keys(mod, b, h, q, kv, out);
    };
    rule.check_reach = [&mod](const Reach& reach) { flex::check_reach(mod, reach); };
    if constexpr (is_opaque<M>())
      rule.by_pairs = [&mod](Index b, Index h, Range q, Range kv) {
        return classify_by_pairs(mod, b, h, q, kv);
      };
    return rule;
  }

  explicit BlockMask(const BlockMaskShape& shape);
  void grow(Index rows, core::ThreadPool* pool, const Rule& rule);
  Plane rows_by(const Rule& rule, Index b, Index h, Range rows) const;
  void add_runs(const SeenKeys& seen, std::vector<BlockRun>& runs) const;
  void settle_open_blocks(const Rule& rule, Index b, Index h, Range q, std::vector<BlockRun>& runs,
                          std::size_t first) const;
  void join_last_row(Plane& plane, std::span<const BlockRun> fresh) const;
  void seen_by(std::span<const BlockRun> runs, SeenKeys& out) const;
  Range keys_of(Range columns) const;
  const Plane& plane(Index b, Index h) const;

  BlockMaskShape shape_;
  std::vector<Plane> planes_;  // [batch][heads]
};

}  // namespace chorus::flex
