#include "flex/spans.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/dtype.h"
#include "flex/spans_check.h"

namespace chorus::flex {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

template <class T>
float dot(const float* q, const T* k, Index dim) {
  float part[8] = {};
  for (Index d = 0; d < dim; d += 8)
    for (Index i = 0; i < 8; ++i) part[i] += q[d + i] * static_cast<float>(k[d + i]);
  return ((part[0] + part[4]) + (part[1] + part[5])) + ((part[2] + part[6]) + (part[3] + part[7]));
}

template <class T>
class RowPass {
 public:
  RowPass(const SpanProblem<T>& p, const SpanTile& tile)
      : p_(p),
        tile_(tile),
        max_(count(tile.states)),
        sum_(count(tile.states)),
        acc_(count(tile.states * p.pages.head_dim)) {}

  void run(Index row, Index head) {
    std::fill(max_.begin(), max_.end(), kMinusInfinity);
    std::fill(sum_.begin(), sum_.end(), 0.0F);
    std::fill(acc_.begin(), acc_.end(), 0.0F);
    const KvSpan* last = nullptr;
    Index block = 0;
    for (const KvSpan& span : tile_.spans) {
      for (Index slot = span.begin; slot < span.end; ++slot) {
        const Index logical = span.logical_first + (slot - span.begin);
        if (last == nullptr || last->segment != span.segment || logical / kSpanBlock != block) flush(last);
        last = &span;
        block = logical / kSpanBlock;
        add(span, slot, logical, row, head);
      }
    }
    flush(last);
    finish(row, head);
  }

 private:
  static std::size_t count(Index n) { return static_cast<std::size_t>(n); }

  void add(const KvSpan& span, Index slot, Index logical, Index row, Index head) {
    if (span.causal && logical > tile_.causal_first + row) return;
    const KvPages<T>& pages = p_.pages;
    const Index dim = pages.head_dim, kv_head = head / (p_.q_heads / pages.kv_heads);
    const std::int64_t page = span.pages[count(slot / pages.page_tokens)];
    const std::int64_t at =
        ((page * pages.kv_heads + kv_head) * pages.page_tokens + slot % pages.page_tokens) * dim;
    const float* q =
        p_.q + ((tile_.q_row + std::int64_t{span.variant} * tile_.rows + row) * p_.q_heads + head) * dim;
    scores_[keys_] = dot(q, pages.k + at, dim) * (p_.scale * span.score_scale) + span.score_bias;
    values_[keys_++] = pages.v + at;
  }

  void flush(const KvSpan* span) {
    const std::size_t keys = std::exchange(keys_, 0);
    if (keys == 0) return;
    const float top = *std::max_element(scores_, scores_ + keys);
    if (top == kMinusInfinity) return;
    const auto s = count(span->state), dim = count(p_.pages.head_dim);
    const float max = std::max(max_[s], top), keep = std::exp(max_[s] - max);
    float* acc = acc_.data() + s * dim;
    max_[s] = max;
    sum_[s] *= keep;
    for (std::size_t d = 0; d < dim; ++d) acc[d] *= keep;
    for (std::size_t i = 0; i < keys; ++i) {
      const float weight = std::exp(scores_[i] - max);
      sum_[s] += weight;
      for (std::size_t d = 0; d < dim; ++d) acc[d] += weight * static_cast<float>(values_[i][d]);
    }
  }

  void finish(Index row, Index head) {
    const auto states = count(tile_.states), dim = count(p_.pages.head_dim);
    const std::int64_t at = std::int64_t{tile_.row + row} * p_.q_heads + head;
    float* out = p_.out + at * p_.pages.head_dim;
    std::fill(out, out + dim, 0.0F);
    float top = kMinusInfinity, total = 0;
    for (std::size_t s = 0; s < states; ++s) {
      if (sum_[s] > 0)
        max_[s] = (max_[s] + std::log(sum_[s])) * (tile_.lse_scale.empty() ? 1.0F : tile_.lse_scale[s]);
      top = std::max(top, max_[s]);
    }
    for (std::size_t s = 0; s < states; ++s) total += sum_[s] > 0 ? std::exp(max_[s] - top) : 0;
    for (std::size_t s = 0; s < count(p_.share != nullptr ? p_.share_states : tile_.states); ++s) {
      const float weight = s < states && sum_[s] > 0 ? std::exp(max_[s] - top) / total : 0.0F;
      if (p_.share != nullptr) p_.share[at * p_.share_states + static_cast<std::int64_t>(s)] = weight;
      if (weight > 0)
        for (std::size_t d = 0; d < dim; ++d) out[d] += weight / sum_[s] * acc_[s * dim + d];
    }
  }

  const SpanProblem<T>& p_;
  const SpanTile& tile_;
  std::vector<float> max_, sum_, acc_;
  float scores_[kSpanBlock] = {};
  const T* values_[kSpanBlock] = {};
  std::size_t keys_ = 0;
};

}  // namespace

template <class T>
void attention_spans(const SpanProblem<T>& problem, core::ThreadPool& pool) {
  check_problem(problem);
  const auto tiles = static_cast<std::int64_t>(problem.tiles.size());
  pool.parallel_for(tiles * problem.q_heads, [&](std::int64_t item, int) {
    const SpanTile& tile = problem.tiles[static_cast<std::size_t>(item / problem.q_heads)];
    RowPass<T> pass(problem, tile);
    for (Index row = 0; row < tile.rows; ++row) pass.run(row, static_cast<Index>(item % problem.q_heads));
  });
}

template void attention_spans<float>(const SpanProblem<float>&, core::ThreadPool&);
template void attention_spans<core::bf16>(const SpanProblem<core::bf16>&, core::ThreadPool&);

}  // namespace chorus::flex
