// A block mask as a kernel walks it: for each tile of query rows the runs of key tiles to visit, what each warp's pieces of
// such a tile are, and the tiles of rows ordered by work, most first, so that the last ones to finish are short. Made on the
// host, from blocks of any size: the finer the blocks, the less is computed for nothing.
//
//   const TilePlan plan = make_tile_plan(block_mask);
//   for (Index i = plan.items[0].begin; i < plan.items[0].end; ++i) plan.runs[i];   // of the tile with most work
#pragma once

#include <cstdint>
#include <vector>

#include "flex/block_mask.h"

namespace chorus::flex::cuda {

/// A tile, and its pieces: kPieceRows rows are a warp's, kPieceKeys keys one step of it.
inline constexpr Index kTileRows = 128, kTileKeys = 64, kPieceRows = 32, kPieceKeys = 32;
inline constexpr Index kSlabs = kTileRows / kPieceRows, kSteps = kTileKeys / kPieceKeys;

/// Two bits for each piece of a tile, slab by slab.
struct PieceKinds {
  std::uint32_t bits = 0;

  /// All pieces of one kind.
  static constexpr PieceKinds all(BlockKind kind) { return {0x5555U * static_cast<std::uint32_t>(kind)}; }
  /// The bits of the pieces of these slabs.
  FLEX_MOD static constexpr std::uint32_t bits_of(Index first_slab, Index slabs) {
    return ((1U << (2 * kSteps * slabs)) - 1) << (2 * kSteps * first_slab);
  }
  FLEX_MOD constexpr BlockKind at(Index slab, Index step) const {
    return static_cast<BlockKind>(bits >> (2 * (slab * kSteps + step)) & 3U);
  }
  constexpr void set(Index slab, Index step, BlockKind kind) {
    bits |= static_cast<std::uint32_t>(kind) << (2 * (slab * kSteps + step));
  }
  friend constexpr bool operator==(PieceKinds, PieceKinds) = default;
};

/// Key tiles [begin, end), all of the same kinds.
struct TileRun {
  Index begin = 0, end = 0;
  PieceKinds kinds;
  friend bool operator==(const TileRun&, const TileRun&) = default;
};

/// A tile of query rows of one plane of the mask, and its runs [begin, end).
struct alignas(16) TileItem {
  Index plane = 0, row_tile = 0, begin = 0, end = 0;
  friend bool operator==(const TileItem&, const TileItem&) = default;
};

struct TilePlan {
  BlockMaskShape shape;
  Index row_tiles = 0;
  std::vector<TileRun> runs;    // ascending in each tile of rows
  std::vector<Index> first;     // [planes * row_tiles + 1]: where the runs of a tile of rows begin
  std::vector<TileItem> items;  // [planes * row_tiles], most work first
};

/// A piece is full where every pair of it lies in full blocks, empty where every pair lies in empty ones or it has no rows;
/// one that reaches past the last key is partial. A tile of empty pieces is left out.
TilePlan make_tile_plan(const BlockMask& mask);

}  // namespace chorus::flex::cuda
