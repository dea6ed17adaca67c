// What the kernels for many rows share: which rows a block computes, the way through its key tiles, and writing the rows.
//
//   const PrefillTask task(a, blockIdx.x);
//   for (TileWalk walk(task.near(room, threads), task.run_count, wanted); !walk.done(); walk.next()) ...
//   write_rows<T, kDim>(a, task, first_row, softmax, acc, staging);
#pragma once

#include "flex/cuda/arguments.h"
#include "flex/cuda/fragment.cuh"
#include "flex/cuda/shared_tile.cuh"

namespace chorus::flex::cuda {

/// Goes through the key tiles of a tile of rows, those where one of the pieces of `wanted` is not empty.
struct TileWalk {
  const TileRun* run;
  const TileRun* last;
  std::uint32_t wanted;
  Index tile = 0, end = 0;
  PieceKinds kinds;

  /// wanted: PieceKinds::bits_of the rows' slabs.
  __device__ TileWalk(const TileRun* runs, Index count, std::uint32_t wanted_pieces)
      : run(runs), last(runs + count), wanted(wanted_pieces) {
    take();
  }
  __device__ bool done() const { return tile >= end; }
  __device__ void next() {
    if (++tile < end) return;
    ++run;
    take();
  }

 private:
  __device__ void take() {
    while (run < last && (run->kinds.bits & wanted) == 0) ++run;
    if (run < last) tile = run->begin, end = run->end, kinds = run->kinds;
  }
};

/// Which rows of which head a block computes, and the runs of its key tiles.
struct PrefillTask {
  Index batch = 0, head = 0, row_tile = 0, run_count = 0;
  const TileRun* runs = nullptr;

  template <class T>
  __device__ PrefillTask(const Arguments<T>& a, Index block) {
    const TilePlanView& plan = a.plan;
    const Index heads = a.q.extents.heads;
    const Index shared = (plan.batch == 1 ? a.q.extents.batch : 1) * (plan.heads == 1 ? heads : 1);
    const Index item = block / shared, rest = block % shared;
    TileItem at{.plane = 0, .row_tile = item, .begin = 0, .end = plan.every_count};
    if (plan.items != nullptr) at = plan.items[item];
    row_tile = at.row_tile;
    runs = (plan.items != nullptr ? plan.runs : plan.every) + at.begin;
    run_count = at.end - at.begin;
    batch = plan.batch > 1 ? at.plane / plan.heads : plan.heads > 1 ? rest : rest / heads;
    head = plan.heads > 1 ? at.plane % plan.heads : rest % heads;
  }

  /// The runs, in `room` (shared memory) if they fit: by all threads, `threads` of them.
  __device__ const TileRun* near(TileRun* room, Index threads) const {
    const auto thread = static_cast<Index>(threadIdx.x);
    const bool fit = run_count <= threads;
    if (fit && thread < run_count) room[thread] = runs[thread];
    __syncthreads();
    return fit ? room : runs;
  }
};

/// Writes a warp's finished rows, first_row being the first of them, by way of kM 16 kDim elements of shared memory of its
/// own; rows past the last are left out.
template <class T, int kDim, int kM>
__device__ inline void write_rows(const Arguments<T>& a, const PrefillTask& task, Index first_row,
                                  FragmentSoftmax<kM>& softmax, const Fragment<kM, kDim / 8>& acc,
                                  unsigned char* staging) {
  softmax.finish();
  const int lane = lane_id();
  const Index rows = a.q.extents.rows;
  __syncwarp();
#pragma unroll
  for (int m = 0; m < kM; ++m)
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = m * 16 + half * 8 + lane / 4;
      const float sum = softmax.sum[m][half], factor = sum == 0 ? 0 : 1 / sum;
      if (a.lse != nullptr && lane % 4 == 0 && first_row + row < rows)
        a.lse[(std::int64_t{task.batch} * a.q.extents.heads + task.head) * rows + first_row + row] =
            lse_of(softmax.reference[m][half], sum);
#pragma unroll
      for (int d = 0; d < kDim / 8; ++d)
        *reinterpret_cast<std::uint32_t*>(staging + swizzled<kDim>(row, d) + lane % 4 * 4) =
            pack<T>(acc[m][d][2 * half] * factor, acc[m][d][2 * half + 1] * factor);
    }
  __syncwarp();
  constexpr int kChunks = kDim / kChunk, kStep = 32 / kChunks;
  const int chunk = lane % kChunks;
  if (chunk * kChunk >= a.out.extents.dim) return;
  T* out = row_of(a.out, task.batch, task.head, 0) + chunk * kChunk;
#pragma unroll
  for (int row = lane / kChunks; row < kM * 16; row += kStep)
    if (first_row + row < rows)
      *reinterpret_cast<uint4*>(out + (first_row + row) * a.out.row_stride) =
          *reinterpret_cast<const uint4*>(staging + swizzled<kDim>(row, chunk));
}

}  // namespace chorus::flex::cuda
