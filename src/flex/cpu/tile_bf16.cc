// bf16 times bf16, two products an instruction. Queries and weights are laid out in pairs: a float's place holds two
// neighbours of head_dim, or of keys, and what is broadcast is a pair too.
//
// A score is one chain over pairs of head_dim, in float. Weights are rounded to bf16 (relative error 2^-8) before the second
// product; their sum is of the weights before that. Subnormal products count as 0, as the instruction has it. Loops are
// told to unroll for the reason that tile_kernels-inl.h has.
#include "flex/cpu/tile_bf16.h"

#include <hwy/highway.h>

#include "flex/cpu/transpose.h"

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

/// 2^x for x <= 0; 0 below the range and in lanes not wanted, NaN stays NaN. Relative error under 2e-7.
HWY_INLINE __m512 exp2_nonpositive(__m512 x, __mmask16 wanted = 0xffff) {
  const __m512 whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 f = _mm512_sub_ps(x, whole);
  __m512 y = _mm512_set1_ps(1.5353376511484385e-4F);
  y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(1.3398875016719103e-3F));
  y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(9.61843691766262e-3F));
  y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(5.5503323674201965e-2F));
  y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(2.4022647738456726e-1F));
  y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(6.931471824645996e-1F));
  y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(1.0F));
  const __mmask16 some = _mm512_mask_cmp_ps_mask(wanted, x, _mm512_set1_ps(-126.0F), _CMP_NLT_UQ);
  return _mm512_maskz_scalef_ps(some, y, whole);
}

/// acc[key][lane] += k[key] . q[lane] over dims [from, to); returns where q goes on.
template <int kKeys, int kGroups>
HWY_INLINE const float* multiply_keys(const bf16* const* k, Index from, Index to, const float* q,
                                      __m512 (&acc)[kKeys][kGroups]) {
  for (Index d = from; d < to; d += 2, q += kTileLanes) {
    __m512bh lane[kGroups];
    for (int n = 0; n < kGroups; ++n) lane[n] = pairs(q + n * kWidth);
#pragma GCC unroll 8
    for (int j = 0; j < kKeys; ++j) {
      const __m512bh x = pair_everywhere(k[j] + d);
      for (int n = 0; n < kGroups; ++n) acc[j][n] = _mm512_dpbf16_ps(acc[j][n], x, lane[n]);
    }
  }
  return q;
}

template <int kKeys, int kGroups>
HWY_INLINE void store_scores(const __m512 (&acc)[kKeys][kGroups], float factor, float* s) {
  const __m512 f = _mm512_set1_ps(factor);
#pragma GCC unroll 8
  for (int j = 0; j < kKeys; ++j)
    for (int n = 0; n < kGroups; ++n)
      _mm512_storeu_ps(s + j * kTileLanes + n * kWidth, _mm512_mul_ps(acc[j][n], f));
}

/// s[key][lane] = factor * k[key] . q[lane]; kAsk: asks for memory between the products.
template <int kKeys, int kGroups, bool kAsk>
HWY_NOINLINE void score_keys(const bf16* const* k, Index dim, const float* q, float factor, float* s,
                             const Ahead& ahead) {
  constexpr Index kLine = kAsk ? kLineBytes / Index{sizeof(bf16)} : kMaxHeadDim;
  __m512 acc[kKeys][kGroups];
#pragma GCC unroll 8
  for (auto& row : acc)
    for (auto& a : row) a = _mm512_setzero_ps();
  for (Index d = 0; d < dim; d += kLine) {
    if constexpr (kAsk) ask<kKeys>(ahead, d * Index{sizeof(bf16)});
    q = multiply_keys(k, d, std::min(d + kLine, dim), q, acc);
  }
  store_scores(acc, factor, s);
}

/// Scores of kKeys keys from `key` on and some groups of lanes.
template <int kKeys, bool kAsk>
HWY_INLINE void score_lanes(const KeyBlock<bf16>& block, const bf16* const* k, Index key, LaneGroups groups,
                            float factor, const Tile& t) {
  const float* q = t.queries + groups.first * kLanes;
  float* s = t.scores + key * kTileLanes + groups.first * kLanes;
  const Ahead ahead = kAsk ? block.ahead.of(key) : Ahead{};
  if (groups.count == 3)
    score_keys<kKeys, 3, kAsk>(k, t.dim, q, factor, s, ahead);
  else if (groups.count == 2)
    score_keys<kKeys, 2, kAsk>(k, t.dim, q, factor, s, ahead);
  else if (groups.count == 1)
    score_keys<kKeys, 1, kAsk>(k, t.dim, q, factor, s, ahead);
}

template <bool kAsk>
HWY_INLINE void score_groups(const KeyBlock<bf16>& block, const TileMask& mask, float factor, const Tile& t) {
  constexpr Index kHalf = kKeyGroup / 2;
  for (Index g = 0; g < kKeyGroups; ++g) {
    if (mask.groups[static_cast<std::size_t>(g)] == 0) continue;
    const Index key = g * kKeyGroup;
    const bf16* rows[kKeyGroup];
    for (Index j = 0; j < kKeyGroup; ++j)
      rows[j] = block.k + std::int64_t{std::min(key + j, block.keys - 1)} * block.k_stride;
    const LaneGroups low = lane_groups(mask.half(g, 0)), high = lane_groups(mask.half(g, 1));
    if (low == high) {
      score_lanes<kKeyGroup, kAsk>(block, rows, key, low, factor, t);
    } else {
      score_lanes<kHalf, kAsk>(block, rows, key, low, factor, t);
      score_lanes<kHalf, kAsk>(block, rows + kHalf, key + kHalf, high, factor, t);
    }
  }
}

void score(const KeyBlock<bf16>& block, const TileMask& mask, float factor, const Tile& t) {
  if (block.ahead.any())
    score_groups<true>(block, mask, factor, t);
  else
    score_groups<false>(block, mask, factor, t);
}

/// Rounds the weights of two keys and puts them side by side: lane i holds (even[i], odd[i]).
HWY_INLINE __m512i pair_up(__m512 even, __m512 odd) {
  const __m512i both = (__m512i)_mm512_cvtne2ps_pbh(odd, even);  // even's 16, then odd's
  const __m512i places = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7,
                                          22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(places, both);
}

/// Which of eight sets of lanes have one of `wanted`: bit i is eight[i].
HWY_INLINE std::uint32_t with_any(const std::uint64_t* eight, std::uint64_t wanted) {
  return _mm512_test_epi64_mask(_mm512_loadu_si512(eight), _mm512_set1_epi64(static_cast<long long>(wanted)));
}
HWY_INLINE Index lowest(std::uint32_t bits) {
  return static_cast<Index>(__builtin_ctz(bits));
}
HWY_INLINE Index highest(std::uint32_t bits) {
  return 31 - static_cast<Index>(__builtin_clz(bits));
}
static_assert(kKeyGroups == 8 && kKeyGroup == 8);

/// TileMask::groups_of and keys_of, which are asked a dozen times a block, eight words at a time.
HWY_INLINE Range groups_of(const TileMask& mask, std::uint64_t lanes) {
  const std::uint32_t some = with_any(mask.groups.data(), lanes);
  return some == 0 ? Range{} : Range{lowest(some), highest(some) + 1};
}
HWY_INLINE Range keys_of(const TileMask& mask, std::uint64_t lanes) {
  const Range groups = groups_of(mask, lanes);
  if (!mask.masked || groups.size() == 0) return {groups.begin * kKeyGroup, groups.end * kKeyGroup};
  const Index first = groups.begin * kKeyGroup, last = (groups.end - 1) * kKeyGroup;
  return {first + lowest(with_any(&mask.lanes[static_cast<std::size_t>(first)], lanes)),
          last + highest(with_any(&mask.lanes[static_cast<std::size_t>(last)], lanes)) + 1};
}

/// Which of a group of lanes see the key.
HWY_INLINE __mmask16 lanes_seen(const TileMask& mask, Index key, Index lane) {
  __mmask16 bits;
  __builtin_memcpy(&bits,
                   reinterpret_cast<const char*>(&mask.lanes[static_cast<std::size_t>(key)]) + lane / 8,
                   sizeof bits);
  return bits;
}

template <bool kMasked>
HWY_INLINE void softmax_lanes(const TileMask& mask, Range keys, Index lane, const Tile& t) {
  float* s = t.scores + lane;
  const __m512 hidden = _mm512_set1_ps(kMinusInfinity);
  __m512 top[4] = {hidden, hidden, hidden, hidden};
  for (Index key = keys.begin; key < keys.end; key += 4)
    for (Index i = 0; i < 4; ++i) {
      const __m512 score = _mm512_loadu_ps(s + (key + i) * kTileLanes);
      top[i] = kMasked ? _mm512_mask_max_ps(top[i], lanes_seen(mask, key + i, lane), top[i], score)
                       : _mm512_max_ps(top[i], score);
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
      const __m512 x = _mm512_sub_ps(_mm512_loadu_ps(s + (key + i) * kTileLanes), base);
      weight[i] = kMasked ? exp2_nonpositive(x, lanes_seen(mask, key + i, lane)) : exp2_nonpositive(x);
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
    const Range exact = keys_of(mask, kGroupBits << lane);
    const Range keys{exact.begin / 4 * 4, (exact.end + 3) / 4 * 4};
    if (keys.size() == 0)
      keep_lanes(lane, t);
    else if (mask.masked)
      softmax_lanes<true>(mask, keys, lane, t);
    else
      softmax_lanes<false>(mask, keys, lane, t);
    const auto clear = [&](Index from, Index to) {
      for (Index key = from; key < to; key += 2)
        _mm512_storeu_si512(t.weights + key / 2 * kTileLanes + lane, _mm512_setzero_si512());
    };
    clear(hull.begin, keys.size() == 0 ? hull.end : keys.begin);
    if (keys.size() != 0) clear(keys.end, hull.end);
  }
}

/// Sixteen numbers, or eight and zeros.
HWY_INLINE __m256i sixteen(const bf16* from, bool whole) {
  return whole ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))
               : _mm256_zextsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}

/// Values of two keys side by side, [pair][padded(dim)]. A key that no tile has claimed counts as 0: what lies there may be no
/// number, and a weight of 0 would not hide it.
void pack_values(const KeyBlock<bf16>& block, Range keys, const Tile& t) {
  static constexpr bf16 kNothing[kMaxHeadDim]{};
  const Range claimed = t.packed[static_cast<std::size_t>(block.slot)].keys;
  const Index width = padded(t.v_dim);
  for (Index key = keys.begin / 2 * 2; key < keys.end; key += 2) {
    float* to = t.values_of(block.slot) + key / 2 * width;
    const bf16* const row = block.v + key * block.v_stride;
    const bf16* even = key >= claimed.begin ? row : kNothing;
    const bf16* odd = key + 1 < claimed.end ? row + block.v_stride : kNothing;
    for (Index at = 0; at < t.v_dim; at += kLanes) {
      const bool whole = t.v_dim - at >= kLanes;
      const __m512i low = _mm512_cvtepu16_epi32(sixteen(even + at, whole));
      const __m512i high = _mm512_cvtepu16_epi32(sixteen(odd + at, whole));
      _mm512_storeu_si512(to + at, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
    }
  }
}

/// What the sums of the lanes are multiplied by to become the result; 0 where a lane saw no key.
void all_factors(const Tile& t, float* factors) {
  for (Index lane = 0; lane < kTileLanes; lane += kLanes) {
    const __m512 sum = _mm512_loadu_ps(t.sum + lane);
    const __mmask16 some = _mm512_cmp_ps_mask(sum, _mm512_setzero_ps(), _CMP_NEQ_UQ);
    _mm512_store_ps(factors + lane, _mm512_maskz_div_ps(some, _mm512_set1_ps(1.0F), sum));
  }
}

/// acc times the factor of its row; 0 where that is 0, whatever acc holds.
HWY_INLINE __m512 times(__m512 acc, __m512 factor) {
  return _mm512_maskz_mul_ps(_mm512_cmp_ps_mask(factor, _mm512_setzero_ps(), _CMP_NEQ_UQ), acc, factor);
}

/// Sixteen numbers rounded, or the first eight.
HWY_INLINE void store_sixteen(__m512 result, bool whole, bf16* to) {
  const auto value = (__m256i)_mm512_cvtneps_pbh(result);
  if (whole)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), value);
  else
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_castsi256_si128(value));
}

/// The first `count` columns of a row, a multiple of eight.
template <int kN>
HWY_INLINE void store_row(const __m512* acc, __m512 factor, Index count, bf16* to) {
  const bool all = count >= kN * kLanes;
  for (int n = 0; n < kN; ++n)
    if (all || n * kLanes < count)
      store_sixteen(times(acc[n], factor), all || count - n * kLanes >= kLanes, to + n * kLanes);
}

/// The results of some lanes.
void store_lanes(const Tile& t, Range lanes, const float* factors, bf16* const* rows) {
  for (Index lane = lanes.begin; lane < lanes.end; ++lane) {
    if (rows[lane] == nullptr) continue;
    const float* acc = t.acc + std::int64_t{lane} * padded(t.v_dim);
    const __m512 factor = _mm512_set1_ps(factors[lane]);
    for (Index at = 0; at < t.v_dim; at += kLanes)
      store_sixteen(times(_mm512_loadu_ps(acc + at), factor), t.v_dim - at >= kLanes, rows[lane] + at);
  }
}

/// Where the results of some lanes go, from some column on; `count` of them are there.
struct Results {
  bf16* const* rows;  // null: the sums are kept in acc
  const float* factors;
  Index at, count;
};

template <int kM, int kN>
HWY_INLINE void add_values(const float* weights, const float* keep, const float* values, Index stride,
                           Index count, float* out, Index out_stride, const Results& results) {
  __m512 acc[kM][kN];
#pragma GCC unroll 6
  for (auto& row : acc)
    for (auto& a : row) a = _mm512_setzero_ps();
  const __m512 kept = _mm512_maskz_loadu_ps((1U << kM) - 1, keep);
  if (_mm512_cmp_ps_mask(kept, _mm512_setzero_ps(), _CMP_NEQ_UQ) != 0)
#pragma GCC unroll 6
    for (int r = 0; r < kM; ++r) {
      const __m512 factor = _mm512_set1_ps(keep[r]);
      for (int n = 0; n < kN; ++n)
        acc[r][n] = times(_mm512_loadu_ps(out + r * out_stride + n * kWidth), factor);
    }
  for (Index pair = 0; pair < count; ++pair, values += stride, weights += kTileLanes) {
    __m512bh row[kN];
    for (int n = 0; n < kN; ++n) row[n] = pairs(values + n * kWidth);
#pragma GCC unroll 6
    for (int r = 0; r < kM; ++r) {
      const __m512bh w = pair_everywhere(weights + r);
      for (int n = 0; n < kN; ++n) acc[r][n] = _mm512_dpbf16_ps(acc[r][n], w, row[n]);
    }
  }
  if (results.rows == nullptr) {
#pragma GCC unroll 6
    for (int r = 0; r < kM; ++r)
      for (int n = 0; n < kN; ++n) _mm512_storeu_ps(out + r * out_stride + n * kWidth, acc[r][n]);
    return;
  }
#pragma GCC unroll 6
  for (int r = 0; r < kM; ++r) {
    if (results.rows[r] == nullptr) continue;
    store_row<kN>(acc[r], _mm512_set1_ps(results.factors[r]), results.count, results.rows[r] + results.at);
  }
}

template <int kN>
HWY_INLINE void add_rows(Index rows, const float* weights, const float* keep, const float* values,
                         Index stride, Index count, float* out, Index out_stride, const Results& results) {
  switch (rows) {
    case 1:
      return add_values<1, kN>(weights, keep, values, stride, count, out, out_stride, results);
    case 2:
      return add_values<2, kN>(weights, keep, values, stride, count, out, out_stride, results);
    case 3:
      return add_values<3, kN>(weights, keep, values, stride, count, out, out_stride, results);
    case 4:
      return add_values<4, kN>(weights, keep, values, stride, count, out, out_stride, results);
    case 5:
      return add_values<5, kN>(weights, keep, values, stride, count, out, out_stride, results);
    default:
      return add_values<6, kN>(weights, keep, values, stride, count, out, out_stride, results);
  }
}

/// Columns [at, at + 16 kN) of all lanes. Key pairs of each register tile of rows are in `ranges`.
template <int kN>
void add_columns(const float* values, const Range* ranges, Index at, const Tile& t, const float* factors,
                 bf16* const* rows) {
  const Index width = padded(t.v_dim);
  for (Index lane = 0, i = 0; lane < t.lanes; lane += kRows, ++i) {
    if (ranges[i].size() == 0) continue;
    const Index pair = ranges[i].begin;
    add_rows<kN>(std::min(kRows, t.lanes - lane), t.weights + pair * kTileLanes + lane, t.keep + lane,
                 values + pair * width + at, width, ranges[i].size(), t.acc + lane * width + at, width,
                 {rows == nullptr ? nullptr : rows + lane, factors + lane, at, t.v_dim - at});
  }
}

void add(const KeyBlock<bf16>& block, const TileMask& mask, const Tile& t, bf16* const* rows) {
  const Range seen = groups_of(mask, ~std::uint64_t{0});
  const Range hull{seen.begin * kKeyGroup, seen.end * kKeyGroup};
  if (hull.size() == 0) return;
  softmax(mask, hull, t);
  const Range seen_keys = keys_of(mask, ~std::uint64_t{0});
  pack_values(block,
              claim_keys(t, block.slot, block.v, {seen_keys.begin, std::min(seen_keys.end, block.keys)}), t);
  alignas(64) float factors[kTileLanes];
  if (rows != nullptr) all_factors(t, factors);
  Range ranges[kTileLanes / kRows];
  const Index pairs_here = (block.keys + 1) / 2;
  for (Index i = 0; i < kTileLanes / kRows; ++i) {
    const Range keys = keys_of(mask, ((std::uint64_t{1} << kRows) - 1) << (i * kRows));
    ranges[i] = {keys.begin / 2, std::min((keys.end + 1) / 2, pairs_here)};
    if (rows != nullptr && ranges[i].size() == 0)
      store_lanes(t, {i * kRows, std::min((i + 1) * kRows, t.lanes)}, factors, rows);
  }
  const Index end = padded(t.v_dim);
  Index at = 0;
  for (; at + 64 <= end; at += 64) add_columns<4>(t.values_of(block.slot), ranges, at, t, factors, rows);
  for (; at + 32 <= end; at += 32) add_columns<2>(t.values_of(block.slot), ranges, at, t, factors, rows);
  for (; at < end; at += 16) add_columns<1>(t.values_of(block.slot), ranges, at, t, factors, rows);
}

void begin(const bf16* const* rows, const Tile& t) {
  for (Index lane = 0; lane < kTileLanes; lane += kWidth) {
    _mm512_storeu_ps(t.max + lane, _mm512_set1_ps(kMinusInfinity));
    _mm512_storeu_ps(t.sum + lane, _mm512_setzero_ps());
  }
  for (Index lane = 0; lane < t.lanes; lane += kLanes)
    transpose_sixteen(rows + lane, t.dim / 2, t.queries + lane);
}

void store(const Tile& t, bf16* const* rows) {
  alignas(64) float factors[kTileLanes];
  all_factors(t, factors);
  store_lanes(t, {0, t.lanes}, factors, rows);
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
