#include "flex/cpu/tile_blocks.h"

namespace chorus::flex::cpu {
namespace {

/// Calls body(b, h, block row) for each block row under the tile; a mask of one head stands for all.
template <class Body>
void for_block_rows(const BlockMask& mask, const TileRows& rows, const Body& body) {
  const BlockMaskShape& shape = mask.shape();
  const Index heads = shape.heads == 1 ? 1 : rows.heads;
  for (Index h = 0; h < heads; ++h)
    for (Index row = rows.first / shape.q_block; row <= (rows.first + rows.count - 1) / shape.q_block; ++row)
      body(rows.b, rows.first_head + h, row);
}

}  // namespace

BlockKinds::BlockKinds(Range blocks, std::vector<Count>& memory) : blocks_(blocks) {
  memory.assign(static_cast<std::size_t>(blocks.size()), Count{});
  counts_ = memory.data();
}

void BlockKinds::add(Range blocks, std::uint16_t any, std::uint16_t full) {
  const Index end = std::min(blocks.end, blocks_.end);
  for (Index block = std::max(blocks.begin, blocks_.begin); block < end; ++block) {
    Count& count = counts_[block - blocks_.begin];
    count.any = static_cast<std::uint16_t>(count.any + any);
    count.full = static_cast<std::uint16_t>(count.full + full);
  }
}

void BlockKinds::add(const SeenKeys& seen, Range wanted) {
  for (const Range keys : seen.any) add({keys.begin / kBlock, blocks_of_keys(keys.end)}, 1, 0);
  for (const Range keys : seen.all)  // of a block that `wanted` cuts, what is left counts
    add({keys.begin == wanted.begin ? blocks_.begin : blocks_of_keys(keys.begin),
         keys.end == wanted.end ? blocks_.end : keys.end / kBlock},
        0, 1);
  ++parts_;
}

void BlockKinds::add(const BlockMask& mask, const TileRows& rows) {
  const Index ratio = mask.shape().kv_block / kBlock;
  for_block_rows(mask, rows, [&](Index b, Index h, Index row) {
    for (const BlockRun run : mask.row(b, h, row))
      add({run.begin * ratio, run.end * ratio}, 1, run.kind == BlockKind::full ? 1 : 0);
    ++parts_;
  });
}

BlockKind block_kind(const BlockMask& mask, const TileRows& rows, Index block) {
  BlockKind all = BlockKind::empty;
  bool first = true, same = true;
  for_block_rows(mask, rows, [&](Index b, Index h, Index row) {
    const BlockKind kind = mask.at(b, h, row, block * kBlock / mask.shape().kv_block);
    same = same && (first || kind == all);
    all = kind;
    first = false;
  });
  return same ? all : BlockKind::partial;
}

}  // namespace chorus::flex::cpu
