// Weighted fusion: for rows from `free_from` on, a key's segment weighs its attention: log(weight) is added to the score.
//
//   const std::vector<float> log_weight{0.0F, std::log(0.5F), -INFINITY};   // full, half, hidden
//   attention(q, k, v, out, {}, relation.mask(), segment_log_weight(segment_of, log_weight, free_from));
#pragma once

#include <span>

#include "flex/mod.h"

namespace chorus::flex {

/// score + log_weight[segment_of[kv]]; keys of no segment (-1, or past the table) keep their score.
struct SegmentLogWeight {
  const Index* segment_of;
  Index length;
  const float* log_weight;
  Index free_from;
  FLEX_MOD float operator()(float score, Index, Index, Index q, Index kv) const {
    if (q < free_from || kv >= length || segment_of[kv] < 0) return score;
    return score + log_weight[segment_of[kv]];
  }
};

/// Both spans must outlive the call; log_weight has an entry for every segment named.
inline SegmentLogWeight segment_log_weight(std::span<const Index> segment_of,
                                           std::span<const float> log_weight, Index free_from = 0) {
  return {segment_of.data(), static_cast<Index>(segment_of.size()), log_weight.data(), free_from};
}

}  // namespace chorus::flex
