#include <cmath>
#include <limits>
#include <vector>

#include "core/dtype.h"
#include "flex/spans.h"
#include "flex/spans_check.h"

namespace chorus::flex {
namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

struct ScoredKey {
  Index state;
  double score;
  std::int64_t offset;  // of the key's first element in pages.v
};

template <class T>
std::int64_t key_offset(const KvPages<T>& pages, const KvSpan& span, Index slot, Index kv_head) {
  const auto page = span.pages[static_cast<std::size_t>(slot / pages.page_tokens)];
  const auto key =
      (std::int64_t{page} * pages.kv_heads + kv_head) * pages.page_tokens + slot % pages.page_tokens;
  return key * pages.head_dim;
}

template <class T>
std::vector<ScoredKey> score_keys(const SpanProblem<T>& p, const SpanTile& tile, Index row, Index head) {
  const KvPages<T>& pages = p.pages;
  const Index kv_head = head / (p.q_heads / pages.kv_heads);
  std::vector<ScoredKey> keys;
  for (const KvSpan& span : tile.spans) {
    const float* q = p.q + ((tile.q_row + std::int64_t{span.variant} * tile.rows + row) * p.q_heads + head) *
                               pages.head_dim;
    for (Index slot = span.begin; slot < span.end; ++slot) {
      if (span.causal && span.logical_first + (slot - span.begin) > std::int64_t{tile.causal_first} + row)
        break;
      const std::int64_t offset = key_offset(pages, span, slot, kv_head);
      double dot = 0;
      for (Index d = 0; d < pages.head_dim; ++d)
        dot += double{q[d]} * double{static_cast<float>(pages.k[offset + d])};
      const double score = dot * double{p.scale} * double{span.score_scale} + double{span.score_bias};
      if (score != kMinusInfinity) keys.push_back({span.state, score, offset});
    }
  }
  return keys;
}

template <class T>
void reference_row(const SpanProblem<T>& p, const SpanTile& tile, Index row, Index head) {
  const auto states = static_cast<std::size_t>(tile.states);
  const auto dim = static_cast<std::size_t>(p.pages.head_dim);
  const std::vector<ScoredKey> keys = score_keys(p, tile, row, head);
  std::vector<double> max(states, kMinusInfinity), sum(states, 0), lse(states, kMinusInfinity),
      acc(states * dim, 0);
  for (const ScoredKey& key : keys)
    max[static_cast<std::size_t>(key.state)] = std::max(max[static_cast<std::size_t>(key.state)], key.score);
  for (const ScoredKey& key : keys) {
    const auto s = static_cast<std::size_t>(key.state);
    const double weight = std::exp(key.score - max[s]);
    sum[s] += weight;
    for (std::size_t d = 0; d < dim; ++d)
      acc[s * dim + d] +=
          weight * double{static_cast<float>(p.pages.v[key.offset + static_cast<std::int64_t>(d)])};
  }
  double top = kMinusInfinity, total = 0;
  for (std::size_t s = 0; s < states; ++s) {
    if (sum[s] != 0)
      lse[s] = (max[s] + std::log(sum[s])) * (tile.lse_scale.empty() ? 1.0 : double{tile.lse_scale[s]});
  }
  double joint_top = kMinusInfinity, joint = 0;  // states 1 and up together
  for (std::size_t s = 1; s < states; ++s) joint_top = std::max(joint_top, lse[s]);
  for (std::size_t s = 1; s < states; ++s) joint += sum[s] != 0 ? std::exp(lse[s] - joint_top) : 0;
  for (std::size_t s = 0; s < states; ++s) {
    if (s > 0 && sum[s] != 0) lse[s] += (double{tile.joint_scale} - 1) * (joint_top + std::log(joint));
    top = std::max(top, lse[s]);
  }
  for (std::size_t s = 0; s < states; ++s) total += sum[s] != 0 ? std::exp(lse[s] - top) : 0;
  const std::int64_t at = std::int64_t{tile.row + row} * p.q_heads + head;
  float* out = p.out + at * p.pages.head_dim;
  for (std::size_t d = 0; d < dim; ++d) {
    double value = 0;
    for (std::size_t s = 0; s < states; ++s)
      if (sum[s] != 0) value += std::exp(lse[s] - top) / total * (acc[s * dim + d] / sum[s]);
    out[d] = static_cast<float>(value);
  }
  if (p.share == nullptr || !tile.share) return;
  for (std::size_t s = 0; s < static_cast<std::size_t>(p.share_states); ++s)
    p.share[at * p.share_states + static_cast<std::int64_t>(s)] =
        s < states && sum[s] != 0 ? static_cast<float>(std::exp(lse[s] - top) / total) : 0.0F;
}

}  // namespace

template <class T>
void attention_spans_reference(const SpanProblem<T>& problem) {
  check_problem(problem);
  for (const SpanTile& tile : problem.tiles)
    for (Index row = 0; row < tile.rows; ++row)
      for (Index head = 0; head < problem.q_heads; ++head) reference_row(problem, tile, row, head);
}

template void attention_spans_reference<float>(const SpanProblem<float>&);
template void attention_spans_reference<core::bf16>(const SpanProblem<core::bf16>&);
template void attention_spans_reference<core::f16>(const SpanProblem<core::f16>&);

}  // namespace chorus::flex
