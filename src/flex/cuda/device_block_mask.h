// A block mask in device memory, cut into the tiles that the kernels visit.
//
//   const auto mod = causal() & Document(runs.view(device_ids));   // made from the host's runs, run on the device's ids
//   const cuda::DeviceBlockMask blocks(stream, BlockMask::make(mod, {.q_length = n, .kv_length = n}));
//   cuda::attention(stream, q, k, v, out, {.block_mask = &blocks}, mod);
#pragma once

#include "flex/cuda/arguments.h"
#include "flex/cuda/stream.h"

namespace chorus::flex::cuda {

/// The tiles of a BlockMask, for every kernel. Immutable; must outlive the work that uses it.
class DeviceBlockMask {
 public:
  DeviceBlockMask(const Stream& stream, const BlockMask& mask);

  const BlockMaskShape& shape() const { return shape_; }
  std::int64_t partial_blocks() const { return partial_blocks_; }
  TilePlanView view() const;

 private:
  BlockMaskShape shape_;
  std::int64_t partial_blocks_;
  Index row_tiles_;
  Buffer<TileRun> runs_;
  Buffer<Index> first_;
  Buffer<TileItem> items_;
};

}  // namespace chorus::flex::cuda
