// Decode rows over spans: one row (or few) against many keys, so keys and values are read where they lie,
// once for all query heads that share them.
#include "core/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "flex/cpu/spans_decode.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "flex/cpu/microkernels-inl.h"
#include "flex/cpu/span_blocks.h"
#include "flex/cpu/span_task.h"

HWY_BEFORE_NAMESPACE();
namespace chorus::flex::cpu::HWY_NAMESPACE {
namespace {

constexpr float kLog2E = 1.44269504088896340736F;
constexpr Index kQuad = 4;  // keys whose dot products are summed across lanes together

#if HWY_TARGET != HWY_SCALAR
// Adds the 128-bit blocks of a vector, halves first.
template <class DV>
HWY_INLINE auto fold_blocks(DV /*d*/, hn::Vec<DV> v) {
  if constexpr (hn::MaxLanes(DV()) == 4) {
    return v;
  } else {
    const hn::Half<DV> half;
    return fold_blocks(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}

// Adds up the lanes of four vectors: lane i of the result is the sum of v[i].
HWY_INLINE hn::Vec<hn::CappedTag<float, 4>> sum_lanes(V v0, V v1, V v2, V v3) {
  transpose4(v0, v1, v2, v3);
  return fold_blocks(D(), hn::Add(hn::Add(v0, v1), hn::Add(v2, v3)));
}

// Scores of kM query vectors against the four keys at rows.
template <int kM, class T>
HWY_INLINE void score_quad(const float* const* q, const T* const* rows, Index dim, float* scores) {
  V acc[kM][kQuad];
  for (int r = 0; r < kM; ++r)
    for (Index j = 0; j < kQuad; ++j) acc[r][j] = hn::Zero(D());
  const auto step = [&](Index at, auto half) HWY_ATTR {
    V key[kQuad];
    for (Index j = 0; j < kQuad; ++j) key[j] = load_row<decltype(half)::value>(rows[j] + at);
    for (int r = 0; r < kM; ++r) {
      const V x = load_row<decltype(half)::value>(q[r] + at);
      for (Index j = 0; j < kQuad; ++j) acc[r][j] = hn::MulAdd(x, key[j], acc[r][j]);
    }
  };
  Index at = 0;
  for (; at + kWidth <= dim; at += kWidth) step(at, std::false_type());
  if constexpr (kWidth > 8) {
    if (at < dim) step(at, std::true_type());
  }
  const hn::CappedTag<float, 4> d4;
  for (int r = 0; r < kM; ++r)
    hn::StoreU(sum_lanes(acc[r][0], acc[r][1], acc[r][2], acc[r][3]), d4, scores + r * kBlock);
}

#else  // one lane a register

template <int kM, class T>
HWY_INLINE void score_quad(const float* const* q, const T* const* rows, Index dim, float* scores) {
  for (int r = 0; r < kM; ++r)
    for (Index j = 0; j < kQuad; ++j) {
      float part[kLanes] = {};
      for (Index at = 0; at < dim; ++at) part[at % kLanes] += q[r][at] * static_cast<float>(rows[j][at]);
      for (Index half = kLanes / 2; half > 0; half /= 2)
        for (Index i = 0; i < half; ++i) part[i] += part[i + half];
      scores[r * kBlock + j] = part[0];
    }
}

#endif

// Registers hold three query vectors against four keys.
template <int kM, class T>
HWY_INLINE void score_rows_in_place(const float* const* q, const T* const* rows, Index dim, KeyRange keys,
                                    float* scores) {
  for (Index key = keys.lo / kQuad * kQuad; key < keys.hi; key += kQuad) {
    score_quad<(kM < 3 ? kM : 3)>(q, rows + key, dim, scores + key);
    if constexpr (kM > 3) score_quad<kM - 3>(q + 3, rows + key, dim, scores + 3 * kBlock + key);
  }
}

template <class T>
void decode(const SpanProblem<T>& p, const SpanTask& task, const SpanScratch& scratch) {
  const SpanTile& tile = p.tiles[task.tile];
  const Index dim = p.pages.head_dim, group = p.q_heads / p.pages.kv_heads, vectors = task.rows * group;
  HWY_ALIGN float scores[kRows * kBlock], keep[kRows];
  std::fill_n(scores, kRows * kBlock, 0.0F);
  SpanBlocks<T> blocks(p.pages, tile, task.kv_head);
  while (blocks.next()) {
    const KvSpan& span = blocks.span();
    const RowStates state = scratch.state(span.state);
    const float factor = p.scale * span.score_scale * kLog2E, bias = span.score_bias * kLog2E;
    const std::int64_t q_row = tile.q_row + std::int64_t{span.variant} * tile.rows + task.row;
    for (Index first = 0; first < vectors; first += kRows) {
      const Index count = std::min(kRows, vectors - first);
      const float* q[kRows];
      Index end[kRows];
      for (Index i = 0; i < count; ++i) {
        const Index r = (first + i) / group, h = (first + i) % group;
        q[i] = p.q + ((q_row + r) * p.q_heads + task.kv_head * group + h) * dim;
        const std::int64_t last = std::int64_t{tile.causal_first} + task.row + r - blocks.base();
        end[i] = span.causal ? static_cast<Index>(std::clamp<std::int64_t>(last + 1, 0, blocks.keys().hi))
                             : blocks.keys().hi;
      }
      const KeyRange seen{blocks.keys().lo, end[count - 1]};
      if (seen.hi <= seen.lo) continue;
      with_rows(count, [&](auto m) HWY_ATTR {
        constexpr int kM = decltype(m)::value;
        score_rows_in_place<kM>(q, blocks.k(), dim, seen, scores);
        softmax_rows<kM>(scores, seen, end, factor, bias, state.max + first, state.sum + first * kLanes,
                         keep);
        accumulate_rows<kM>(scores, keep, ValueRows<T>{blocks.v()}, seen, dim,
                            state.acc + std::int64_t{first} * padded(dim));
      });
    }
  }
}

}  // namespace

void decode_f32(const SpanProblem<float>& p, const SpanTask& task, const SpanScratch& scratch) {
  decode(p, task, scratch);
}
void decode_bf16(const SpanProblem<core::bf16>& p, const SpanTask& task, const SpanScratch& scratch) {
  decode(p, task, scratch);
}
void decode_f16(const SpanProblem<core::f16>& p, const SpanTask& task, const SpanScratch& scratch) {
  decode(p, task, scratch);
}

}  // namespace chorus::flex::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chorus::flex::cpu {

HWY_EXPORT(decode_f32);
HWY_EXPORT(decode_bf16);
HWY_EXPORT(decode_f16);

void run_decode(const SpanProblem<float>& problem, const SpanTask& task, const SpanScratch& scratch) {
  HWY_DYNAMIC_DISPATCH(decode_f32)(problem, task, scratch);
}
void run_decode(const SpanProblem<core::bf16>& problem, const SpanTask& task, const SpanScratch& scratch) {
  HWY_DYNAMIC_DISPATCH(decode_bf16)(problem, task, scratch);
}
void run_decode(const SpanProblem<core::f16>& problem, const SpanTask& task, const SpanScratch& scratch) {
  HWY_DYNAMIC_DISPATCH(decode_f16)(problem, task, scratch);
}

}  // namespace chorus::flex::cpu
#endif  // HWY_ONCE
