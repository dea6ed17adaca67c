// Which queries make a tile, and which blocks of keys it visits: the bookkeeping of attention() that needs neither the
// tensors' type nor the mods.
//
//   const TileShape shape(q.extents, k.extents, TileShape::Order::rows);
//   const TileRows rows = shape.tile(task);
//   BlockKinds kinds({0, blocks}, memory);
//   kinds.add(block_mask, rows);
//   if (kinds[block] != BlockKind::empty) ...
#pragma once

#include "flex/block_mask.h"
#include "flex/cpu/tile.h"
#include "flex/view.h"

namespace chorus::flex::cpu {

constexpr Index blocks_of_keys(Index keys) {
  return keys / kBlock + (keys % kBlock != 0 ? 1 : 0);
}

/// Blocks [first, last) that the keys lie in.
constexpr Range blocks_over(Range keys) {
  if (keys.begin >= keys.end) return {};
  return {keys.begin / kBlock, blocks_of_keys(keys.end)};
}

/// The query rows [first, first + count) of query heads [first_head, first_head + heads), all on one kv head.
struct TileRows {
  Index b = 0, kv_head = 0, first_head = 0, heads = 0, first = 0, count = 0;
};

/// How queries are cut into tiles. The heads of a row lie side by side, so that lanes that lie close see much the same keys
/// and little is computed to be hidden; or the rows of a head, which is what a mod that is asked about them one by one likes.
struct TileShape {
  enum class Order { rows, heads };

  TileShape(const Extents& q, const Extents& k, Order order)
      : batch(q.batch), kv_heads(k.heads), group(q.heads / k.heads), q_rows(q.rows) {
    heads = std::min(group, kTileLanes);
    rows = std::max(1, std::min(kTileLanes / heads, q_rows));
    chunks = (group + heads - 1) / heads;
    pieces = (q_rows + rows - 1) / rows;
    row_step = order == Order::rows ? heads : 1;
    head_step = order == Order::rows ? 1 : rows;
  }

  /// Sets of heads that share a tile.
  std::int64_t planes() const { return std::int64_t{batch} * kv_heads * chunks; }
  std::int64_t tiles() const { return planes() * pieces; }
  /// Of row r of the h-th head of a tile.
  Index lane(Index h, Index r) const { return h * head_step + r * row_step; }
  /// The lanes of the first row of `count` heads.
  std::uint64_t row_lanes(Index count) const {
    std::uint64_t lanes = 0;
    for (Index h = 0; h < count; ++h) lanes |= std::uint64_t{1} << lane(h, 0);
    return lanes;
  }
  /// All those rows of these heads, which have the lanes `one` of the first row.
  std::uint64_t lanes_of_rows(std::uint64_t one, Index count) const {
    std::uint64_t lanes = 0;
    for (Index r = 0; r < count; ++r) lanes |= one << lane(0, r);
    return lanes;
  }
  /// The heads of a plane, and no rows.
  TileRows plane(std::int64_t plane) const {
    const auto chunk = static_cast<Index>(plane % chunks);
    TileRows t;
    t.kv_head = static_cast<Index>(plane / chunks % kv_heads);
    t.b = static_cast<Index>(plane / chunks / kv_heads);
    t.first_head = t.kv_head * group + chunk * heads;
    t.heads = std::min(heads, group - chunk * heads);
    return t;
  }
  /// Tile `task` of [plane][piece], last rows first: under a causal mask they are the longest.
  TileRows tile(std::int64_t task) const {
    TileRows t = plane(task / pieces);
    t.first = (pieces - 1 - static_cast<Index>(task % pieces)) * rows;
    t.count = std::min(rows, q_rows - t.first);
    return t;
  }

  Index batch, kv_heads, group, q_rows;
  Index heads, rows;  // of a tile, at most
  Index chunks, pieces;
  Index row_step, head_step;
};

/// What a tile's heads and rows together make of each block of keys.
class BlockKinds {
 public:
  /// Of blocks [blocks.begin, blocks.end), in `floats(blocks.size())` floats of memory.
  BlockKinds(Range blocks, float* memory);
  static std::int64_t floats(Index blocks) { return blocks; }

  /// Adds what one head's structure says of keys `wanted`, those of the blocks that are not cut away.
  void add(const SeenKeys& seen, Range wanted);
  /// Adds what the block rows under the tile say, for each of its heads.
  void add(const BlockMask& mask, const TileRows& rows);

  BlockKind operator[](Index block) const {
    const Count& count = counts_[block - blocks_.begin];
    if (count.any == 0) return BlockKind::empty;
    return count.full == parts_ ? BlockKind::full : BlockKind::partial;
  }

 private:
  struct Count {
    std::uint16_t any, full;  // parts that see something of the block; everything
  };
  void add(Range blocks, std::uint16_t any, std::uint16_t full);

  Range blocks_;
  Count* counts_;
  Index parts_ = 0;  // heads, or block rows of heads, that were added
};

/// The kind of one block.
BlockKind block_kind(const BlockMask& mask, const TileRows& rows, Index block);

}  // namespace chorus::flex::cpu
