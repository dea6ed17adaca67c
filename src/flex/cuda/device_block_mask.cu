#include "flex/cuda/device_block_mask.h"

namespace chorus::flex::cuda {

DeviceBlockMask::DeviceBlockMask(const Stream& stream, const BlockMask& mask)
    : shape_(mask.shape()), partial_blocks_(mask.count(BlockKind::partial)) {
  const TilePlan plan = make_tile_plan(mask);
  row_tiles_ = plan.row_tiles;
  runs_ = Buffer<TileRun>(stream, plan.runs);
  first_ = Buffer<Index>(stream, plan.first);
  items_ = Buffer<TileItem>(stream, plan.items);
}

TilePlanView DeviceBlockMask::view() const {
  return {.runs = runs_.data(),
          .first = first_.data(),
          .items = items_.data(),
          .batch = shape_.batch,
          .heads = shape_.heads,
          .row_tiles = row_tiles_};
}

}  // namespace chorus::flex::cuda
