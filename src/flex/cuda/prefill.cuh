// The kernel for many rows: a block of threads per tile of query rows of one head, over the key tiles of its plan.
//
// Each warp owns kRowTiles tiles of 16 rows and walks the keys in steps of kInner: scores, mods, softmax, values, all in
// registers. Keys and values of the next tile arrive while this one is computed. A step is skipped, computed,
// or masked as the plan says; which pairs it sees is found before its scores, so that one nobody sees costs no product. A row's result depends on its own keys only.
//
//   prefill_kernel<core::bf16, 128, PrefillShape<128>, Causal, KeepScore><<<blocks, threads, bytes, stream>>>(a, {}, {});
#pragma once

#include "flex/cuda/prefill_task.cuh"

namespace chorus::flex::cuda {

/// How the work of a block is cut. kCachedSteps: for so many of the kDim / 16 steps over the head's dimension the queries
/// stay in registers, for the rest they are read from shared memory each time.
template <int kDim>
struct PrefillShape {
  static constexpr int kWarps = kSlabs, kRowTiles = kPieceRows / 16, kKeys = kTileKeys, kInner = kPieceKeys;
  static constexpr int kBlocksPerProcessor = 2;
  static constexpr int kCachedSteps = kDim <= 64 ? kDim / 16 : 0;
};

template <int kDim, class Shape>
struct PrefillLayout {
  static constexpr int kThreads = Shape::kWarps * 32, kRows = Shape::kWarps * Shape::kRowTiles * 16;
  static constexpr int kQueryBytes = kRows * kDim * 2, kTileBytes = Shape::kKeys * kDim * 2;
  static constexpr int kBytes = kQueryBytes + 4 * kTileBytes;  // keys and values, two tiles of each
};

/// What a warp computes: its rows against the key tiles in shared memory.
template <class T, int kDim, class Shape, class M, class S>
class PrefillWarp {
 public:
  static constexpr int kM = Shape::kRowTiles, kN = Shape::kInner / 8;
  static constexpr bool kScored = !std::is_same_v<S, KeepScore>;

  __device__ PrefillWarp(const Arguments<T>& a, const M& mask_mod, const S& score_mod,
                         const PrefillTask& task, std::uint32_t queries)
      : a_(a),
        mask_mod_(mask_mod),
        score_mod_(score_mod),
        first_row_(warp_id() * kM * 16),
        queries_(queries + static_cast<std::uint32_t>((first_row_ + lane_id() % 16) * kDim * 2)) {
    const Index row = task.row_tile * PrefillLayout<kDim, Shape>::kRows + first_row_ + lane_id() / 4;
    rows_.batch = task.batch;
#pragma unroll
    for (int m = 0; m < kM; ++m)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        rows_.head[m][half] = task.head;
        rows_.query[m][half] = a.q_offset + min(row + m * 16 + half * 8, a.q.extents.rows - 1);
      }
  }

  __device__ void load_queries() {
#pragma unroll
    for (int step = 0; step < Shape::kCachedSteps; ++step) load_query(step, cached_[step]);
  }

  /// Keys and values of one tile in shared memory, whose first key is `first_key`.
  __device__ void add_tile(std::uint32_t keys, std::uint32_t values, Index first_key, PieceKinds kinds) {
#pragma unroll
    for (int inner = 0; inner < Shape::kKeys; inner += Shape::kInner) {
      const BlockKind kind = kinds.at(first_row_ / kPieceRows, inner / kPieceKeys);
      if (kind == BlockKind::empty) continue;
      const bool partial = kind == BlockKind::partial;
      std::uint32_t seen[kM]{};
      if (partial) {
        rows_.template visible<kN>(mask_mod_, first_key + inner, a_.k.extents.rows, seen);
        bool any = false;
#pragma unroll
        for (int m = 0; m < kM; ++m) any |= seen[m] != 0;
        if (!__any_sync(kWholeWarp, any)) continue;
      }
      Fragment<kM, kN> scores{};
      const auto query = [&](int step, std::uint32_t(&a)[kM][4]) {
        if (step >= Shape::kCachedSteps) return load_query(step, a);
#pragma unroll
        for (int m = 0; m < kM; ++m)
#pragma unroll
          for (int i = 0; i < 4; ++i) a[m][i] = cached_[step < Shape::kCachedSteps ? step : 0][m][i];
      };
      multiply_keys<T, kDim, kM, kN>(keys + inner * kRowBytes<kDim>, query, scores);
      if constexpr (kScored)
        rows_.template apply<kN>(score_mod_, scores, first_key + inner, a_.k.extents.rows, a_.scale);
      if (partial) hide<kM, kN>(scores, seen);
      softmax_.template add<kN, kDim / 8>(scores, kScored ? 1.0F : a_.scale * kLog2E, acc_);
      multiply_values<T, kDim, kM, kN>(scores, values + inner * kRowBytes<kDim>, acc_);
    }
  }

  /// Writes the finished rows, by way of the shared memory where this warp's queries were.
  __device__ void write(const PrefillTask& task, unsigned char* queries) {
    write_rows<T, kDim>(a_, task, task.row_tile * PrefillLayout<kDim, Shape>::kRows + first_row_, softmax_,
                        acc_, queries + first_row_ * kDim * 2);
  }

 private:
  // Lane l gives row l % 16 of a tile of 16 (queries_ points to it), chunk l / 16 of two.
  __device__ void load_query(int step, std::uint32_t (&a)[kM][4]) const {
    const int chunk = 2 * step + lane_id() / 16;
    const auto column = static_cast<std::uint32_t>((chunk ^ (lane_id() & 7)) << 4);
#pragma unroll
    for (int m = 0; m < kM; ++m)
      ldmatrix(a[m], queries_ + static_cast<std::uint32_t>(m * 16 * kDim * 2) + column);
  }

  const Arguments<T>& a_;
  const M& mask_mod_;
  const S& score_mod_;
  Index first_row_;
  std::uint32_t queries_;
  FragmentRows<kM> rows_;
  FragmentSoftmax<kM> softmax_;
  Fragment<kM, kDim / 8> acc_{};
  std::uint32_t cached_[Shape::kCachedSteps > 0 ? Shape::kCachedSteps : 1][kM][4];
};

template <class T, int kDim, class Shape, class M, class S>
__global__ void __launch_bounds__(PrefillLayout<kDim, Shape>::kThreads, Shape::kBlocksPerProcessor)
    prefill_kernel(const __grid_constant__ Arguments<T> a, const __grid_constant__ M mask_mod,
                   const __grid_constant__ S score_mod) {
  using Layout = PrefillLayout<kDim, Shape>;
  extern __shared__ __align__(128) unsigned char shared[];
  const std::uint32_t queries = shared_address(shared), tiles = queries + Layout::kQueryBytes;
  const PrefillTask task(a, static_cast<Index>(blockIdx.x));
  const Index kv_head = task.head / a.group, kv_rows = a.k.extents.rows;
  const T* k = row_of(a.k, task.batch, kv_head, 0);
  const T* v = row_of(a.v, task.batch, kv_head, 0);
  const auto load = [&](const TileWalk& walk, int stage) {
    const std::uint32_t to = tiles + static_cast<std::uint32_t>(stage * 2 * Layout::kTileBytes);
    const Index first = walk.tile * Shape::kKeys;
    load_rows<kDim, Shape::kKeys, Layout::kThreads>(to, k, a.k.row_stride, first, kv_rows, a.k.extents.dim,
                                                    static_cast<int>(threadIdx.x));
    load_rows<kDim, Shape::kKeys, Layout::kThreads>(to + Layout::kTileBytes, v, a.v.row_stride, first,
                                                    kv_rows, a.v.extents.dim, static_cast<int>(threadIdx.x));
    commit_copies();
  };

  PrefillWarp<T, kDim, Shape, M, S> warp(a, mask_mod, score_mod, task, queries);
  if (task.run_count > 0)
    load_rows<kDim, Layout::kRows, Layout::kThreads>(
        queries, row_of(a.q, task.batch, task.head, 0), a.q.row_stride, task.row_tile * Layout::kRows,
        a.q.extents.rows, a.q.extents.dim, static_cast<int>(threadIdx.x));
  __shared__ TileRun near_runs[Layout::kThreads];
  TileWalk walk(task.near(near_runs, Layout::kThreads), task.run_count, PieceKinds::bits_of(0, kSlabs));
  if (!walk.done()) {
    load(walk, 0);
    wait_copies<0>();
    __syncthreads();
    warp.load_queries();
  }
  for (int stage = 0; !walk.done(); stage ^= 1) {
    TileWalk next = walk;
    next.next();
    if (!next.done()) load(next, stage ^ 1);
    const std::uint32_t keys = tiles + static_cast<std::uint32_t>(stage * 2 * Layout::kTileBytes);
    warp.add_tile(keys, keys + Layout::kTileBytes, walk.tile * Shape::kKeys, walk.kinds);
    wait_copies<0>();
    __syncthreads();
    walk = next;
  }
  warp.write(task, shared);
}

}  // namespace chorus::flex::cuda
