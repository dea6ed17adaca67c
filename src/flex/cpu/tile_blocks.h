// Which queries make a tile, and which blocks of keys it visits: the bookkeeping of attention() that needs neither the
// tensors' type nor the mods.
//
//   const TileShape shape(q.extents, k.extents, bytes_of_a_kv_head, TileShape::Order::rows);
//   const TileRows rows = shape.tile(task);
//   BlockKinds kinds({0, blocks}, counts);
//   kinds.add(block_mask, rows);
//   if (kinds[block] != BlockKind::empty) ...
#pragma once

#include <vector>

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
  static constexpr Index kMostTogether = 4;

  /// `head_bytes`: of the keys and values of a kv head.
  TileShape(const Extents& q, const Extents& k, std::int64_t head_bytes, Order order)
      : batch(q.batch), kv_heads(k.heads), group(q.heads / k.heads), q_rows(q.rows) {
    heads = std::min(group, kTileLanes);
    rows = std::max(1, std::min(kTileLanes / heads, q_rows));
    chunks = (group + heads - 1) / heads;
    pieces = (q_rows + rows - 1) / rows;
    row_step = order == Order::rows ? heads : 1;
    head_step = order == Order::rows ? 1 : rows;
    together = static_cast<Index>(
        std::clamp<std::int64_t>(kNearBytes / std::max<std::int64_t>(head_bytes, 1), 1, kMostTogether));
  }

  /// Sets of heads that share a tile: those of a batch lie side by side.
  std::int64_t planes() const { return batch * planes_of_batch(); }
  std::int64_t planes_of_batch() const { return std::int64_t{kv_heads} * chunks; }
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
  /// The tile of a plane's rows, last rows first: under a causal mask they are the longest.
  TileRows tile(std::int64_t of_plane, Index piece) const {
    TileRows t = plane(of_plane);
    t.first = (pieces - 1 - piece) * rows;
    t.count = std::min(rows, q_rows - t.first);
    return t;
  }
  /// All tiles in an order in which neighbours have much in common: the same rows of `together` planes, of which a mask often
  /// says the same, then the rows before them, which see much the same keys.
  TileRows tile(std::int64_t task) const {
    const std::int64_t of_batch = planes_of_batch() * pieces, first = task / of_batch * planes_of_batch();
    task %= of_batch;
    const std::int64_t set = task / (std::int64_t{together} * pieces) * together;
    const std::int64_t width = std::min<std::int64_t>(together, planes_of_batch() - set);
    task -= set * pieces;
    return tile(first + set + task % width, static_cast<Index>(task / width));
  }

  Index batch, kv_heads, group, q_rows;
  Index heads, rows;  // of a tile, at most
  Index chunks, pieces;
  Index row_step, head_step;
  Index together;  // planes that tiles take turns at

 private:
  // Of keys and values that tiles go through again and again: more had better be one head's.
  static constexpr std::int64_t kNearBytes = std::int64_t{2} << 20;
};

/// What a tile's heads and rows together make of each block of keys.
class BlockKinds {
 public:
  struct Count {
    std::uint16_t any, full;  // parts that see something of the block; everything
  };
  /// Of blocks [blocks.begin, blocks.end). The memory is the caller's, so that one call's serves the next.
  BlockKinds(Range blocks, std::vector<Count>& memory);

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
  void add(Range blocks, std::uint16_t any, std::uint16_t full);

  Range blocks_;
  Count* counts_;
  Index parts_ = 0;  // heads, or block rows of heads, that were added
};

/// The kind of one block.
BlockKind block_kind(const BlockMask& mask, const TileRows& rows, Index block);

}  // namespace chorus::flex::cpu
