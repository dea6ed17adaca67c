// bf16 times bf16, two products an instruction. Queries and weights are laid out in pairs: a float's place holds two
// neighbours of head_dim, or of keys, and what is broadcast is a pair too.
//
// A score is one chain over pairs of head_dim, in float. Weights are rounded to bf16 (relative error 2^-8) before the second
// product; their sum is of the weights before that. Subnormal products count as 0, as the instruction has it.
#include "flex/cpu/tile_bf16.h"

#include <hwy/highway.h>

#if defined(__x86_64__)
#include <immintrin.h>

#include <limits>
#include <type_traits>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored \
    "-Wmaybe-uninitialized"  // g++ 12 sees it in its own intrinsics (GCC bug 105593)
#endif

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma,avx2,bmi,bmi2")
namespace chorus::flex::cpu {
namespace {

using core::bf16;

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();
constexpr Index kWidth = 16;
constexpr std::uint64_t kGroupBits = 0xffff;

HWY_INLINE __m512bh pairs(const float* at) {
  return (__m512bh)_mm512_loadu_si512(at);
}
HWY_INLINE __m512bh pair_everywhere(const void* at) {
  std::int32_t pair;
  __builtin_memcpy(&pair, at, 4);
  return (__m512bh)_mm512_set1_epi32(pair);
}

/// 2^x for x <= 0; 0 below the range, NaN stays NaN. Relative error under 2e-7.
HWY_INLINE __m512 exp2_nonpositive(__m512 x) {
  const __m512 whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 f = _mm512_sub_ps(x, whole);
  __m512 y = _mm512_set1_ps(1.5353376511484385e-4F);
  y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(1.3398875016719103e-3F));
  y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(9.61843691766262e-3F));
  y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(5.5503323674201965e-2F));
  y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(2.4022647738456726e-1F));
  y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(6.931471824645996e-1F));
  y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(1.0F));
  const __mmask16 tiny = _mm512_cmp_ps_mask(x, _mm512_set1_ps(-126.0F), _CMP_LT_OQ);
  return _mm512_mask_blend_ps(tiny, _mm512_scalef_ps(y, whole), _mm512_setzero_ps());
}

template <int kGroups>
HWY_INLINE void score_keys(const bf16* const* k, Index dim, const float* q, float factor, float* s) {
  __m512 acc[kKeyGroup][kGroups];
  for (auto& row : acc)
    for (auto& a : row) a = _mm512_setzero_ps();
  for (Index d = 0; d < dim; d += 2, q += kTileLanes) {
    __m512bh lane[kGroups];
    for (int n = 0; n < kGroups; ++n) lane[n] = pairs(q + n * kWidth);
    for (int j = 0; j < kKeyGroup; ++j) {
      const __m512bh x = pair_everywhere(k[j] + d);
      for (int n = 0; n < kGroups; ++n) acc[j][n] = _mm512_dpbf16_ps(acc[j][n], x, lane[n]);
    }
  }
  const __m512 f = _mm512_set1_ps(factor);
  for (int j = 0; j < kKeyGroup; ++j)
    for (int n = 0; n < kGroups; ++n)
      _mm512_storeu_ps(s + j * kTileLanes + n * kWidth, _mm512_mul_ps(acc[j][n], f));
}

void score(const KeyBlock<bf16>& block, const TileMask& mask, float factor, const Tile& t) {
  for (Index g = 0; g < kKeyGroups; ++g) {
    const std::uint64_t seen = mask.groups[static_cast<std::size_t>(g)];
    if (seen == 0) continue;
    const bf16* rows[kKeyGroup];
    for (Index j = 0; j < kKeyGroup; ++j) {
      const std::int64_t key = std::min(g * kKeyGroup + j, block.keys - 1);
      rows[j] = block.k + key * block.k_stride;
      if (key + kKeyGroup < block.keys) prefetch(block.k + (key + kKeyGroup) * block.k_stride, t.dim);
      prefetch(block.v + key * block.v_stride, t.v_dim);  // read after the scores
    }
    const Index first = __builtin_ctzll(seen) / kLanes, last = (63 - __builtin_clzll(seen)) / kLanes;
    const float* q = t.queries + first * kLanes;
    float* s = t.scores + g * kKeyGroup * kTileLanes + first * kLanes;
    if (last - first == 2)
      score_keys<3>(rows, t.dim, q, factor, s);
    else if (last - first == 1)
      score_keys<2>(rows, t.dim, q, factor, s);
    else
      score_keys<1>(rows, t.dim, q, factor, s);
  }
}

/// Rounds the weights of two keys and puts them side by side: lane i holds (even[i], odd[i]).
HWY_INLINE __m512i pair_up(__m512 even, __m512 odd) {
  const __m512i both = (__m512i)_mm512_cvtne2ps_pbh(odd, even);  // even's 16, then odd's
  const __m512i places = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7,
                                          22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(places, both);
}

template <bool kMasked>
HWY_INLINE void softmax_lanes(const TileMask& mask, Range keys, Index lane, const Tile& t) {
  float* s = t.scores + lane;
  const __m512 hidden = _mm512_set1_ps(kMinusInfinity);
  __m512 top[4] = {hidden, hidden, hidden, hidden};
  for (Index key = keys.begin; key < keys.end; key += 4)
    for (Index i = 0; i < 4; ++i) {
      float* at = s + (key + i) * kTileLanes;
      __m512 score = _mm512_loadu_ps(at);
      if constexpr (kMasked) {
        const auto bits = static_cast<__mmask16>(
            mask.lanes[static_cast<std::size_t>(key) + static_cast<std::size_t>(i)] >> lane);
        score = _mm512_mask_blend_ps(bits, hidden, score);
        _mm512_storeu_ps(at, score);
      }
      top[i] = _mm512_max_ps(top[i], score);
    }
  const __m512 before = _mm512_loadu_ps(t.max + lane);
  const __m512 after =
      _mm512_max_ps(before, _mm512_max_ps(_mm512_max_ps(top[0], top[1]), _mm512_max_ps(top[2], top[3])));
  const __m512 base =
      _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(after, hidden, _CMP_NEQ_UQ), after);  // 0 where nothing is seen
  const __m512 keep = exp2_nonpositive(_mm512_sub_ps(before, base));
  __m512 sum[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
  for (Index key = keys.begin; key < keys.end; key += 4) {
    __m512 weight[4];
    for (Index i = 0; i < 4; ++i) {
      weight[i] = exp2_nonpositive(_mm512_sub_ps(_mm512_loadu_ps(s + (key + i) * kTileLanes), base));
      sum[i] = _mm512_add_ps(sum[i], weight[i]);
    }
    for (Index i = 0; i < 4; i += 2)
      _mm512_storeu_si512(t.weights + (key + i) / 2 * kTileLanes + lane, pair_up(weight[i], weight[i + 1]));
  }
  const __m512 total = _mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3]));
  _mm512_storeu_ps(t.max + lane, after);
  _mm512_storeu_ps(t.keep + lane, keep);
  _mm512_storeu_ps(t.sum + lane, _mm512_fmadd_ps(_mm512_loadu_ps(t.sum + lane), keep, total));
}

/// Nothing is added to these lanes; those that have seen no key have nothing to keep.
HWY_INLINE void keep_lanes(Index lane, const Tile& t) {
  const __mmask16 seen =
      _mm512_cmp_ps_mask(_mm512_loadu_ps(t.max + lane), _mm512_set1_ps(kMinusInfinity), _CMP_NEQ_UQ);
  _mm512_storeu_ps(t.keep + lane, _mm512_maskz_mov_ps(seen, _mm512_set1_ps(1.0F)));
}

void softmax(const TileMask& mask, Range hull, const Tile& t) {
  for (Index lane = 0; lane < t.lanes; lane += kLanes) {
    const Range groups = mask.groups_of(kGroupBits << lane);
    const Range keys{groups.begin * kKeyGroup, groups.end * kKeyGroup};
    if (keys.size() == 0)
      keep_lanes(lane, t);
    else if (mask.masked)
      softmax_lanes<true>(mask, keys, lane, t);
    else
      softmax_lanes<false>(mask, keys, lane, t);
    for (Index key = hull.begin; key < hull.end; key += 2)
      if (key < keys.begin || key >= keys.end)
        _mm512_storeu_si512(t.weights + key / 2 * kTileLanes + lane, _mm512_setzero_si512());
  }
}

/// Values of two keys side by side, [pair][padded(dim)]; the pair of the last of an odd number is 0.
void pack_values(const KeyBlock<bf16>& block, Range keys, const Tile& t) {
  const Index width = padded(t.v_dim);
  for (Index key = keys.begin; key < std::min(keys.end, block.keys); key += 2) {
    float* to = t.values + key / 2 * width;
    const bf16* even = block.v + key * block.v_stride;
    const bool both = key + 1 < block.keys;
    const bf16* odd = both ? even + block.v_stride : even;
    for (Index at = 0; at < t.v_dim; at += kLanes) {
      const auto some = static_cast<__mmask16>(t.v_dim - at >= kLanes ? 0xffff : 0xff);
      const __m512i low = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(some, even + at));
      const __m512i high =
          _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(both ? some : static_cast<__mmask16>(0), odd + at));
      _mm512_storeu_si512(to + at, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
    }
  }
}

template <int kM, int kN>
HWY_INLINE void add_values(const float* weights, const float* keep, const float* values, Index stride,
                           Index count, float* out, Index out_stride) {
  __m512 acc[kM][kN];
  for (int r = 0; r < kM; ++r) {
    for (int n = 0; n < kN; ++n) acc[r][n] = _mm512_setzero_ps();
    if (keep[r] == 0.0F) continue;
    for (int n = 0; n < kN; ++n)
      acc[r][n] = _mm512_mul_ps(_mm512_loadu_ps(out + r * out_stride + n * kWidth), _mm512_set1_ps(keep[r]));
  }
  for (Index pair = 0; pair < count; ++pair, values += stride, weights += kTileLanes) {
    __m512bh row[kN];
    for (int n = 0; n < kN; ++n) row[n] = pairs(values + n * kWidth);
    for (int r = 0; r < kM; ++r) {
      const __m512bh w = pair_everywhere(weights + r);
      for (int n = 0; n < kN; ++n) acc[r][n] = _mm512_dpbf16_ps(acc[r][n], w, row[n]);
    }
  }
  for (int r = 0; r < kM; ++r)
    for (int n = 0; n < kN; ++n) _mm512_storeu_ps(out + r * out_stride + n * kWidth, acc[r][n]);
}

template <int kN>
HWY_INLINE void add_rows(Index rows, const float* weights, const float* keep, const float* values,
                         Index stride, Index count, float* out, Index out_stride) {
  switch (rows) {
    case 1:
      return add_values<1, kN>(weights, keep, values, stride, count, out, out_stride);
    case 2:
      return add_values<2, kN>(weights, keep, values, stride, count, out, out_stride);
    case 3:
      return add_values<3, kN>(weights, keep, values, stride, count, out, out_stride);
    case 4:
      return add_values<4, kN>(weights, keep, values, stride, count, out, out_stride);
    case 5:
      return add_values<5, kN>(weights, keep, values, stride, count, out, out_stride);
    default:
      return add_values<6, kN>(weights, keep, values, stride, count, out, out_stride);
  }
}

/// Columns [at, at + 16 kN) of all lanes. Key pairs of each register tile of rows are in `ranges`.
template <int kN>
void add_columns(const Range* ranges, Index at, const Tile& t) {
  const Index width = padded(t.v_dim);
  for (Index lane = 0, i = 0; lane < t.lanes; lane += kRows, ++i) {
    if (ranges[i].size() == 0) continue;
    const Index pair = ranges[i].begin;
    add_rows<kN>(std::min(kRows, t.lanes - lane), t.weights + pair * kTileLanes + lane, t.keep + lane,
                 t.values + pair * width + at, width, ranges[i].size(), t.acc + lane * width + at, width);
  }
}

void add(const KeyBlock<bf16>& block, const TileMask& mask, const Tile& t) {
  const Range seen = mask.groups_of(~std::uint64_t{0});
  const Range hull{seen.begin * kKeyGroup, seen.end * kKeyGroup};
  if (hull.size() == 0) return;
  softmax(mask, hull, t);
  pack_values(block, hull, t);
  Range ranges[kTileLanes / kRows];
  const Index pairs_here = (block.keys + 1) / 2;
  for (Index i = 0; i < kTileLanes / kRows; ++i) {
    const Range keys = mask.keys_of(((std::uint64_t{1} << kRows) - 1) << (i * kRows));
    ranges[i] = {keys.begin / 2, std::min((keys.end + 1) / 2, pairs_here)};
  }
  const Index end = padded(t.v_dim);
  Index at = 0;
  for (; at + 64 <= end; at += 64) add_columns<4>(ranges, at, t);
  for (; at + 32 <= end; at += 32) add_columns<2>(ranges, at, t);
  for (; at < end; at += 16) add_columns<1>(ranges, at, t);
}

/// Transposes 16 rows of `pairs` pairs into [pair][kTileLanes].
void pack_lanes(const bf16* const* rows, Index dim, float* packed) {
  for (Index at = 0; at < dim; at += 8) {  // four pairs of 16 rows: four 4 x 4 transposes in each register
    __m512i v[4];
    for (int j = 0; j < 4; ++j) {
      __m512i four = _mm512_castsi128_si512(_mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[j] + at)));
      four = _mm512_inserti32x4(four, _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[j + 4] + at)), 1);
      four = _mm512_inserti32x4(four, _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[j + 8] + at)), 2);
      v[j] =
          _mm512_inserti32x4(four, _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[j + 12] + at)), 3);
    }
    const __m512i ab0 = _mm512_unpacklo_epi32(v[0], v[1]), ab1 = _mm512_unpackhi_epi32(v[0], v[1]);
    const __m512i cd0 = _mm512_unpacklo_epi32(v[2], v[3]), cd1 = _mm512_unpackhi_epi32(v[2], v[3]);
    float* to = packed + at / 2 * kTileLanes;
    _mm512_storeu_si512(to, _mm512_unpacklo_epi64(ab0, cd0));
    _mm512_storeu_si512(to + kTileLanes, _mm512_unpackhi_epi64(ab0, cd0));
    _mm512_storeu_si512(to + 2 * kTileLanes, _mm512_unpacklo_epi64(ab1, cd1));
    _mm512_storeu_si512(to + 3 * kTileLanes, _mm512_unpackhi_epi64(ab1, cd1));
  }
}

void begin(const bf16* const* rows, const Tile& t) {
  for (Index lane = 0; lane < kTileLanes; lane += kWidth) {
    _mm512_storeu_ps(t.max + lane, _mm512_set1_ps(kMinusInfinity));
    _mm512_storeu_ps(t.sum + lane, _mm512_setzero_ps());
  }
  for (Index lane = 0; lane < t.lanes; lane += kLanes) pack_lanes(rows + lane, t.dim, t.queries + lane);
}

void store(const float* acc, Index dim, float factor, bf16* out) {
  const __m512 f = _mm512_set1_ps(factor);
  for (Index at = 0; at < dim; at += kLanes) {
    const auto some = static_cast<__mmask16>(dim - at >= kLanes ? 0xffff : 0xff);
    const __m256bh rounded = _mm512_cvtneps_pbh(_mm512_mul_ps(_mm512_loadu_ps(acc + at), f));
    _mm256_mask_storeu_epi16(out + at, some, (__m256i)rounded);
  }
}

constexpr TileKernels<bf16> kNative{begin, score, add, store};

}  // namespace
}  // namespace chorus::flex::cpu
HWY_POP_ATTRIBUTES

namespace chorus::flex::cpu {

const TileKernels<core::bf16>* native_bf16_kernels() {
  return __builtin_cpu_supports("avx512bf16") ? &kNative : nullptr;
}

}  // namespace chorus::flex::cpu
#else
namespace chorus::flex::cpu {
const TileKernels<core::bf16>* native_bf16_kernels() {
  return nullptr;
}
}  // namespace chorus::flex::cpu
#endif
