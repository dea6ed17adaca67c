// What a call of attention() may be told beside its tensors and mods, and the checks every implementation shares.
//
//   std::vector<LogSumExp> lse(batch * q_heads * rows);
//   attention(q, k, v, out, {.scale = 0.125F, .lse = lse, .pool = &pool}, causal());
#pragma once

#include <cmath>
#include <optional>
#include <span>

#include "core/threads.h"
#include "flex/block_mask.h"
#include "flex/view.h"

namespace chorus::flex {

struct AttentionOptions {
  std::optional<float> scale{};           // multiplies q.k; 1/sqrt(dim) unless given
  Index q_offset = 0;                     // row r has query index q_offset + r in the mods
  const BlockMask* block_mask = nullptr;  // made from the same mask mod and q_offset
  std::span<LogSumExp> lse{};             // [batch][q_head][row], contiguous; empty: not written
  core::ThreadPool* pool = nullptr;       // null: the calling thread alone
};

/// The scale in force.
inline float scale_of(const AttentionOptions& options, Index dim) {
  return options.scale.value_or(1.0F / std::sqrt(static_cast<float>(dim)));
}

/// Throws Error(usage) unless q, k, v and out fit together: same batch; k and v of the same rows; one head dim for q
/// and k and one for v and out, each a multiple of 8 up to 256; q_heads a multiple of kv heads; lse and block mask of
/// q's shape, kv blocks a multiple of 64.
void check_attention(const Extents& q, const Extents& k, const Extents& v, const Extents& out,
                     const AttentionOptions& options);

}  // namespace chorus::flex
