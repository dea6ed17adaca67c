// Attention in double precision, one plain loop over every pair: what each kernel answers to.
//
//   const ReferenceResult want = reference_attention<float>(q, k, v, {}, causal(), soft_cap(20));
//   const double first = want.out[0];   // [batch][q_head][row][dim]
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "flex/options.h"

namespace chorus::flex {

struct ReferenceResult {
  std::vector<double> out;  // [batch][q_head][row][dim of v]; 0 for a row that sees nothing
  std::vector<double> lse;  // [batch][q_head][row], natural log; minus infinity for a row that sees nothing
  std::vector<double>
      key_probabilities;  // [batch][q_head][key]: summed over the rows; 0 outside the options' keys
};

/// Of the options scale, q_offset and keys are used. A score mod sees the score rounded to float. Throws Error(usage) for tensors
/// that do not fit together (any dim will do) and for mods that captured too little.
template <class T, MaskMod M = AllowAll, ScoreMod S = KeepScore>
ReferenceResult reference_attention(View<const T> q, View<const T> k, View<const T> v,
                                    const AttentionOptions& options = {}, const M& mask_mod = {},
                                    const S& score_mod = {}) {
  constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();
  const Extents e = q.extents;
  check_reference(e, k.extents, v.extents, options);
  check_mods(mask_mod, score_mod, e, k.extents, {.q_offset = options.q_offset, .keys = options.keys});
  ReferenceResult result;
  const Range keys = keys_of(options, k.extents);
  const auto all_keys = static_cast<std::size_t>(k.extents.rows);
  result.key_probabilities.resize(static_cast<std::size_t>(e.batch * e.heads) * all_keys);
  std::vector<double> scores(all_keys), acc(static_cast<std::size_t>(v.extents.dim));
  for (Index b = 0; b < e.batch; ++b) {
    for (Index h = 0; h < e.heads; ++h) {
      const Index kv_head = h / (e.heads / k.extents.heads);
      for (Index r = 0; r < e.rows; ++r) {
        const Index i = options.q_offset + r;
        double max = kMinusInfinity, sum = 0;
        for (Index j = keys.begin; j < keys.end; ++j) {
          scores[static_cast<std::size_t>(j)] = kMinusInfinity;
          if (!mask_mod(b, h, i, j)) continue;
          double dot = 0;
          for (Index d = 0; d < e.dim; ++d)
            dot += double{static_cast<float>(q.row(b, h, r)[d])} *
                   double{static_cast<float>(k.row(b, kv_head, j)[d])};
          double score = dot * double{scale_of(options, e.dim)};
          if constexpr (!std::is_same_v<S, KeepScore>)
            score = double{score_mod(static_cast<float>(score), b, h, i, j)};
          scores[static_cast<std::size_t>(j)] = score;
          if (score > max || std::isnan(score)) max = score;  // NaN stays: it is not "sees nothing"
        }
        acc.assign(acc.size(), 0.0);
        for (Index j = keys.begin; j < keys.end && max != kMinusInfinity; ++j) {
          const double weight = std::exp(scores[static_cast<std::size_t>(j)] - max);
          sum += weight;
          for (std::size_t d = 0; d < acc.size(); ++d)
            acc[d] += weight * double{static_cast<float>(v.row(b, kv_head, j)[d])};
        }
        for (const double value : acc) result.out.push_back(sum == 0 ? 0.0 : value / sum);
        result.lse.push_back(sum == 0 ? kMinusInfinity : max + std::log(sum));
        double* probabilities =
            result.key_probabilities.data() + static_cast<std::size_t>(b * e.heads + h) * all_keys;
        for (Index j = keys.begin; j < keys.end && sum != 0; ++j)
          probabilities[j] += std::exp(scores[static_cast<std::size_t>(j)] - max) / sum;
      }
    }
  }
  return result;
}

}  // namespace chorus::flex
