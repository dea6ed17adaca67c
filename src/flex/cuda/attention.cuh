// FlexAttention on a GPU: the call, mods and semantics of flex/attention.h, with tensors, LSE and what mods point to in
// device memory. A user's .cu file includes this; kernels are compiled with their mods (nvcc --extended-lambda).
//
// q, k, v, out are bf16 or f16, head dims multiples of 8 up to 128. Returns at once: the work is done in the stream's
// order. Results depend on neither the batch nor the device's size; a few rows (up to kDecodeMost query vectors to a kv
// head) take the decode kernel, more the prefill kernel, which round differently.
//
//   cuda::Stream stream;
//   cuda::attention(stream, q, k, v, out, {.block_mask = &blocks}, causal() & document(runs.view(device_ids)));
//   cuda::attention(stream, q, k, v, out, {}, [=] FLEX_MOD (Index, Index, Index q, Index kv) { return q - kv < 9; });
#pragma once

#include <algorithm>
#include <type_traits>

#include "core/error.h"
#include "flex/cuda/decode.cuh"
#include "flex/cuda/hopper.cuh"
#include "flex/cuda/options.h"
#include "flex/cuda/prefill.cuh"

namespace chorus::flex::cuda {

inline constexpr Index kDecodeMost = 64;

/// Calls f.operator()<64>() or <128>(), the kernels' head dims; smaller ones are padded in shared memory.
template <class F>
void dispatch_head_dim(Index dim, const F& f) {
  if (dim <= 64)
    f.template operator()<64>();
  else
    f.template operator()<128>();
}

/// Blocks of a launch. Throws Error(usage) for more than a grid can have.
inline unsigned grid_of(std::int64_t blocks) {
  if (blocks > 0x7fffffff)
    throw Error(ErrorKind::usage, "attention on a GPU: " + std::to_string(blocks) + " blocks",
                "fewer than 2^31", "split the batch");
  return static_cast<unsigned>(blocks);
}

template <class Shape, int kDim, class T, class M, class S>
void launch_prefill(Stream& stream, const Arguments<T>& a, const M& mask_mod, const S& score_mod) {
  using Layout = PrefillLayout<kDim, Shape>;
  static_assert(Layout::kRows == kTileRows && Shape::kKeys == kTileKeys && Shape::kInner == kPieceKeys,
                "plans are made for one tile");
  const auto kernel = prefill_kernel<T, kDim, Shape, M, S>;
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, Layout::kBytes),
        "shared memory of the prefill kernel");
  const std::int64_t tiles = (a.q.extents.rows + Layout::kRows - 1) / Layout::kRows;
  const unsigned grid = grid_of(tiles * a.q.extents.batch * a.q.extents.heads);
  kernel<<<grid, Layout::kThreads, Layout::kBytes, stream.handle()>>>(a, mask_mod, score_mod);
  check_launch("the prefill kernel");
}

/// Is this a Hopper, and was the kernel compiled for it (sm_90a)?
template <class T, int kDim, class M, class S>
bool runs_on_hopper() {
  cudaFuncAttributes attributes{};
  check(cudaFuncGetAttributes(&attributes, hopper_kernel<T, kDim, M, S>), "attributes of the Hopper kernel");
  return attributes.binaryVersion == 90 && attributes.sharedSizeBytes > 0;
}

template <int kDim, class T, class M, class S>
void launch_hopper(Stream& stream, const Arguments<T>& a, const M& mask_mod, const S& score_mod) {
  using Layout = HopperLayout<kDim>;
  const auto kernel = hopper_kernel<T, kDim, M, S>;
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, Layout::kBytes),
        "shared memory of the Hopper kernel");
  const std::int64_t tiles = (a.q.extents.rows + kTileRows - 1) / kTileRows;
  const unsigned grid = grid_of(tiles * Layout::kParts * a.q.extents.batch * a.q.extents.heads);
  kernel<<<grid, Layout::kThreads, Layout::kBytes, stream.handle()>>>(a, mask_mod, score_mod);
  check_launch("the Hopper kernel");
}

template <class Shape, int kDim, class T, class M, class S>
void launch_decode(Stream& stream, const Arguments<T>& a, const M& mask_mod, const S& score_mod) {
  constexpr int kBytes = Shape::kWarps * DecodeWarp<T, kDim, Shape, M, S>::kBytes;
  const std::int64_t planes = std::int64_t{a.q.extents.batch} * a.k.extents.heads;
  SplitStates states{.splits = std::max(1, (a.k.extents.rows + Shape::kSplit - 1) / Shape::kSplit),
                     .vectors = a.q.extents.rows * a.group};
  if (states.splits > 1) {
    const auto count = static_cast<std::size_t>(planes) * static_cast<std::size_t>(states.splits) *
                       static_cast<std::size_t>(states.vectors);
    const std::size_t dim = static_cast<std::size_t>(a.v.extents.dim);
    states.sums = static_cast<float2*>(stream.scratch(count * (sizeof(float2) + dim * sizeof(float))));
    states.values = reinterpret_cast<float*>(states.sums + count);
  }
  const auto kernel = decode_kernel<T, kDim, Shape, M, S>;
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes),
        "shared memory of the decode kernel");
  const Index tiles = (states.vectors + kDecodeVectors - 1) / kDecodeVectors;
  kernel<<<grid_of(planes * tiles * states.splits), Shape::kWarps * 32, kBytes, stream.handle()>>>(
      a, states, mask_mod, score_mod);
  check_launch("the decode kernel");
  if (states.splits == 1) return;
  merge_kernel<T>
      <<<grid_of(planes * states.vectors), static_cast<unsigned>(a.v.extents.dim), 0, stream.handle()>>>(
          a, states);
  check_launch("the merge kernel");
}

/// The arguments of a checked call. Without a block mask every tile is partial, unless nothing is masked.
template <class M, class T>
Arguments<T> make_arguments(View<const T> q, View<const T> k, View<const T> v, View<T> out,
                            const Options& options) {
  Arguments<T> a{.q = q, .k = k, .v = v, .out = out};
  a.lse = options.lse;
  a.group = q.extents.heads / k.extents.heads;
  a.q_offset = options.q_offset;
  a.scale = scale_of({.scale = options.scale}, q.extents.dim);
  if (options.block_mask != nullptr) {
    a.plan = options.block_mask->view();
    return a;
  }
  const Index tiles = (k.extents.rows + kTileKeys - 1) / kTileKeys;
  const Index full = std::is_same_v<M, AllowAll> ? k.extents.rows / kTileKeys : 0;
  if (full > 0) a.plan.every[a.plan.every_count++] = {0, full, PieceKinds::all(BlockKind::full)};
  if (tiles > full) a.plan.every[a.plan.every_count++] = {full, tiles, PieceKinds::all(BlockKind::partial)};
  return a;
}

/// Computes out. T is core::bf16 or core::f16, taken from out. out may not overlap q, k or v. Mods are trivially
/// copyable, callable on the device, and what they point to is device memory that outlives the work. Throws Error(usage)
/// when tensors and options do not fit together, Error(device) where CUDA fails (check_call says when).
template <class T, MaskMod M = AllowAll, ScoreMod S = KeepScore>
void attention(Stream& stream, std::type_identity_t<View<const T>> q, std::type_identity_t<View<const T>> k,
               std::type_identity_t<View<const T>> v, View<T> out, const Options& options = {},
               const M& mask_mod = {}, const S& score_mod = {}) {
  static_assert(std::is_same_v<T, core::bf16> || std::is_same_v<T, core::f16>,
                "on a GPU tensors are bf16 or f16");
  static_assert(std::is_trivially_copyable_v<M> && std::is_trivially_copyable_v<S>,
                "a mod is copied to the device");
  check_call(Placement::of("q", q), Placement::of("k", k), Placement::of("v", v), Placement::of("out", out),
             options);
  check_views<T>(q, k, v, out);
  check_mods(mask_mod, score_mod, q.extents, k.extents, {.q_offset = options.q_offset});
  if constexpr (std::is_same_v<M, AllowAll>)
    if (options.block_mask != nullptr) check_no_partial(options.block_mask->partial_blocks());
  check_device();
  if (q.extents.batch == 0 || q.extents.rows == 0) return;
  const Arguments<T> a = make_arguments<M, T>(q, k, v, out, options);
  dispatch_head_dim(std::max(q.extents.dim, v.extents.dim), [&]<int kDim>() {
    if (q.extents.rows * a.group <= kDecodeMost)
      launch_decode<DecodeShape, kDim>(stream, a, mask_mod, score_mod);
    else if (!options.portable && runs_on_hopper<T, kDim, M, S>())
      launch_hopper<kDim>(stream, a, mask_mod, score_mod);
    else
      launch_prefill<PrefillShape<kDim>, kDim>(stream, a, mask_mod, score_mod);
  });
}

}  // namespace chorus::flex::cuda
