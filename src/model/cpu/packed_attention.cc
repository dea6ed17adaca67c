// Attention of packed execution: the literal sequence under its segment mask. The sequence's keys and values are
// gathered from their pages first: this path is the control, the one that shares is the fast one.
#include "flex/attention.h"
#include "model/cpu/cpu_backend.h"

namespace chorus::model::cpu {
namespace {

template <class T>
void widen(const T* from, std::int64_t count, float* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]);
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
    flex::attention(flex::token_major(q, q_shape), flex::token_major(k, kv_shape),
                    flex::token_major(v, kv_shape),
                    flex::token_major(attended_.data() + sequence.row * heads * d, q_shape),
                    {.q_offset = sequence.first, .pool = &pool_}, sequence.relation->mask());
  }
}

template void CpuBackend<float>::attend_packed(std::int64_t, CpuKvStore<float>&, const AttentionPlan&);
template void CpuBackend<core::bf16>::attend_packed(std::int64_t, CpuKvStore<core::bf16>&,
                                                    const AttentionPlan&);

}  // namespace chorus::model::cpu
