// The kernels of flex/cpu/tile.h in float, compiled once per instruction set. Included inside foreach_target files only.
//
// A score is one chain over head_dim; a lane's sum of weights four chains over key % 4; an output element one chain over keys,
// rescaled once a block. A key that is masked adds exactly 0 to each, so where masked keys are skipped changes nothing.
//
// The loops over rows of registers are told to unroll: g++ does it anyway, but after it has put the sums into memory.

#if defined(CHORUS_FLEX_TILE_KERNELS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef CHORUS_FLEX_TILE_KERNELS_INL_H
#undef CHORUS_FLEX_TILE_KERNELS_INL_H
#else
#define CHORUS_FLEX_TILE_KERNELS_INL_H
#endif

#include "flex/cpu/microkernels-inl.h"
#include "flex/cpu/tile.h"
#include "flex/cpu/transpose.h"

HWY_BEFORE_NAMESPACE();
namespace chorus::flex::cpu::HWY_NAMESPACE {

/// Keys and groups of kLanes lanes in one register tile of scores.
inline constexpr int kTileKeys = kWidth == 16 ? 8 : 4;
inline constexpr int kTileGroups = kWidth == 16 ? 3 : 1;
inline constexpr std::uint64_t kGroupBits = (std::uint64_t{1} << kLanes) - 1;

/// acc[key][lane] += k[key] . q[lane] over dims [from, to) for kKeys keys and kN registers of lanes; returns where q goes on.
template <int kKeys, int kN>
HWY_INLINE const float* multiply_keys(const float* const* row, Index from, Index to, const float* q,
                                      V (&acc)[kKeys][kN]) {
  for (Index d = from; d < to; ++d, q += kTileLanes) {
    V lane[kN];
    for (int n = 0; n < kN; ++n) lane[n] = load(q + n * kWidth);
#pragma GCC unroll 8
    for (int j = 0; j < kKeys; ++j) {
      const V x = hn::Set(D(), row[j][d]);
      for (int n = 0; n < kN; ++n) acc[j][n] = hn::MulAdd(x, lane[n], acc[j][n]);
    }
  }
  return q;
}

/// s[key][lane] = factor * k[key] . q[lane] for kKeys keys of T, made float, and kGroups groups of lanes; kAsk: asks for memory
/// between the products. Not inlined: in a larger function the registers do not suffice.
template <class T, int kKeys, int kGroups, bool kAsk>
HWY_NOINLINE void score_keys(const float* const* k, Index dim, const float* q, float factor, float* s,
                             const Ahead& ahead) {
  constexpr int kN = kGroups * kPerLanes;
  V acc[kKeys][kN];
  const float* row[kKeys];
#pragma GCC unroll 8
  for (int j = 0; j < kKeys; ++j) {
    row[j] = k[j];
    for (int n = 0; n < kN; ++n) acc[j][n] = hn::Zero(D());
  }
  if constexpr (kAsk) {
    constexpr Index kLine = kLineBytes / Index{sizeof(T)};
    for (Index d = 0; d < dim; d += kLine) {
      ask<kKeys>(ahead, d * Index{sizeof(T)});
      q = multiply_keys(row, d, std::min(d + kLine, dim), q, acc);
    }
  } else {
    multiply_keys(row, 0, dim, q, acc);
  }
  const V f = hn::Set(D(), factor);
#pragma GCC unroll 8
  for (int j = 0; j < kKeys; ++j)
    for (int n = 0; n < kN; ++n) hn::StoreU(hn::Mul(acc[j][n], f), D(), s + j * kTileLanes + n * kWidth);
}

/// Scores of kKeys keys and some groups of lanes; `s` is the first key's.
template <class T, int kKeys, bool kAsk>
HWY_INLINE void score_lanes(const float* const* k, LaneGroups groups, float factor, float* s, const Tile& t,
                            const KeyBlock<T>& block, Index key) {
  for (Index lane = groups.first, end = groups.first + groups.count; lane < end;) {
    const float* q = t.queries + lane * kLanes;
    float* to = s + lane * kLanes;
    const Index left = std::min<Index>(end - lane, kTileGroups);
    const auto score = [&](auto n) HWY_ATTR {
      constexpr int kGroups = decltype(n)::value;
      if (kAsk && lane == groups.first)  // once for these keys is enough
        score_keys<T, kKeys, kGroups, kAsk>(k, t.dim, q, factor, to, block.ahead.of(key));
      else
        score_keys<T, kKeys, kGroups, false>(k, t.dim, q, factor, to, Ahead{});
    };
    if constexpr (kTileGroups == 3) {
      if (left == 3) score(std::integral_constant<int, 3>());
      if (left == 2) score(std::integral_constant<int, 2>());
    }
    if (left == 1) score(std::integral_constant<int, 1>());
    lane += left;
  }
}

/// The row as floats, `dim` a multiple of 8; rounded up to whole registers where there is room for padded(dim).
template <class T>
HWY_INLINE void widen_row(const T* from, Index dim, float* to) {
  Index at = 0;
  for (; at + kWidth <= dim; at += kWidth) hn::StoreU(load(from + at), D(), to + at);
  if constexpr (kWidth > 8) {
    if (at < dim) hn::StoreU(load_half(from + at), hn::CappedTag<float, 16>(), to + at);
  }
}

template <bool kAsk, class T>
HWY_INLINE void score_groups(const KeyBlock<T>& block, const TileMask& mask, float factor, const Tile& t) {
  for (Index g = 0; g < kKeyGroups; ++g) {
    if (mask.groups[static_cast<std::size_t>(g)] == 0) continue;
    const float* rows[kKeyGroup];
    for (Index j = 0; j < kKeyGroup; ++j) {
      const std::int64_t key = std::min(g * kKeyGroup + j, block.keys - 1);
      const T* row = block.k + key * block.k_stride;
      if constexpr (std::is_same_v<T, float>) {
        rows[j] = row;
      } else {
        rows[j] = t.keys + std::int64_t{j} * padded(t.dim);
        widen_row(row, t.dim, t.keys + std::int64_t{j} * padded(t.dim));
      }
    }
    constexpr Index kHalf = kKeyGroup / 2;
    float* s = t.scores + g * kKeyGroup * kTileLanes;
    const LaneGroups low = lane_groups(mask.half(g, 0)), high = lane_groups(mask.half(g, 1));
    if (kTileKeys == kKeyGroup && low == high) {
      score_lanes<T, kTileKeys, kAsk>(rows, low, factor, s, t, block, g * kKeyGroup);
    } else {
      score_lanes<T, kHalf, kAsk>(rows, low, factor, s, t, block, g * kKeyGroup);
      score_lanes<T, kHalf, kAsk>(rows + kHalf, high, factor, s + kHalf * kTileLanes, t, block,
                                  g * kKeyGroup + kHalf);
    }
  }
}

template <class T>
HWY_INLINE void score_block(const KeyBlock<T>& block, const TileMask& mask, float factor, const Tile& t) {
  if (block.ahead.any())
    score_groups<true>(block, mask, factor, t);
  else
    score_groups<false>(block, mask, factor, t);
}

/// Hides the scores of kWidth lanes from `lane` on that do not see the key.
HWY_INLINE V hide(V score, std::uint64_t lanes, const std::uint64_t* bits, Index lane) {
  if constexpr (kWidth >= 8) {
    (void)lanes;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(bits) + lane / 8;
    return hn::IfThenElse(hn::LoadMaskBits(D(), bytes), score, hn::Set(D(), kMinusInfinity));
  } else {  // fewer lanes than a byte has bits
    (void)bits;
    const hn::RebindToUnsigned<D> d32;
    HWY_ALIGN std::uint32_t sees[16];
    for (Index i = 0; i < kWidth; ++i) sees[i] = static_cast<std::uint32_t>(lanes >> (lane + i)) & 1U;
    const auto seen = hn::RebindMask(D(), hn::Eq(hn::Load(d32, sees), hn::Set(d32, 1)));
    return hn::IfThenElse(seen, score, hn::Set(D(), kMinusInfinity));
  }
}

/// Running softmax of kWidth lanes over keys [keys.begin, keys.end), whole groups: weights in place of scores.
HWY_INLINE void softmax_lanes(const TileMask& mask, Range keys, Index lane, const Tile& t) {
  float* s = t.scores + lane;
  V top[4];
  for (auto& part : top) part = hn::Set(D(), kMinusInfinity);
  for (Index key = keys.begin; key < keys.end; key += 4)
    for (Index i = 0; i < 4; ++i) {
      float* at = s + (key + i) * kTileLanes;
      V score = load(at);
      if (mask.masked) {
        const std::uint64_t* bits = &mask.lanes[static_cast<std::size_t>(key) + static_cast<std::size_t>(i)];
        score = hide(score, *bits, bits, lane);
        hn::StoreU(score, D(), at);
      }
      top[i] = hn::Max(top[i], score);
    }
  const V before = load(t.max + lane);
  const V after = hn::Max(before, hn::Max(hn::Max(top[0], top[1]), hn::Max(top[2], top[3])));
  const V hidden = hn::Set(D(), kMinusInfinity);
  const V base = hn::IfThenZeroElse(hn::Eq(after, hidden), after);
  const V keep = exp2_nonpositive(hn::Sub(before, base));
  V sum[4];
  for (auto& part : sum) part = hn::Zero(D());
  for (Index key = keys.begin; key < keys.end; key += 4)
    for (Index i = 0; i < 4; ++i) {
      float* at = s + (key + i) * kTileLanes;
      const V weight = exp2_nonpositive(hn::Sub(load(at), base));
      hn::StoreU(weight, D(), at);
      sum[i] = hn::Add(sum[i], weight);
    }
  const V total = hn::Add(hn::Add(sum[0], sum[1]), hn::Add(sum[2], sum[3]));
  hn::StoreU(after, D(), t.max + lane);
  hn::StoreU(keep, D(), t.keep + lane);
  hn::StoreU(hn::MulAdd(load(t.sum + lane), keep, total), D(), t.sum + lane);
}

/// The softmax of all lanes. Keys in `hull` that a group of lanes does not look at get the weight 0.
HWY_INLINE void softmax_block(const TileMask& mask, Range hull, const Tile& t) {
  for (Index lane = 0; lane < t.lanes; lane += kLanes) {
    const Range exact = mask.keys_of(kGroupBits << lane);
    const Range keys{exact.begin / 4 * 4, (exact.end + 3) / 4 * 4};
    for (Index part = lane; part < lane + kLanes; part += kWidth) {
      if (keys.size() == 0) {
        const V max = load(t.max + part);  // lanes that have seen no key have nothing to keep
        const auto fresh = hn::Eq(max, hn::Set(D(), kMinusInfinity));
        hn::StoreU(hn::IfThenZeroElse(fresh, hn::Set(D(), 1.0F)), D(), t.keep + part);
      } else {
        softmax_lanes(mask, keys, part, t);
      }
      for (Index key = hull.begin; key < hull.end; ++key)
        if (key < keys.begin || key >= keys.end)
          hn::StoreU(hn::Zero(D()), D(), t.scores + key * kTileLanes + part);
    }
  }
}

HWY_INLINE void store_part(V value, Index count, float* to) {
  if (count >= kWidth)
    hn::StoreU(value, D(), to);
  else
    hn::BlendedStore(value, hn::FirstN(D(), static_cast<std::size_t>(count)), D(), to);
}
template <class T>
HWY_INLINE void store_part(V value, Index count, T* to) {
#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  HWY_ALIGN std::uint16_t bits[16];
  if constexpr (std::is_same_v<T, core::f16>) {
    const hn::Rebind<hwy::float16_t, D> d16;
    hn::StoreU(hn::DemoteTo(d16, value), d16, reinterpret_cast<hwy::float16_t*>(bits));
  } else {
    const hn::RebindToUnsigned<D> d32;
    const hn::RebindToSigned<D> di;
    const hn::Rebind<std::uint16_t, D> d16;
    const auto u = hn::BitCast(d32, value);
    const auto odd = hn::And(hn::ShiftRight<16>(u), hn::Set(d32, 1));
    const auto rounded = hn::ShiftRight<16>(hn::Add(u, hn::Add(odd, hn::Set(d32, 0x7fffU))));
    const auto nan = hn::Or(hn::ShiftRight<16>(u), hn::Set(d32, 0x40U));
    const auto is_nan = hn::RebindMask(d32, hn::IsNaN(value));
    hn::StoreU(hn::DemoteTo(d16, hn::BitCast(di, hn::IfThenElse(is_nan, nan, rounded))), d16, bits);
  }
  std::memcpy(to, bits, static_cast<std::size_t>(std::min(count, kWidth)) * 2);
#else
  HWY_ALIGN float wide[16];
  hn::Store(value, D(), wide);
  for (Index i = 0; i < std::min(count, kWidth); ++i) to[i] = T::from_float(wide[i]);
#endif
}

/// What the sums of the lanes are multiplied by to become the result; 0 where a lane saw no key.
HWY_INLINE void all_factors(const Tile& t, float* factors) {
  for (Index lane = 0; lane < kTileLanes; lane += kWidth) {
    const V sum = load(t.sum + lane);
    hn::Store(hn::IfThenZeroElse(hn::Eq(sum, hn::Zero(D())), hn::Div(hn::Set(D(), 1.0F), sum)), D(),
              factors + lane);
  }
}

/// The results of some lanes. Where the factor is 0, what acc holds has no meaning.
template <class T>
HWY_INLINE void store_lanes(const Tile& t, Range lanes, const float* factors, T* const* rows) {
  for (Index lane = lanes.begin; lane < lanes.end; ++lane) {
    if (rows[lane] == nullptr) continue;
    const float* acc = t.acc + std::int64_t{lane} * padded(t.v_dim);
    const V f = hn::Set(D(), factors[lane]);
    for (Index at = 0; at < t.v_dim; at += kWidth)
      store_part(factors[lane] == 0.0F ? hn::Zero(D()) : hn::Mul(load(acc + at), f), t.v_dim - at,
                 rows[lane] + at);
  }
}

/// Where the results of kM lanes go, from some column on; `count` of them are there.
template <class T>
struct Results {
  T* const* rows;  // null: the sums are kept in acc
  const float* factors;
  Index at, count;
};

/// acc[r][n] = acc[r][n] * keep[r] + sum over keys of weight[key][r] * value[key][n] for kM lanes, kN registers.
template <int kM, int kN, class T>
HWY_INLINE void add_values(const float* weights, const float* keep, const float* values, std::int64_t stride,
                           Index keys, float* out, Index out_stride, const Results<T>& results) {
  V acc[kM][kN];
#pragma GCC unroll 6
  for (int r = 0; r < kM; ++r) {
    for (int n = 0; n < kN; ++n) acc[r][n] = hn::Zero(D());
    if (keep[r] == 0.0F) continue;
    const V scale = hn::Set(D(), keep[r]);
    for (int n = 0; n < kN; ++n) acc[r][n] = hn::Mul(load(out + r * out_stride + n * kWidth), scale);
  }
  for (Index key = 0; key < keys; ++key, values += stride, weights += kTileLanes) {
    V row[kN];
    for (int n = 0; n < kN; ++n) row[n] = load(values + n * kWidth);
#pragma GCC unroll 6
    for (int r = 0; r < kM; ++r) {
      const V w = hn::Set(D(), weights[r]);
      for (int n = 0; n < kN; ++n) acc[r][n] = hn::MulAdd(w, row[n], acc[r][n]);
    }
  }
  if (results.rows == nullptr) {
#pragma GCC unroll 6
    for (int r = 0; r < kM; ++r)
      for (int n = 0; n < kN; ++n) hn::StoreU(acc[r][n], D(), out + r * out_stride + n * kWidth);
    return;
  }
#pragma GCC unroll 6
  for (int r = 0; r < kM; ++r) {
    if (results.rows[r] == nullptr) continue;
    const V f = hn::Set(D(), results.factors[r]);
    for (int n = 0; n < kN && n * kWidth < results.count; ++n)
      store_part(results.factors[r] == 0.0F ? hn::Zero(D()) : hn::Mul(acc[r][n], f),
                 results.count - n * kWidth, results.rows[r] + results.at + n * kWidth);
  }
}

/// Columns [at, at + kN registers) of all lanes.
template <int kN, class T>
HWY_INLINE void add_columns(const float* values, std::int64_t stride, const Range* ranges, Index at,
                            Index keys, const Tile& t, const float* factors, T* const* rows) {
  const Index width = padded(t.v_dim);
  for (Index lane = 0, i = 0; lane < t.lanes; lane += kRows, ++i) {
    const Range r{ranges[i].begin, std::min(ranges[i].end, keys)};
    if (r.begin >= r.end) continue;
    with_rows(std::min(kRows, t.lanes - lane), [&](auto m) HWY_ATTR {
      add_values<decltype(m)::value, kN>(
          t.scores + r.begin * kTileLanes + lane, t.keep + lane, values + r.begin * stride + at, stride,
          r.size(), t.acc + std::int64_t{lane} * width + at, width,
          Results<T>{rows == nullptr ? nullptr : rows + lane, factors + lane, at, t.v_dim - at});
    });
  }
}

template <class T>
HWY_INLINE void add_block(const KeyBlock<T>& block, const TileMask& mask, const Tile& t, T* const* rows) {
  const Range seen = mask.groups_of(~std::uint64_t{0});
  const Range hull{seen.begin * kKeyGroup, seen.end * kKeyGroup};
  if (hull.size() == 0) return;
  softmax_block(mask, hull, t);
  HWY_ALIGN float factors[kTileLanes];
  if (rows != nullptr) all_factors(t, factors);
  Range ranges[kTileLanes / kRows];  // of keys, for each register tile of rows
  for (Index i = 0; i < kTileLanes / kRows; ++i) {
    ranges[i] = mask.keys_of(((std::uint64_t{1} << kRows) - 1) << (i * kRows));
    if (rows != nullptr && ranges[i].size() == 0)
      store_lanes(t, {i * kRows, std::min((i + 1) * kRows, t.lanes)}, factors, rows);
  }
  const float* values = t.values_of(block.slot);
  std::int64_t stride = padded(t.v_dim);
  bool in_place = false;
  if constexpr (std::is_same_v<T, float>) {
    if (t.v_dim % kLanes == 0) {
      values = block.v;
      stride = block.v_stride;
      in_place = true;
    }
  }
  if (!in_place) {
    const Range missing = claim_keys(t, block.slot, block.v, {hull.begin, std::min(hull.end, block.keys)});
    for (Index key = missing.begin; key < missing.end; ++key)
      widen_row(block.v + key * block.v_stride, t.v_dim, t.values_of(block.slot) + key * stride);
  }
  const Index end = padded(t.v_dim);
  Index at = 0;
  for (; at + kTileVectors * kWidth <= end; at += kTileVectors * kWidth)
    add_columns<kTileVectors>(values, stride, ranges, at, block.keys, t, factors, rows);
  if constexpr (kTileVectors == 4) {
    if (at + 2 * kWidth <= end) {
      add_columns<2>(values, stride, ranges, at, block.keys, t, factors, rows);
      at += 2 * kWidth;
    }
  }
  for (; at < end; at += kWidth) add_columns<1>(values, stride, ranges, at, block.keys, t, factors, rows);
}

/// The queries of a group of lanes, transposed.
HWY_INLINE void pack_lanes(const float* const* rows, Index dim, float* packed) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  transpose_sixteen(rows, dim, packed);
#else
  pack_keys<float, kTileLanes>(rows, dim, {0, kLanes}, packed);
#endif
}

HWY_INLINE void empty_states(const Tile& t) {
  for (Index lane = 0; lane < kTileLanes; lane += kWidth) {
    hn::StoreU(hn::Set(D(), kMinusInfinity), D(), t.max + lane);
    hn::StoreU(hn::Zero(D()), D(), t.sum + lane);
  }
}

template <class T>
HWY_INLINE void begin_tile(const T* const* rows, const Tile& t) {
  empty_states(t);
  for (Index lane = 0; lane < t.lanes; lane += kLanes) {
    const float* wide[kLanes];
    for (Index i = 0; i < kLanes; ++i) {
      if constexpr (std::is_same_v<T, float>) {
        wide[i] = rows[lane + i];
      } else {
        wide[i] = t.keys + std::int64_t{i} * padded(t.dim);
        widen_row(rows[lane + i], t.dim, t.keys + std::int64_t{i} * padded(t.dim));
      }
    }
    pack_lanes(wide, t.dim, t.queries + lane);
  }
}

}  // namespace chorus::flex::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
