#include "flex/cpu/tile.h"

#include "core/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "flex/cpu/tile.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "flex/cpu/microkernels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chorus::flex::cpu::HWY_NAMESPACE {

void pack_keys_f32(const float* const* rows, Index dim, KeyRange keys, float* packed) {
  pack_keys(rows, dim, keys, packed);
}
void pack_keys_bf16(const core::bf16* const* rows, Index dim, KeyRange keys, float* packed) {
  pack_keys(rows, dim, keys, packed);
}
void pack_values_f32(const float* const* rows, Index dim, KeyRange keys, float* packed) {
  pack_values(rows, dim, keys, packed);
}
void pack_values_bf16(const core::bf16* const* rows, Index dim, KeyRange keys, float* packed) {
  pack_values(rows, dim, keys, packed);
}

void score_all(const float* const* q, Index vectors, Index dim, const float* packed, KeyRange keys,
               float scale, float* scores) {
  const V factor = hn::Set(D(), scale);
  for (Index first = 0; first < vectors; first += kRows) {
    const Index count = std::min(kRows, vectors - first);
    float* rows = scores + std::int64_t{first} * kBlock;
    with_rows(count,
              [&](auto m) HWY_ATTR { score_rows<decltype(m)::value>(q + first, dim, packed, keys, rows); });
    for (Index r = 0; r < count; ++r)
      for (Index at = keys.lo / kLanes * kLanes; at < keys.hi; at += kWidth)
        hn::StoreU(hn::Mul(load(rows + r * kBlock + at), factor), D(), rows + r * kBlock + at);
  }
}

void add_all(float* scores, Index vectors, KeyRange keys, const float* values, Index dim,
             const RowStates& states) {
  constexpr float kLog2E = 1.44269504088896340736F;
  Index end[kRows];
  std::fill_n(end, kRows, keys.hi);
  HWY_ALIGN float keep[kRows];
  for (Index first = 0; first < vectors; first += kRows) {
    with_rows(std::min(kRows, vectors - first), [&](auto m) HWY_ATTR {
      constexpr int kM = decltype(m)::value;
      float* rows = scores + std::int64_t{first} * kBlock;
      softmax_rows<kM>(rows, keys, end, kLog2E, 0.0F, states.max + first, states.sum + first * kLanes, keep);
      accumulate_rows<kM>(rows, keep, PackedValues{values, padded(dim)}, keys, dim,
                          states.acc + std::int64_t{first} * padded(dim));
    });
  }
}

}  // namespace chorus::flex::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chorus::flex::cpu {

HWY_EXPORT(pack_keys_f32);
HWY_EXPORT(pack_keys_bf16);
HWY_EXPORT(pack_values_f32);
HWY_EXPORT(pack_values_bf16);
HWY_EXPORT(score_all);
HWY_EXPORT(add_all);

void pack_tile_keys(const float* const* rows, Index dim, KeyRange keys, float* packed) {
  HWY_DYNAMIC_DISPATCH(pack_keys_f32)(rows, dim, keys, packed);
}
void pack_tile_keys(const core::bf16* const* rows, Index dim, KeyRange keys, float* packed) {
  HWY_DYNAMIC_DISPATCH(pack_keys_bf16)(rows, dim, keys, packed);
}
void pack_tile_values(const float* const* rows, Index dim, KeyRange keys, float* packed) {
  HWY_DYNAMIC_DISPATCH(pack_values_f32)(rows, dim, keys, packed);
}
void pack_tile_values(const core::bf16* const* rows, Index dim, KeyRange keys, float* packed) {
  HWY_DYNAMIC_DISPATCH(pack_values_bf16)(rows, dim, keys, packed);
}
void score_tile(const float* const* q, Index vectors, Index dim, const float* packed_keys, KeyRange keys,
                float scale, float* scores) {
  HWY_DYNAMIC_DISPATCH(score_all)(q, vectors, dim, packed_keys, keys, scale, scores);
}
void add_tile(float* scores, Index vectors, KeyRange keys, const float* packed_values, Index dim,
              const RowStates& states) {
  HWY_DYNAMIC_DISPATCH(add_all)(scores, vectors, keys, packed_values, dim, states);
}

}  // namespace chorus::flex::cpu
#endif  // HWY_ONCE
