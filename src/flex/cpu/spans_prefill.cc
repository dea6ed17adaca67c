// Prefill rows over spans: a block's keys and values are packed once for all rows of the task, then each
// register tile of rows takes scores, weights and the weighted sum while they are in the first-level cache.
#include "core/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "flex/cpu/spans_prefill.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "flex/cpu/microkernels-inl.h"
#include "flex/cpu/span_blocks.h"
#include "flex/cpu/span_task.h"

HWY_BEFORE_NAMESPACE();
namespace chorus::flex::cpu::HWY_NAMESPACE {
namespace {

constexpr float kLog2E = 1.44269504088896340736F;

template <class T>
class PrefillTask {
 public:
  PrefillTask(const SpanProblem<T>& p, const SpanTask& task, const SpanScratch& scratch)
      : p_(p),
        tile_(p.tiles[task.tile]),
        task_(task),
        scratch_(scratch),
        dim_(p.pages.head_dim),
        group_(p.q_heads / p.pages.kv_heads) {}

  void run() {
    SpanBlocks<T> blocks(p_.pages, tile_, task_.kv_head);
    while (blocks.next()) {
      const Index row_end = visible(blocks, task_.rows - 1);
      if (row_end <= blocks.keys().lo) continue;
      const KeyRange seen{blocks.keys().lo, row_end};
      pack_keys(blocks.k(), dim_, seen, scratch_.keys());
      pack_values(blocks.v(), dim_, seen, scratch_.values());
      for (Index first = 0; first < task_.rows * group_; first += kRows) rows(blocks, first);
    }
  }

 private:
  // End of the keys of the block that row r of the task sees.
  Index visible(const SpanBlocks<T>& blocks, Index r) const {
    const Index hi = blocks.keys().hi;
    if (!blocks.span().causal) return hi;
    const std::int64_t last = std::int64_t{tile_.causal_first} + task_.row + r - blocks.base();
    return static_cast<Index>(std::clamp<std::int64_t>(last + 1, 0, hi));
  }

  void rows(const SpanBlocks<T>& blocks, Index first) {
    const Index count = std::min(kRows, task_.rows * group_ - first);
    const KvSpan& span = blocks.span();
    const float* q[kRows];
    Index end[kRows];
    const std::int64_t q_row = tile_.q_row + std::int64_t{span.variant} * tile_.rows + task_.row;
    for (Index i = 0, r = first / group_, h = first % group_; i < count; ++i) {
      q[i] = p_.q + ((q_row + r) * p_.q_heads + task_.kv_head * group_ + h) * dim_;
      end[i] = visible(blocks, r);
      if (++h == group_) h = 0, ++r;
    }
    const KeyRange seen{blocks.keys().lo, end[count - 1]};  // the last row of a causal tile sees most
    if (seen.hi <= seen.lo) return;
    const RowStates state = scratch_.state(span.state);
    const float factor = p_.scale * span.score_scale * kLog2E, bias = span.score_bias * kLog2E;
    HWY_ALIGN float scores[kRows * kBlock], keep[kRows];
    with_rows(count, [&](auto m) HWY_ATTR {
      constexpr int kM = decltype(m)::value;
      score_rows<kM>(q, dim_, scratch_.keys(), seen, scores);
      softmax_rows<kM>(scores, seen, end, factor, bias, state.max + first, state.sum + first * kLanes, keep);
      accumulate_rows<kM>(scores, keep, PackedValues{scratch_.values(), padded(dim_)}, seen, dim_,
                          state.acc + std::int64_t{first} * padded(dim_));
    });
  }

  const SpanProblem<T>& p_;
  const SpanTile& tile_;
  const SpanTask& task_;
  const SpanScratch& scratch_;
  const Index dim_, group_;
};

}  // namespace

void prefill_f32(const SpanProblem<float>& p, const SpanTask& task, const SpanScratch& scratch) {
  PrefillTask<float>(p, task, scratch).run();
}
void prefill_bf16(const SpanProblem<core::bf16>& p, const SpanTask& task, const SpanScratch& scratch) {
  PrefillTask<core::bf16>(p, task, scratch).run();
}
void prefill_f16(const SpanProblem<core::f16>& p, const SpanTask& task, const SpanScratch& scratch) {
  PrefillTask<core::f16>(p, task, scratch).run();
}

}  // namespace chorus::flex::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chorus::flex::cpu {

HWY_EXPORT(prefill_f32);
HWY_EXPORT(prefill_bf16);
HWY_EXPORT(prefill_f16);

void run_prefill(const SpanProblem<float>& problem, const SpanTask& task, const SpanScratch& scratch) {
  HWY_DYNAMIC_DISPATCH(prefill_f32)(problem, task, scratch);
}
void run_prefill(const SpanProblem<core::bf16>& problem, const SpanTask& task, const SpanScratch& scratch) {
  HWY_DYNAMIC_DISPATCH(prefill_bf16)(problem, task, scratch);
}
void run_prefill(const SpanProblem<core::f16>& problem, const SpanTask& task, const SpanScratch& scratch) {
  HWY_DYNAMIC_DISPATCH(prefill_f16)(problem, task, scratch);
}

}  // namespace chorus::flex::cpu
#endif  // HWY_ONCE
