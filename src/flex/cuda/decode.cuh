// The kernel for few rows: the query heads that share a kv head are packed into one tile of 16 vectors, so that keys and
// values are read once for all of them, and the keys are cut into splits of a fixed number, whose states are merged.
//
// A split's warps stream 16 keys at a time, each on its own; their states are merged in the order of the warps, and the
// splits' in the order of the keys. Where a split begins depends on nothing but the key's index: neither the batch nor
// the device changes a bit.
//
//   decode_kernel<core::bf16, 128, DecodeShape, AllowAll, KeepScore><<<blocks, 128, bytes, stream>>>(a, states, {}, {});
//   merge_kernel<<<batch * heads * rows, dim, 0, stream>>>(a, states);
#pragma once

#include "flex/cuda/arguments.h"
#include "flex/cuda/fragment.cuh"
#include "flex/cuda/shared_tile.cuh"

namespace chorus::flex::cuda {

struct DecodeShape {
  static constexpr int kWarps = 4, kStages = 3, kSplit = 256, kBlocksPerProcessor = 2;
};
inline constexpr int kDecodeVectors = 16, kDecodeKeys = 16;

/// The softmax states of the splits: [batch][kv head][split][vector], vector = row * group + head in the group.
struct SplitStates {
  float* values = nullptr;  // [state][dim of v], not normalised
  float2* sums = nullptr;   // [state]: reference (base 2) and sum
  Index splits = 1, vectors = 1;
  __host__ __device__ std::int64_t at(Index plane, Index split, Index vector) const {
    return (std::int64_t{plane} * splits + split) * vectors + vector;
  }
};

/// Merges `count` states, i-th given by state(i) = (reference, sum, value), in order. Returns the same of the whole.
struct MergedState {
  float reference, sum, value;
};
template <class State>
__device__ inline MergedState merge_states(int count, const State& state) {
  float top = minus_infinity();
  for (int i = 0; i < count; ++i) top = fmaxf(top, state(i).reference);
  MergedState all{top, 0, 0};
  for (int i = 0; i < count; ++i) {
    const MergedState one = state(i);
    if (one.sum == 0) continue;  // saw nothing; a sum that is NaN did
    const float weight = exp2_fast(one.reference - (top == minus_infinity() ? 0 : top));
    all.sum += one.sum * weight;
    all.value += one.value * weight;
  }
  return all;
}

template <class T>
__device__ inline void write_merged(const Arguments<T>& a, const MergedState& s, Index b, Index h, Index row,
                                    Index dim) {
  const float value = s.sum == 0 ? 0 : s.value / s.sum;
  reinterpret_cast<std::uint16_t*>(row_of(a.out, b, h, row))[dim] =
      static_cast<std::uint16_t>(pack<T>(value, 0) & 0xffffU);
  if (dim == 0 && a.lse != nullptr)
    a.lse[(std::int64_t{b} * a.q.extents.heads + h) * a.q.extents.rows + row] = lse_of(s.reference, s.sum);
}

/// What a block computes: 16 vectors of a kv head, against the keys of a split.
struct DecodeTask {
  Index batch = 0, kv_head = 0, plane = 0, split = 0, first_vector = 0, vectors = 0;

  template <class T>
  __device__ DecodeTask(const Arguments<T>& a, const SplitStates& states, Index block) {
    const Index tiles = (states.vectors + kDecodeVectors - 1) / kDecodeVectors;
    split = block % states.splits;
    first_vector = block / states.splits % tiles * kDecodeVectors;
    vectors = min(kDecodeVectors, states.vectors - first_vector);
    plane = block / states.splits / tiles;
    batch = plane / a.k.extents.heads;
    kv_head = plane % a.k.extents.heads;
  }
  __device__ Index head(Index group, Index vector) const { return kv_head * group + vector % group; }

  /// What the plan says of a piece of keys, all rows and all heads of the group together.
  template <class T>
  __device__ BlockKind kind(const Arguments<T>& a, Index piece) const {
    const TilePlanView& plan = a.plan;
    const Index tile = piece / kSteps, slabs = (a.q.extents.rows + kPieceRows - 1) / kPieceRows;
    bool any = false, all = true;
    for (Index g = 0; g < (plan.heads > 1 ? a.group : 1); ++g) {
      const TileRun *run = plan.every, *end = plan.every + plan.every_count;
      if (plan.items != nullptr) {
        const Index at =
            ((plan.batch > 1 ? batch : 0) * plan.heads + (plan.heads > 1 ? head(a.group, g) : 0)) *
            plan.row_tiles;
        run = plan.runs + plan.first[at], end = plan.runs + plan.first[at + 1];
      }
      while (run < end && run->end <= tile) ++run;
      for (Index slab = 0; slab < slabs; ++slab) {
        const BlockKind kind =
            run < end && run->begin <= tile ? run->kinds.at(slab, piece % kSteps) : BlockKind::empty;
        any |= kind != BlockKind::empty;
        all &= kind == BlockKind::full;
      }
    }
    return !any ? BlockKind::empty : all ? BlockKind::full : BlockKind::partial;
  }
};

/// What a warp computes: its groups of 16 keys of the split, through kStages of its own in shared memory.
template <class T, int kDim, class Shape, class M, class S>
class DecodeWarp {
 public:
  static constexpr int kChunkBytes = kDecodeKeys * kDim * 2, kBytes = Shape::kStages * 2 * kChunkBytes;
  static constexpr bool kScored = !std::is_same_v<S, KeepScore>;

  __device__ DecodeWarp(const Arguments<T>& a, const M& mask_mod, const S& score_mod, const DecodeTask& task,
                        std::uint32_t shared)
      : a_(a), mask_mod_(mask_mod), score_mod_(score_mod), task_(task), shared_(shared) {
    rows_.batch = task.batch;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const Index vector = task.first_vector + min(half * 8 + lane_id() / 4, task.vectors - 1);
      rows_.head[0][half] = task.head(a.group, vector);
      rows_.query[0][half] = a.q_offset + vector / a.group;
    }
    load_queries();
  }

  /// kinds: of the split's pieces of kPieceKeys keys.
  __device__ void run(const unsigned char* kinds) {
    const int warp = static_cast<int>(threadIdx.x) / 32;
    int ahead = seek(kinds, warp), at = ahead;
#pragma unroll
    for (int stage = 0; stage < Shape::kStages - 1; ++stage) ahead = load(kinds, ahead, stage);
    for (int stage = 0; at < kGroups;) {
      wait_copies<Shape::kStages - 2>();
      __syncwarp();  // what the other lanes copied is there, and all are done with the stage that is loaded next
      ahead = load(kinds, ahead, (stage + Shape::kStages - 1) % Shape::kStages);
      add(shared_ + static_cast<std::uint32_t>(stage * 2 * kChunkBytes), first_key(at),
          kind(kinds, at) == BlockKind::partial);
      at = seek(kinds, at + Shape::kWarps);
      stage = stage + 1 == Shape::kStages ? 0 : stage + 1;
    }
    wait_copies<0>();
    softmax_.finish();
  }

  /// Leaves the warp's state where its keys were: [16][kDim] values, then 16 references, then 16 sums.
  __device__ void leave(float* state) const {
    __syncwarp();
    const int lane = lane_id();
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int vector = half * 8 + lane / 4;
#pragma unroll
      for (int d = 0; d < kDim / 8; ++d)
#pragma unroll
        for (int c = 0; c < 2; ++c)
          state[vector * kDim + d * 8 + lane % 4 * 2 + c] = acc_[0][d][2 * half + c];
      if (lane % 4 == 0) {
        state[kDecodeVectors * kDim + vector] = softmax_.reference[0][half];
        state[kDecodeVectors * kDim + kDecodeVectors + vector] = softmax_.sum[0][half];
      }
    }
  }

 private:
  static constexpr int kGroups = Shape::kSplit / kDecodeKeys;

  __device__ Index first_key(int group) const {
    return task_.split * Shape::kSplit + group * kDecodeKeys;
  }
  __device__ static BlockKind kind(const unsigned char* kinds, int group) {
    return static_cast<BlockKind>(kinds[group * kDecodeKeys / kPieceKeys]);
  }
  /// The first group from `group` on, in the warp's steps, that is to be visited.
  __device__ int seek(const unsigned char* kinds, int group) const {
    while (group < kGroups &&
           (kind(kinds, group) == BlockKind::empty || first_key(group) >= a_.k.extents.rows))
      group += Shape::kWarps;
    return group;
  }

  /// Begins to copy a group, if there is one left; returns the next. Always closes a group of copies.
  __device__ int load(const unsigned char* kinds, int group, int stage) {
    if (group < kGroups) {
      const std::uint32_t to = shared_ + static_cast<std::uint32_t>(stage * 2 * kChunkBytes);
      const Index rows = a_.k.extents.rows, first = first_key(group);
      load_rows<kDim, kDecodeKeys, 32>(to, row_of(a_.k, task_.batch, task_.kv_head, 0), a_.k.row_stride,
                                       first, rows, a_.k.extents.dim, lane_id());
      load_rows<kDim, kDecodeKeys, 32>(to + kChunkBytes, row_of(a_.v, task_.batch, task_.kv_head, 0),
                                       a_.v.row_stride, first, rows, a_.v.extents.dim, lane_id());
      group = seek(kinds, group + Shape::kWarps);
    }
    commit_copies();
    return group;
  }

  __device__ void load_queries() {
#pragma unroll
    for (int step = 0; step < kDim / 16; ++step)
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int vector = i % 2 * 8 + lane_id() / 4, column = step * 16 + i / 2 * 8 + lane_id() % 4 * 2;
        const bool inside = vector < task_.vectors && column < a_.q.extents.dim;
        const T* row = row_of(a_.q, task_.batch, rows_.head[0][i % 2], rows_.query[0][i % 2] - a_.q_offset);
        queries_[step][i] = inside ? *reinterpret_cast<const std::uint32_t*>(row + column) : 0U;
      }
  }

  __device__ void add(std::uint32_t keys, Index first_key, bool partial) {
    std::uint32_t seen[1]{};
    if (partial) {
      rows_.template visible<2>(mask_mod_, first_key, a_.k.extents.rows, seen);
      if (!__any_sync(kWholeWarp, seen[0] != 0)) return;
    }
    Fragment<1, 2> scores{};
    multiply_keys<T, kDim, 1, 2>(
        keys,
        [&](int step, std::uint32_t(&a)[1][4]) {
#pragma unroll
          for (int i = 0; i < 4; ++i) a[0][i] = queries_[step][i];
        },
        scores);
    if constexpr (kScored)
      rows_.template apply<2>(score_mod_, scores, first_key, a_.k.extents.rows, a_.scale);
    if (partial) hide<1, 2>(scores, seen);
    softmax_.template add<2, kDim / 8>(scores, kScored ? 1.0F : a_.scale * kLog2E, acc_);
    multiply_values<T, kDim, 1, 2>(scores, keys + kChunkBytes, acc_);
  }

  const Arguments<T>& a_;
  const M& mask_mod_;
  const S& score_mod_;
  const DecodeTask& task_;
  std::uint32_t shared_;
  FragmentRows<1> rows_;
  FragmentSoftmax<1> softmax_;
  Fragment<1, kDim / 8> acc_{};
  std::uint32_t queries_[kDim / 16][4];
};

template <class T, int kDim, class Shape, class M, class S>
__global__ void __launch_bounds__(Shape::kWarps * 32, Shape::kBlocksPerProcessor)
    decode_kernel(const __grid_constant__ Arguments<T> a, const SplitStates states,
                  const __grid_constant__ M mask_mod, const __grid_constant__ S score_mod) {
  using Warp = DecodeWarp<T, kDim, Shape, M, S>;
  extern __shared__ __align__(128) unsigned char shared[];
  __shared__ unsigned char kinds[Shape::kSplit / kPieceKeys];
  const DecodeTask task(a, states, static_cast<Index>(blockIdx.x));
  const int thread = static_cast<int>(threadIdx.x);
  if (thread < Shape::kSplit / kPieceKeys)
    kinds[thread] =
        static_cast<unsigned char>(task.kind(a, task.split * (Shape::kSplit / kPieceKeys) + thread));
  __syncthreads();
  unsigned char* own = shared + thread / 32 * Warp::kBytes;
  Warp warp(a, mask_mod, score_mod, task, shared_address(own));
  warp.run(kinds);
  warp.leave(reinterpret_cast<float*>(own));
  __syncthreads();

  for (Index i = thread; i < task.vectors * kDim; i += Shape::kWarps * 32) {
    const Index local = i / kDim, vector = task.first_vector + local, dim = i % kDim;
    if (dim >= a.v.extents.dim) continue;
    const MergedState merged = merge_states(Shape::kWarps, [&](int w) {
      const auto* state = reinterpret_cast<const float*>(shared + w * Warp::kBytes);
      return MergedState{state[kDecodeVectors * kDim + local],
                         state[kDecodeVectors * kDim + kDecodeVectors + local], state[local * kDim + dim]};
    });
    if (states.splits == 1) {
      write_merged(a, merged, task.batch, task.head(a.group, vector), vector / a.group, dim);
      continue;
    }
    const std::int64_t at = states.at(task.plane, task.split, vector);
    states.values[at * a.v.extents.dim + dim] = merged.value;
    if (dim == 0) states.sums[at] = {merged.reference, merged.sum};
  }
}

/// One block for each (batch, head, row), one thread for each dim of v: the splits' states, in order.
template <class T>
__global__ void merge_kernel(const __grid_constant__ Arguments<T> a, const SplitStates states) {
  const Index rows = a.q.extents.rows, heads = a.q.extents.heads;
  const auto block = static_cast<Index>(blockIdx.x), dim = static_cast<Index>(threadIdx.x);
  const Index row = block % rows, head = block / rows % heads, batch = block / rows / heads;
  const Index plane = batch * a.k.extents.heads + head / a.group, vector = row * a.group + head % a.group;
  const MergedState merged = merge_states(states.splits, [&](int split) {
    const std::int64_t at = states.at(plane, split, vector);
    const float2 sums = states.sums[at];
    return MergedState{sums.x, sums.y, states.values[at * a.v.extents.dim + dim]};
  });
  write_merged(a, merged, batch, head, row, dim);
}

}  // namespace chorus::flex::cuda
