// What attention() on a GPU may be told beside its tensors and mods, and what it checks.
//
//   const cuda::DeviceBlockMask blocks(stream, block_mask);
//   cuda::attention(stream, q, k, v, out, {.block_mask = &blocks, .lse = lse.data()}, causal());
#pragma once

#include <optional>

#include "flex/cuda/device_block_mask.h"
#include "flex/options.h"

namespace chorus::flex::cuda {

struct Options {
  std::optional<float> scale{};  // multiplies q.k, positive; 1/sqrt(dim) unless given
  Index q_offset = 0;            // row r has query index q_offset + r in the mods
  const DeviceBlockMask* block_mask =
      nullptr;               // of the same mask mod and q_offset; null: every tile is visited
  LogSumExp* lse = nullptr;  // device memory, [batch][q_head][row]; null: not written
  bool portable = false;     // the kernel for every device (sm_80 on), on a Hopper too
};

/// A tensor's place, whatever its elements (of 16 bits).
struct Placement {
  const char* name;
  const void* data;
  Extents extents;
  std::int64_t batch_stride, head_stride, row_stride;

  template <class T>
  static Placement of(const char* name, const View<T>& view) {
    return {name, view.data, view.extents, view.batch_stride, view.head_stride, view.row_stride};
  }
};

/// Throws Error(usage) unless the tensors fit together (check_attention says what fits), head dims are at most 128, the
/// scale is positive, tensors are 16-byte aligned and their strides multiples of 8 elements, and the block mask is of q's
/// and k's lengths. Asks no device.
void check_call(const Placement& q, const Placement& k, const Placement& v, const Placement& out,
                const Options& options);

}  // namespace chorus::flex::cuda
