// Attention of packed execution: the literal sequence under its segment mask. The sequence's keys and values are
// gathered from their pages first: this path is the control, the one that shares is the fast one.
#include <algorithm>
#include <vector>

#include "flex/attention.h"
#include "flex/combine.h"
#include "flex/mods/segment_log_weight.h"
#include "flex/softmax_state.h"
#include "model/cpu/cpu_backend.h"

namespace chorus::model::cpu {
namespace {

template <class T>
void widen(const T* from, std::int64_t count, float* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]);
}

using flex::Index;

/// One packed sequence's tensors: queries of its new rows, all its keys, room for what its rows read.
struct PackedTensors {
  flex::View<const float> q, k, v;
  flex::View<float> out;
};

/// Rows [first, rows) of a view.
template <class F>
flex::View<F> rows_from(flex::View<F> view, Index first) {
  view.data += first * view.row_stride;
  view.extents.rows -= first;
  return view;
}

/// Every row under the sequence's mask; weights count for free rows.
void attend_all(const PackedSequence& sequence, const PackedTensors& t, core::ThreadPool& pool) {
  const flex::AttentionOptions options{.q_offset = sequence.first, .pool = &pool};
  const auto mask = sequence.relation->mask();
  if (sequence.fusion == nullptr || sequence.fusion->log_weight.empty()) {
    flex::attention(t.q, t.k, t.v, t.out, options, mask);
  } else {
    const PackedFusion& fusion = *sequence.fusion;
    flex::attention(t.q, t.k, t.v, t.out, options, mask,
                    flex::segment_log_weight(fusion.paraphrase_of, fusion.log_weight, fusion.free_from));
  }
}

/// Free rows once more, calibrated: what they read of the context and of the rest, apart, then merged with the context's
/// log-sum-exp scaled.
void attend_calibrated(const PackedSequence& sequence, const PackedTensors& t, core::ThreadPool& pool) {
  const PackedFusion& fusion = *sequence.fusion;
  const Index first = std::max(fusion.free_from - sequence.first, 0);
  if (first >= sequence.rows) return;
  const auto q = rows_from(t.q, first);
  const auto out = rows_from(t.out, first);
  const auto context = flex::mask([&](Index, Index, Index, Index kv) {
    return kv < fusion.free_from && fusion.paraphrase_of[static_cast<std::size_t>(kv)] >= 0;
  });
  const auto allowed = sequence.relation->mask();
  const std::vector<float> none(fusion.log_weight.empty() ? fusion.paraphrase_of.size() : 0, 0.0F);
  const auto states = static_cast<std::size_t>(q.extents.rows) * static_cast<std::size_t>(q.extents.heads);
  const auto dim = static_cast<std::size_t>(q.extents.dim);
  std::vector<float> read(states * dim);
  std::vector<flex::LogSumExp> context_lse(states), rest_lse(states);
  flex::AttentionOptions options{.q_offset = sequence.first + first, .lse = rest_lse, .pool = &pool};
  flex::attention(q, t.k, t.v, out, options, flex::and_masks(allowed, flex::not_mask(context)));
  options.lse = context_lse;
  options.scale = flex::scale_of({}, q.extents.dim) / fusion.temperature;
  flex::attention(
      q, t.k, t.v, flex::token_major(read.data(), q.extents), options, flex::and_masks(allowed, context),
      flex::segment_log_weight(fusion.paraphrase_of, fusion.log_weight.empty() ? none : fusion.log_weight,
                               fusion.free_from));
  for (Index head = 0; head < q.extents.heads; ++head)
    for (Index row = 0; row < q.extents.rows; ++row) {
      const auto at = static_cast<std::size_t>(std::int64_t{head} * q.extents.rows + row);
      const std::span<float> result(out.row(0, head, row), dim);
      flex::SoftmaxState rest(rest_lse[at], result),
          scaled(context_lse[at],
                 std::span(read).subspan(static_cast<std::size_t>(row * q.extents.heads + head) * dim, dim));
      scaled.scale_lse(fusion.scale);
      rest.merge(scaled);
      rest.output(result);
    }
}

}  // namespace

template <class T>
void CpuBackend<T>::attend_packed(std::int64_t layer, CpuKvStore<T>& kv, const AttentionPlan& plan) {
  const std::int64_t d = config_.head_dim, heads = config_.heads, kv_heads = config_.kv_heads;
  const auto dim = static_cast<flex::Index>(d);
  for (const PackedSequence& sequence : plan.sequences) {
    const std::int32_t tokens = sequence.first + sequence.rows;
    const auto page_tokens = static_cast<std::int32_t>(kv.page_tokens());
    const auto size = static_cast<std::size_t>(kv_heads * tokens * d);
    if (gathered_k_.size() < size) {
      gathered_k_ = core::AlignedBuffer<float>(size);
      gathered_v_ = core::AlignedBuffer<float>(size);
    }
    for_rows(tokens, [&](std::int64_t token) {
      const std::int32_t page = sequence.pages[static_cast<std::size_t>(token / page_tokens)];
      const auto slot = static_cast<std::int32_t>(token % page_tokens);
      for (std::int64_t head = 0; head < kv_heads; ++head) {
        widen(kv.key(layer, page, slot, head), d, gathered_k_.data() + (token * kv_heads + head) * d);
        widen(kv.value(layer, page, slot, head), d, gathered_v_.data() + (token * kv_heads + head) * d);
      }
    });
    const flex::Extents q_shape{.heads = static_cast<flex::Index>(heads), .rows = sequence.rows, .dim = dim};
    const flex::Extents kv_shape{.heads = static_cast<flex::Index>(kv_heads), .rows = tokens, .dim = dim};
    const float* k = gathered_k_.data();
    const float* v = gathered_v_.data();
    const float* q = queries_.data() + sequence.q_row * heads * d;
    const PackedTensors tensors{flex::token_major(q, q_shape), flex::token_major(k, kv_shape),
                                flex::token_major(v, kv_shape),
                                flex::token_major(attended_.data() + sequence.row * heads * d, q_shape)};
    attend_all(sequence, tensors, pool_);
    if (sequence.fusion != nullptr &&
        (sequence.fusion->temperature != 1.0F || sequence.fusion->scale != 1.0F))
      attend_calibrated(sequence, tensors, pool_);
  }
}

template void CpuBackend<float>::attend_packed(std::int64_t, CpuKvStore<float>&, const AttentionPlan&);
template void CpuBackend<core::bf16>::attend_packed(std::int64_t, CpuKvStore<core::bf16>&,
                                                    const AttentionPlan&);

}  // namespace chorus::model::cpu
