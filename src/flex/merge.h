// Attention over parts of the keys, put together: each part's output and log-sum-exp are all that is needed.
//
//   attention(q, k, v, left, {.keys = Range{0, 4096}, .lse = left_lse}, causal());
//   attention(q, k, v, right, {.keys = Range{4096, n}, .lse = right_lse}, causal());
//   const std::array halves{AttentionPart{left, left_lse}, AttentionPart{right, right_lse}};
//   merge_parts<float>(halves, out, lse);
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "core/error.h"
#include "flex/view.h"

namespace chorus::flex {

struct AttentionPart {
  View<const float> out;           // normalised
  std::span<const LogSumExp> lse;  // [batch][head][row]
};

/// out = sum of weight * part over the parts, weight = exp(part's lse - lse of all), added in the order given: the same
/// bits every time, and the same as one part's where no other sees anything. A row that no part sees anything of has output 0
/// and LSE minus infinity. `lse` is [batch][head][row], or empty. Parts may not overlap out. Throws Error(usage) where
/// shapes differ.
template <class T>
void merge_parts(std::span<const AttentionPart> parts, View<T> out, std::span<LogSumExp> lse = {}) {
  const Extents e = out.extents;
  const auto rows = static_cast<std::size_t>(e.batch) * static_cast<std::size_t>(e.heads) *
                    static_cast<std::size_t>(e.rows);
  bool fits = lse.empty() || lse.size() == rows;
  for (const AttentionPart& part : parts) fits = fits && part.out.extents == e && part.lse.size() == rows;
  if (!fits)
    throw Error(ErrorKind::usage, "merge_parts: shapes that differ", "parts, out and lse of one shape", "");

  constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();
  std::vector<float> weights(parts.size()), sum(static_cast<std::size_t>(e.dim));
  std::size_t row = 0;
  for (Index b = 0; b < e.batch; ++b)
    for (Index h = 0; h < e.heads; ++h)
      for (Index r = 0; r < e.rows; ++r, ++row) {
        float top = kMinusInfinity, total = 0;
        for (const AttentionPart& part : parts) top = std::max(top, part.lse[row].value);
        for (std::size_t i = 0; i < parts.size(); ++i) {
          const float part = parts[i].lse[row].value;  // NaN stays NaN: it is not "sees nothing"
          weights[i] = part == kMinusInfinity ? 0.0F : std::exp(part - top);
          total += weights[i];
        }
        std::fill(sum.begin(), sum.end(), 0.0F);
        for (std::size_t i = 0; i < parts.size(); ++i) {
          if (weights[i] == 0.0F) continue;
          const float weight = weights[i] / total;
          const float* from = parts[i].out.row(b, h, r);
          for (std::size_t d = 0; d < sum.size(); ++d) sum[d] += weight * from[d];
        }
        T* to = out.row(b, h, r);
        for (std::size_t d = 0; d < sum.size(); ++d) {
          if constexpr (std::is_same_v<T, float>)
            to[d] = sum[d];
          else
            to[d] = T::from_float(sum[d]);
        }
        if (!lse.empty()) lse[row] = {total == 0.0F ? kMinusInfinity : top + std::log(total)};
      }
}

}  // namespace chorus::flex
