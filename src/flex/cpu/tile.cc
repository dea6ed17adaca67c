#include "flex/cpu/tile.h"

#include <utility>

#include "core/simd_targets.h"
#include "flex/cpu/tile_bf16.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "flex/cpu/tile.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "flex/cpu/tile_kernels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chorus::flex::cpu::HWY_NAMESPACE {
namespace {

template <class T>
struct Kernels {
  static void begin(const T* const* rows, const Tile& tile) { begin_tile(rows, tile); }
  static void score(const KeyBlock<T>& block, const TileMask& mask, float factor, const Tile& tile) {
    score_block(block, mask, factor, tile);
  }
  static void add(const KeyBlock<T>& block, const TileMask& mask, const Tile& tile, T* const* rows) {
    add_block(block, mask, tile, rows);
  }
  static void store(const Tile& tile, T* const* rows) {
    HWY_ALIGN float factors[kTileLanes];
    all_factors(tile, factors);
    store_lanes(tile, {0, tile.lanes}, factors, rows);
  }
  static constexpr TileKernels<T> kTable{begin, score, add, store};
};

}  // namespace

const TileKernels<float>* kernels_f32() {
  return &Kernels<float>::kTable;
}
const TileKernels<core::bf16>* kernels_bf16() {
  if constexpr (kWidth == 16)  // a processor that lacks AVX-512, or is told to do without, never comes here
    if (const TileKernels<core::bf16>* native = native_bf16_kernels()) return native;
  return &Kernels<core::bf16>::kTable;
}
const TileKernels<core::f16>* kernels_f16() {
  return &Kernels<core::f16>::kTable;
}

void add_probabilities_here(const TileMask& mask, const float* lse, const Tile& t, float* totals) {
  for (Index lane = 0; lane < t.lanes; lane += kWidth) {
    const V base = load(lse + lane);
    for (Index key = 0; key < kBlock; ++key) {
      const std::uint64_t lanes = mask.groups[static_cast<std::size_t>(key / kKeyGroup)];
      if (((lanes >> (lane / kLanes * kLanes)) & kGroupBits) == 0) continue;
      V score = load(t.scores + key * kTileLanes + lane);
      const std::uint64_t* bits = &mask.lanes[static_cast<std::size_t>(key)];
      if (mask.masked) score = hide(score, *bits, bits, lane);
      float* total = totals + key * kTileLanes + lane;
      hn::StoreU(hn::Add(load(total), exp2_nonpositive(hn::Sub(score, base))), D(), total);
    }
  }
}

}  // namespace chorus::flex::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chorus::flex::cpu {

HWY_EXPORT(kernels_f32);
HWY_EXPORT(kernels_bf16);
HWY_EXPORT(kernels_f16);
HWY_EXPORT(add_probabilities_here);

template <>
const TileKernels<float>& tile_kernels<float>() {
  return *HWY_DYNAMIC_DISPATCH(kernels_f32)();
}
template <>
const TileKernels<core::bf16>& tile_kernels<core::bf16>() {
  return *HWY_DYNAMIC_DISPATCH(kernels_bf16)();
}
template <>
const TileKernels<core::f16>& tile_kernels<core::f16>() {
  return *HWY_DYNAMIC_DISPATCH(kernels_f16)();
}

void add_probabilities(const TileMask& mask, const float* lse, const Tile& tile, float* totals) {
  HWY_DYNAMIC_DISPATCH(add_probabilities_here)(mask, lse, tile, totals);
}

Tile::Tile(Index query_dim, Index value_dim, Index slots)
    : dim(query_dim), v_dim(value_dim), packed(new PackedSlot[static_cast<std::size_t>(slots)]) {
  const std::int64_t lane_rows = kTileLanes, width = padded(v_dim);
  const std::pair<float**, std::int64_t> parts[] = {{&queries, lane_rows * padded(dim)},
                                                    {&scores, lane_rows * kBlock},
                                                    {&weights, lane_rows * kBlock / 2},
                                                    {&max, lane_rows},
                                                    {&sum, lane_rows},
                                                    {&keep, lane_rows},
                                                    {&acc, lane_rows * width},
                                                    {&keys, std::int64_t{kLanes} * padded(dim)},
                                                    {&values, std::int64_t{slots} * kBlock * width}};
  std::int64_t all = 0;
  for (const auto& [at, count] : parts) all += count;
  memory_ = AlignedFloats::make(static_cast<std::size_t>(all));
  float* next = memory_.get();
  for (const auto& [at, count] : parts) *at = std::exchange(next, next + count);
}

}  // namespace chorus::flex::cpu
#endif  // HWY_ONCE
