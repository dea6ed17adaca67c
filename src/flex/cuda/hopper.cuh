// The kernel for many rows on Hopper (sm_90a): a block is one group of four warps with 64 rows of a head, three blocks to a
// processor, so that while one waits for its products or its keys the others compute.
//
// Scores and outputs are products of the whole group, begun in the background: which pairs a tile sees is found meanwhile.
// Everything else, mods, softmax, the order of a row's keys, is as in prefill.cuh. Compiled for anything but sm_90a the
// kernel is empty and has no shared memory; runs_on_hopper() looks at that.
//
//   hopper_kernel<core::bf16, 128, Causal, KeepScore><<<blocks, 128, HopperLayout<128>::kBytes, stream>>>(a, {}, {});
#pragma once

#include "flex/cuda/prefill_task.cuh"
#include "flex/cuda/wgmma.cuh"

namespace chorus::flex::cuda {

template <int kDim>
struct HopperLayout {
  static constexpr int kThreads = 128, kRows = 64, kBlocksPerProcessor = 3;
  static constexpr int kPanelBytes = kTileKeys * kPanelDims * 2, kTileBytes = kTileKeys * kDim * 2;
  static constexpr int kStageBytes = 2 * kTileBytes;  // keys and values
  // Heads of 64 leave their queries in shared memory. In registers they do not survive there: ptxas 13.0 gives them away
  // within the loop, where both products are of one shape. With 128 it keeps them (32 registers, not written in the loop).
  static constexpr bool kQueriesStay = kDim == 64;
  static constexpr int kQueryBytes = kRows * kDim * 2;
  static constexpr int kBytes =
      2 * kStageBytes + (kQueriesStay ? kQueryBytes : 0) + 1024;  // two stages, and room to align them
  static constexpr int kParts = kTileRows / kRows;                // blocks to a tile of rows
  static constexpr int kPartSlabs = kRows / kPieceRows;
  static_assert(kRows * kDim * 2 <= kStageBytes, "the queries arrive where the second stage will be");
};

#ifdef CHORUS_SM90A
/// What a warp computes: 16 of its group's 64 rows.
template <class T, int kDim, class M, class S>
class HopperWarp {
 public:
  using Layout = HopperLayout<kDim>;
  static constexpr int kN = kTileKeys / 8, kStepsOfDim = kDim / 16;
  static constexpr bool kScored = !std::is_same_v<S, KeepScore>;

  __device__ HopperWarp(const Arguments<T>& a, const M& mask_mod, const S& score_mod, const PrefillTask& task,
                        Index part)
      : a_(a),
        mask_mod_(mask_mod),
        score_mod_(score_mod),
        slab_(part * Layout::kPartSlabs + warp_id() * 16 / kPieceRows),
        first_row_(task.row_tile * kTileRows + part * Layout::kRows + warp_id() * 16) {
    rows_.batch = task.batch;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      rows_.head[0][half] = task.head;
      rows_.query[0][half] = a.q_offset + min(first_row_ + lane_id() / 4 + half * 8, a.q.extents.rows - 1);
    }
  }

  /// From shared memory, where they lie as swizzled<kDim> says.
  __device__ void load_queries(std::uint32_t queries) {
    if constexpr (Layout::kQueriesStay) {
      queries_shared_ = queries;
    } else {
#pragma unroll
      for (int step = 0; step < kStepsOfDim; ++step)
        ldmatrix(queries_[step],
                 queries + swizzled<kDim>(warp_id() * 16 + lane_id() % 16, 2 * step + lane_id() / 16));
    }
  }

  /// Keys and values of one tile in shared memory, whose first key is `first_key`.
  __device__ void add_tile(std::uint32_t keys, std::uint32_t values, Index first_key, PieceKinds kinds) {
    Fragment<1, kN> scores;
    wgmma_begin();
#pragma unroll
    for (int step = 0; step < kStepsOfDim; ++step) {
      const auto column = static_cast<std::uint32_t>(step / 4 * Layout::kPanelBytes + step % 4 * 32);
      if constexpr (Layout::kQueriesStay)
        wgmma_shared<T>(scores, keys_operand(queries_shared_ + column), keys_operand(keys + column),
                        step > 0);
      else
        wgmma<T, kTileKeys, 0>(scores, queries_[step], keys_operand(keys + column), step > 0);
    }
    wgmma_commit();
    std::uint32_t seen[1];
    const bool masked = find_seen(first_key, kinds, seen);
    wgmma_wait();
    settle(scores);
    if constexpr (kScored)
      rows_.template apply<kN>(score_mod_, scores, first_key, a_.k.extents.rows, a_.scale);
    if (masked) hide<1, kN>(scores, seen);
    softmax_.template add<kN, kDim / 8>(scores, kScored ? 1.0F : a_.scale * kLog2E, acc_);
    std::uint32_t weights[kTileKeys / 16][4];
#pragma unroll
    for (int t = 0; t < kTileKeys / 16; ++t)
#pragma unroll
      for (int i = 0; i < 4; ++i)
        weights[t][i] = pack<T>(scores[0][2 * t + i / 2][i % 2 * 2], scores[0][2 * t + i / 2][i % 2 * 2 + 1]);
    settle(weights);
    settle(acc_);
    wgmma_begin();
#pragma unroll
    for (int t = 0; t < kTileKeys / 16; ++t)
      wgmma<T, kDim, 1>(
          acc_, weights[t],
          values_operand(values + static_cast<std::uint32_t>(t * 16 * kPanelDims * 2), Layout::kPanelBytes),
          1);
    wgmma_commit();
    wgmma_wait();
    settle(acc_);
  }

  /// By way of 16 kDim elements of shared memory of this warp's own.
  __device__ void write(const PrefillTask& task, unsigned char* staging) {
    write_rows<T, kDim>(a_, task, first_row_, softmax_, acc_, staging);
  }

 private:
  /// Which pairs of the tile this warp's rows see, a piece at a time; false if all.
  __device__ bool find_seen(Index first_key, PieceKinds kinds, std::uint32_t (&seen)[1]) const {
    seen[0] = 0;
    bool masked = false;
#pragma unroll
    for (int step = 0; step < kSteps; ++step) {
      const BlockKind kind = kinds.at(slab_, step);
      std::uint32_t piece[1]{kind == BlockKind::full ? 0xffffU : 0U};
      if (kind == BlockKind::partial)
        rows_.template visible<kPieceKeys / 8>(mask_mod_, first_key + step * kPieceKeys, a_.k.extents.rows,
                                               piece);
      seen[0] |= piece[0] << (16 * step);
      masked |= kind != BlockKind::full;
    }
    return masked;
  }

  const Arguments<T>& a_;
  const M& mask_mod_;
  const S& score_mod_;
  Index slab_, first_row_;
  FragmentRows<1> rows_;
  FragmentSoftmax<1> softmax_;
  Fragment<1, kDim / 8> acc_{};
  std::uint32_t queries_[kStepsOfDim][4], queries_shared_ = 0;
};
#endif

template <class T, int kDim, class M, class S>
__global__ void __launch_bounds__(HopperLayout<kDim>::kThreads, HopperLayout<kDim>::kBlocksPerProcessor)
    hopper_kernel(const __grid_constant__ Arguments<T> a, const __grid_constant__ M mask_mod,
                  const __grid_constant__ S score_mod) {
#ifdef CHORUS_SM90A
  using Layout = HopperLayout<kDim>;
  extern __shared__ unsigned char unaligned[];
  unsigned char* shared = unaligned + (1024 - shared_address(unaligned) % 1024) % 1024;
  const std::uint32_t stages = shared_address(shared);
  const auto block = static_cast<Index>(blockIdx.x), part = block % Layout::kParts;
  const PrefillTask task(a, block / Layout::kParts);
  const Index kv_head = task.head / a.group, kv_rows = a.k.extents.rows;
  const Index first_row = task.row_tile * kTileRows + part * Layout::kRows;
  if (first_row >= a.q.extents.rows) return;
  const int thread = static_cast<int>(threadIdx.x);
  const auto place = [](int row, int chunk) { return panelled<kTileKeys>(row, chunk); };
  const auto load = [&](const TileWalk& walk, int stage) {
    const std::uint32_t to = stages + static_cast<std::uint32_t>(stage * Layout::kStageBytes);
    const Index first = walk.tile * kTileKeys;
    load_rows<kDim, kTileKeys, Layout::kThreads>(to, row_of(a.k, task.batch, kv_head, 0), a.k.row_stride,
                                                 first, kv_rows, a.k.extents.dim, thread, place);
    load_rows<kDim, kTileKeys, Layout::kThreads>(to + Layout::kTileBytes, row_of(a.v, task.batch, kv_head, 0),
                                                 a.v.row_stride, first, kv_rows, a.v.extents.dim, thread,
                                                 place);
    commit_copies();
  };

  HopperWarp<T, kDim, M, S> warp(a, mask_mod, score_mod, task, part);
  // For the time being where the second stage will be, unless they stay.
  const std::uint32_t queries = stages + Layout::kStageBytes * (Layout::kQueriesStay ? 2 : 1);
  if (task.run_count > 0)
    load_rows<kDim, Layout::kRows, Layout::kThreads>(queries, row_of(a.q, task.batch, task.head, 0),
                                                     a.q.row_stride, first_row, a.q.extents.rows,
                                                     a.q.extents.dim, thread);
  commit_copies();
  __shared__ TileRun near_runs[Layout::kThreads];
  TileWalk walk(task.near(near_runs, Layout::kThreads), task.run_count,
                PieceKinds::bits_of(part * Layout::kPartSlabs, Layout::kPartSlabs));
  if (!walk.done()) {
    load(walk, 0);
    wait_copies<1>();
    __syncthreads();
    warp.load_queries(queries);
  }
  for (int stage = 0; !walk.done(); stage ^= 1) {
    wait_copies<0>();
    publish_shared();
    __syncthreads();  // the tile is there for all, and all are done with the other stage
    TileWalk next = walk;
    next.next();
    if (!next.done()) load(next, stage ^ 1);
    const std::uint32_t keys = stages + static_cast<std::uint32_t>(stage * Layout::kStageBytes);
    warp.add_tile(keys, keys + Layout::kTileBytes, walk.tile * kTileKeys, walk.kinds);
    walk = next;
  }
  __syncthreads();
  warp.write(task, shared + warp_id() * 16 * kDim * 2);
#endif
}

}  // namespace chorus::flex::cuda
