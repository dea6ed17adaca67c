// How far a float kernel may be from the reference, derived from the sizes of what is summed.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "flex/spans.h"

namespace chorus::flex::testing {

/// The largest |got - want| / bound over the problem's outputs and shares; 1 is the limit, NaN anywhere is infinity.
///
/// Rounding errors of a sum of n terms walk at random: sqrt(n) u times the largest partial sum, u = 2^-24. A score's
/// error is then (sqrt(dim) + 4) u S, S = scale * max|q| * max|k| in norms plus the bias, 4 for the roundings of scale
/// and bias. It moves a weight by that relative amount; the exponential adds 8 u, the two sums over n keys sqrt(n) u
/// each. An output is a mean of values of at most max|v|, so its error is at most max|v| times twice the relative
/// error of the weights. lse_scale multiplies the error of the mass; joint_scale j adds |j - 1| times that of the joint mass.
template <class T>
double worst_use_of_bound(const SpanProblem<T>& p, const std::vector<float>& got,
                          const std::vector<float>& want, const std::vector<float>& share,
                          const std::vector<float>& want_share, Index states) {
  const double u = std::ldexp(1.0, -24);
  const auto norm = [](const auto* x, Index dim) {
    double sum = 0;
    for (Index d = 0; d < dim; ++d) sum += std::pow(double{static_cast<float>(x[d])}, 2);
    return std::sqrt(sum);
  };
  double worst = 0;
  for (const SpanTile& tile : p.tiles) {
    double k = 0, v = 0, bias = 0, factor = 0, keys = 0, lse_scale = 1;
    for (const float s : tile.lse_scale) lse_scale = std::max(lse_scale, double{std::abs(s)});
    lse_scale *= 1 + std::abs(double{tile.joint_scale} - 1);
    for (const KvSpan& span : tile.spans) {
      if (std::isinf(span.score_bias)) continue;
      bias = std::max(bias, double{std::abs(span.score_bias)});
      factor = std::max(factor, double{std::abs(span.score_scale * p.scale)});
      keys += span.end - span.begin;
      for (Index slot = span.begin; slot < span.end; ++slot) {
        for (Index h = 0; h < p.pages.kv_heads; ++h) {
          const auto page =
              static_cast<std::int64_t>(span.pages[static_cast<std::size_t>(slot / p.pages.page_tokens)]);
          const auto at = ((page * p.pages.kv_heads + h) * p.pages.page_tokens + slot % p.pages.page_tokens) *
                          p.pages.head_dim;
          k = std::max(k, norm(p.pages.k + at, p.pages.head_dim));
          for (Index d = 0; d < p.pages.head_dim; ++d)
            v = std::max(v, double{std::abs(static_cast<float>(p.pages.v[at + d]))});
        }
      }
    }
    double q = 0;
    for (std::int64_t i = 0; i < 2 * tile.rows * p.q_heads; ++i)
      q = std::max(q, norm(p.q + (tile.q_row * p.q_heads + (i % (std::int64_t{tile.rows} * p.q_heads))) *
                                     p.pages.head_dim,
                           p.pages.head_dim));
    const double score = factor * q * k + bias;
    const double relative =
        2 * lse_scale * ((std::sqrt(p.pages.head_dim) + 4) * u * score + (8 + 2 * std::sqrt(keys)) * u);
    const auto check = [&](const std::vector<float>& a, const std::vector<float>& b, std::int64_t first,
                           std::int64_t count, double size) {
      for (std::int64_t i = first; i < first + count; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const double error = std::abs(double{a[at]} - double{b[at]}),
                     bound = relative * size + std::ldexp(1.0, -120);
        worst = std::max(worst, std::isnan(error) ? INFINITY : error / bound);
      }
    };
    const std::int64_t row = std::int64_t{tile.row} * p.q_heads, rows = std::int64_t{tile.rows} * p.q_heads;
    check(got, want, row * p.pages.head_dim, rows * p.pages.head_dim, v);
    if (states > 0) check(share, want_share, row * states, rows * states, 1.0);
  }
  return worst;
}

}  // namespace chorus::flex::testing
