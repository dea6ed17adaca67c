// Weighted fusion: for rows from `free_from` on, a key's segment weighs its attention: log(weight) is added to the score.
//
//   const std::vector<float> log_weight{0.0F, std::log(0.5F), -INFINITY};   // full, half, hidden
//   attention(q, k, v, out, {}, relation.mask(), segment_log_weight(segment_of, log_weight, free_from));
#pragma once

#include <span>

#include "flex/captured.h"

namespace chorus::flex {

/// score + log_weight[segment_of[kv]]; keys of no segment (-1, or past the table) keep their score.
struct SegmentLogWeight {
  Captured<Index> segment_of;
  Captured<float> log_weight;
  Index free_from;
  FLEX_MOD constexpr float operator()(float score, Index, Index, Index q, Index kv) const {
    if (q < free_from || kv >= segment_of.size) return score;
    const Index segment = segment_of.at(kv, "segment_log_weight");
    return segment < 0 ? score : score + log_weight.at(segment, "segment_log_weight");
  }
};

/// Both spans must outlive the call; log_weight has an entry for every segment named.
inline SegmentLogWeight segment_log_weight(std::span<const Index> segment_of,
                                           std::span<const float> log_weight, Index free_from = 0) {
  return {segment_of, log_weight, free_from};
}

}  // namespace chorus::flex
