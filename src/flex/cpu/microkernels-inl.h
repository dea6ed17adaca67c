// The inner loops of attention on a CPU, compiled once per instruction set: products of a register tile, the
// softmax update of its rows, packing. Included inside foreach_target files only.
//
// Every sum has one order that no tiling changes: a score is one chain over head_dim, an output element one
// chain over keys, a row's sum of weights kLanes chains over key % kLanes.

#if defined(CHORUS_FLEX_MICROKERNELS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef CHORUS_FLEX_MICROKERNELS_INL_H
#undef CHORUS_FLEX_MICROKERNELS_INL_H
#else
#define CHORUS_FLEX_MICROKERNELS_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "core/dtype.h"
#include "flex/cpu/tile_layout.h"

HWY_BEFORE_NAMESPACE();
namespace chorus::flex::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
inline constexpr D d_;
inline constexpr Index kWidth = static_cast<Index>(hn::MaxLanes(D()));
inline constexpr Index kPerLanes = kLanes / kWidth;  // registers that hold kLanes floats
inline constexpr int kTileVectors = kWidth == 16 ? 4 : 2;
inline constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

HWY_INLINE V load(const float* p) {
  return hn::LoadU(D(), p);
}
HWY_INLINE V load(const core::bf16* p) {
  const hn::Rebind<std::uint16_t, D> d16;
  const hn::RebindToUnsigned<D> d32;
  const auto bits = hn::PromoteTo(d32, hn::LoadU(d16, reinterpret_cast<const std::uint16_t*>(p)));
  return hn::BitCast(D(), hn::ShiftLeft<16>(bits));
}

HWY_INLINE V load(const core::f16* p) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(D(), p->to_float());
#else
  const hn::Rebind<hwy::float16_t, D> d16;
  return hn::PromoteTo(D(), hn::LoadU(d16, reinterpret_cast<const hwy::float16_t*>(p)));
#endif
}

// The last 8 floats of a row whose length is no whole number of vectors.
HWY_INLINE V load_half(const float* p) {
  return hn::MaskedLoad(hn::FirstN(D(), 8), D(), p);
}
template <class T>
HWY_INLINE V load_half(const T* p) {
  HWY_ALIGN T wide[16] = {};
  std::copy_n(p, 8, wide);
  return load(wide);
}
template <bool kHalf, class T>
HWY_INLINE V load_row(const T* p) {
  if constexpr (kHalf)
    return load_half(p);
  else
    return load(p);
}

/// 2^x for x <= 0: relative error under 2e-7 for x >= -126, 0 below; exactly 1 at 0; NaN stays NaN.
HWY_INLINE V exp2_nonpositive(V x) {
  const hn::RebindToSigned<D> di;
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits: no conversion, no overflow to guard. With 127 more
  // they are the exponent of the power of two that y is multiplied by.
  const V magic = hn::Set(D(), 12582912.0F + 127.0F), rounded = hn::Add(x, magic);
  const V f = hn::Sub(x, hn::Sub(rounded, magic));
  V y = hn::Set(D(), 1.5353376511484385e-4F);
  y = hn::MulAdd(y, f, hn::Set(D(), 1.3398875016719103e-3F));
  y = hn::MulAdd(y, f, hn::Set(D(), 9.61843691766262e-3F));
  y = hn::MulAdd(y, f, hn::Set(D(), 5.5503323674201965e-2F));
  y = hn::MulAdd(y, f, hn::Set(D(), 2.4022647738456726e-1F));
  y = hn::MulAdd(y, f, hn::Set(D(), 6.931471824645996e-1F));
  y = hn::MulAdd(y, f, hn::Set(D(), 1.0F));
  y = hn::Mul(y, hn::BitCast(D(), hn::ShiftLeft<23>(hn::BitCast(di, rounded))));
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(D(), -126.0F)), y);
}

// c[r][n] = sum over k of a[r][k] * b[k][n], n in kN vectors. b has kBlock columns.
template <int kM, int kN>
HWY_INLINE void product(const float* const* a, Index depth, const float* b, float* c) {
  V acc[kM][kN];
  const float* row[kM];
  for (int r = 0; r < kM; ++r) {
    row[r] = a[r];
    for (int n = 0; n < kN; ++n) acc[r][n] = hn::Zero(D());
  }
  for (Index k = 0; k < depth; ++k, b += kBlock) {
    V column[kN];
    for (int n = 0; n < kN; ++n) column[n] = load(b + n * kWidth);
    for (int r = 0; r < kM; ++r) {
      const V x = hn::Set(D(), row[r][k]);
      for (int n = 0; n < kN; ++n) acc[r][n] = hn::MulAdd(x, column[n], acc[r][n]);
    }
  }
  for (int r = 0; r < kM; ++r)
    for (int n = 0; n < kN; ++n) hn::StoreU(acc[r][n], D(), c + r * kBlock + n * kWidth);
}

/// Scores of kM rows against packed keys [dim][kBlock], whole groups of kLanes that cover `keys` only.
template <int kM>
HWY_INLINE void score_rows(const float* const* q, Index dim, const float* packed, KeyRange keys,
                           float* scores) {
  Index at = keys.lo / kLanes * kLanes;
  const Index end = (keys.hi + kLanes - 1) / kLanes * kLanes;
  for (; at + kTileVectors * kWidth <= end; at += kTileVectors * kWidth)
    product<kM, kTileVectors>(q, dim, packed + at, scores + at);
  if constexpr (kTileVectors == 4) {
    const Index left = (end - at) / kWidth;
    if (left == 3) product<kM, 3>(q, dim, packed + at, scores + at);
    if (left == 2) product<kM, 2>(q, dim, packed + at, scores + at);
    if (left == 1) product<kM, 1>(q, dim, packed + at, scores + at);
  }
}

// Values of a block as the products read them: packed rows of padded(dim) floats, or rows where they lie.
struct PackedValues {
  const float* data;
  Index stride;
  static constexpr bool kPadded = true;
  HWY_INLINE const float* row(Index key) const { return data + std::int64_t{key} * stride; }
};
template <class T>
struct ValueRows {
  const T* const* rows;
  static constexpr bool kPadded = false;
  HWY_INLINE const T* row(Index key) const { return rows[key]; }
};

// acc[r][n] = acc[r][n] * keep[r] + sum over keys of weights[r][key] * value[key][n], n in kN vectors from
// `first`.
template <int kM, int kN, bool kHalf, class Values>
HWY_INLINE void accumulate(const float* weights, const float* keep, const Values& values, KeyRange keys,
                           Index first, float* out, Index stride) {
  V acc[kM][kN];
  for (int r = 0; r < kM; ++r) {
    const V scale = hn::Set(D(), keep[r]);
    for (int n = 0; n < kN; ++n) acc[r][n] = hn::Mul(load(out + r * stride + first + n * kWidth), scale);
  }
  for (Index key = keys.lo; key < keys.hi; ++key) {
    const auto* value = values.row(key) + first;
    V row[kN];
    for (int n = 0; n < kN; ++n) row[n] = load_row<kHalf>(value + n * kWidth);
    for (int r = 0; r < kM; ++r) {
      const V w = hn::Set(D(), weights[r * kBlock + key]);
      for (int n = 0; n < kN; ++n) acc[r][n] = hn::MulAdd(w, row[n], acc[r][n]);
    }
  }
  for (int r = 0; r < kM; ++r)
    for (int n = 0; n < kN; ++n) hn::StoreU(acc[r][n], D(), out + r * stride + first + n * kWidth);
}

template <int kM, class Values>
HWY_INLINE void accumulate_rows(const float* weights, const float* keep, const Values& values, KeyRange keys,
                                Index dim, float* acc) {
  const Index stride = padded(dim), end = Values::kPadded ? stride : dim;
  Index at = 0;
  for (; at + kTileVectors * kWidth <= end; at += kTileVectors * kWidth)
    accumulate<kM, kTileVectors, false>(weights, keep, values, keys, at, acc, stride);
  if constexpr (kTileVectors == 4) {
    if (at + 2 * kWidth <= end) {
      accumulate<kM, 2, false>(weights, keep, values, keys, at, acc, stride);
      at += 2 * kWidth;
    }
  }
  if (at + kWidth <= end) {
    accumulate<kM, 1, false>(weights, keep, values, keys, at, acc, stride);
    at += kWidth;
  }
  if constexpr (kWidth > 8) {
    if (at < end) accumulate<kM, 1, true>(weights, keep, values, keys, at, acc, stride);
  }
}

/// Turns raw scores of kM rows into weights and updates max and sum; keep[r] rescales the row's accumulator.
/// A score becomes score * factor + bias (base-2 units); keys outside [keys.lo, end[r]) are hidden.
template <int kM>
HWY_INLINE void softmax_rows(float* scores, KeyRange keys, const Index* end, float factor, float bias,
                             float* max, float* sum, float* keep) {
  const Index from = keys.lo / kLanes * kLanes, to = (keys.hi + kLanes - 1) / kLanes * kLanes;
  const V f = hn::Set(D(), factor), b = hn::Set(D(), bias), hidden = hn::Set(D(), kMinusInfinity);
  HWY_ALIGN float before[16] = {}, after[16] = {};
  for (int r = 0; r < kM; ++r) {
    V top = hidden;
    float* row = scores + r * kBlock;
    const bool whole = keys.lo == from && end[r] >= to;
    const V lo = hn::Set(D(), static_cast<float>(keys.lo)), hi = hn::Set(D(), static_cast<float>(end[r]));
    for (Index at = from; at < to; at += kWidth) {
      V s = hn::MulAdd(load(row + at), f, b);
      if (!whole) {
        const V key = hn::Iota(D(), static_cast<float>(at));
        s = hn::IfThenElse(hn::And(hn::Ge(key, lo), hn::Lt(key, hi)), s, hidden);
      }
      hn::StoreU(s, D(), row + at);
      top = hn::Max(top, s);
    }
    before[r] = max[r];
    max[r] = std::max(max[r], hn::GetLane(hn::MaxOfLanes(D(), top)));
    after[r] = max[r] == kMinusInfinity ? 0.0F : max[r];
  }
  for (Index at = 0; at < kRows; at += kWidth)
    hn::StoreU(exp2_nonpositive(hn::Sub(load(before + at), load(after + at))), D(), before + at);
  for (int r = 0; r < kM; ++r) {
    keep[r] = before[r];
    const V top = hn::Set(D(), after[r]), scale = hn::Set(D(), before[r]);
    float* row = scores + r * kBlock;
    for (Index part = 0; part < kLanes; part += kWidth) {
      V total = hn::Mul(load(sum + r * kLanes + part), scale);
      for (Index at = from + part; at < to; at += kLanes) {
        const V weight = exp2_nonpositive(hn::Sub(load(row + at), top));
        hn::StoreU(weight, D(), row + at);
        total = hn::Add(total, weight);
      }
      hn::StoreU(total, D(), sum + r * kLanes + part);
    }
  }
}

#if HWY_TARGET != HWY_SCALAR
// Transposes 4 x 4 floats inside each 128-bit block.
HWY_INLINE void transpose4(V& a, V& b, V& c, V& d) {
  const hn::Repartition<std::uint64_t, D> d64;
  const auto ab0 = hn::BitCast(d64, hn::InterleaveLower(D(), a, b)),
             ab1 = hn::BitCast(d64, hn::InterleaveUpper(D(), a, b));
  const auto cd0 = hn::BitCast(d64, hn::InterleaveLower(D(), c, d)),
             cd1 = hn::BitCast(d64, hn::InterleaveUpper(D(), c, d));
  a = hn::BitCast(D(), hn::InterleaveLower(d64, ab0, cd0));
  b = hn::BitCast(D(), hn::InterleaveUpper(d64, ab0, cd0));
  c = hn::BitCast(D(), hn::InterleaveLower(d64, ab1, cd1));
  d = hn::BitCast(D(), hn::InterleaveUpper(d64, ab1, cd1));
}

// 4 consecutive floats of each of kWidth / 4 rows, one row per 128-bit block.
template <class T>
HWY_INLINE V load_blocks(const T* const* rows, Index step, Index at) {
  if constexpr (kWidth == 4) {
    return load(rows[0] + at);
  } else {
    const hn::Half<D> half;
    const auto block = [&](Index i) HWY_ATTR {
      const hn::CappedTag<float, 4> d4;
      if constexpr (std::is_same_v<T, float>) {
        return hn::LoadU(d4, rows[i * step] + at);
      } else if constexpr (std::is_same_v<T, core::f16>) {
        const hn::Rebind<hwy::float16_t, decltype(d4)> d16;
        return hn::PromoteTo(d4,
                             hn::LoadU(d16, reinterpret_cast<const hwy::float16_t*>(rows[i * step] + at)));
      } else {
        const hn::Rebind<std::uint16_t, decltype(d4)> d16;
        const hn::RebindToUnsigned<decltype(d4)> d32;
        const auto bits = hn::LoadU(d16, reinterpret_cast<const std::uint16_t*>(rows[i * step] + at));
        return hn::BitCast(d4, hn::ShiftLeft<16>(hn::PromoteTo(d32, bits)));
      }
    };
    if constexpr (kWidth == 8) {
      return hn::Combine(D(), block(1), block(0));
    } else {
      return hn::Combine(D(), hn::Combine(half, block(3), block(2)), hn::Combine(half, block(1), block(0)));
    }
  }
}

/// Packs whole groups of kLanes keys that cover `keys` as [dim][kStride]; rows[i] is key i (any row for keys
/// outside).
template <class T, Index kStride = kBlock>
HWY_INLINE void pack_keys(const T* const* rows, Index dim, KeyRange keys, float* packed) {
  const Index end = (keys.hi + kLanes - 1) / kLanes * kLanes;
  for (Index key = keys.lo / kLanes * kLanes; key < end; key += kWidth) {
    for (Index at = 0; at < dim; at += 4) {
      V v[4];
      for (Index j = 0; j < 4; ++j) v[j] = load_blocks(rows + key + j, 4, at);
      transpose4(v[0], v[1], v[2], v[3]);
      for (Index j = 0; j < 4; ++j) hn::StoreU(v[j], D(), packed + (at + j) * kStride + key);
    }
  }
}

#else  // one lane a register: nothing to transpose

template <class T, Index kStride = kBlock>
HWY_INLINE void pack_keys(const T* const* rows, Index dim, KeyRange keys, float* packed) {
  const Index end = (keys.hi + kLanes - 1) / kLanes * kLanes;
  for (Index key = keys.lo / kLanes * kLanes; key < end; ++key)
    for (Index at = 0; at < dim; ++at) packed[at * kStride + key] = static_cast<float>(rows[key][at]);
}

#endif

/// Copies the rows of `keys` as [kBlock][padded(dim)], the padding 0.
template <class T>
HWY_INLINE void pack_values(const T* const* rows, Index dim, KeyRange keys, float* packed) {
  const Index stride = padded(dim);
  for (Index key = keys.lo; key < keys.hi; ++key) {
    float* to = packed + std::int64_t{key} * stride;
    Index at = 0;
    for (; at + kWidth <= dim; at += kWidth) hn::StoreU(load(rows[key] + at), D(), to + at);
    if constexpr (kWidth > 8) {
      if (at < dim) hn::StoreU(load_half(rows[key] + at), D(), to + at);
      at = stride;
    }
    for (; at < stride; at += kWidth) hn::StoreU(hn::Zero(D()), D(), to + at);
  }
}

/// Calls body with an integral constant kM for the number of rows, 1 .. kRows.
template <class Body>
HWY_INLINE void with_rows(Index rows, const Body& body) {
  switch (rows) {
    case 1:
      return body(std::integral_constant<int, 1>());
    case 2:
      return body(std::integral_constant<int, 2>());
    case 3:
      return body(std::integral_constant<int, 3>());
    case 4:
      return body(std::integral_constant<int, 4>());
    case 5:
      return body(std::integral_constant<int, 5>());
    default:
      return body(std::integral_constant<int, 6>());
  }
}

}  // namespace chorus::flex::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
