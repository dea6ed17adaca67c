// What a call of attention() may be told beside its tensors and mods, and the checks every implementation shares.
//
//   std::vector<LogSumExp> lse(batch * q_heads * rows);
//   attention(q, k, v, out, {.scale = 0.125F, .lse = lse, .pool = &pool}, causal());
#pragma once

#include <cmath>
#include <optional>
#include <span>
#include <string>

#include "core/threads.h"
#include "flex/block_mask.h"
#include "flex/view.h"

namespace chorus::flex {

struct AttentionOptions {
  std::optional<float> scale{};           // multiplies q.k; 1/sqrt(dim) unless given
  Index q_offset = 0;                     // row r has query index q_offset + r in the mods
  std::optional<Range> keys{};            // attends to these keys alone; the mods' indices stay as they are
  const BlockMask* block_mask = nullptr;  // made from the same mask mod and q_offset
  std::span<LogSumExp> lse{};             // [batch][q_head][row], contiguous; empty: not written
  // [batch][q_head][key]: the probabilities a key gets, summed over the rows; empty: not written. Costs a second pass over
  // the scores. Of keys outside `keys` nothing is written.
  std::span<float> key_probabilities{};
  // Cuts the keys at multiples of kSpanBlock into so many parts, computed side by side and merged in order: for few rows
  // over many keys. A result depends on this number, not on the pool.
  Index kv_splits = 1;
  core::ThreadPool* pool = nullptr;  // null: the calling thread alone
};

/// The scale in force.
inline float scale_of(const AttentionOptions& options, Index dim) {
  return options.scale.value_or(1.0F / std::sqrt(static_cast<float>(dim)));
}

/// The keys a call attends to.
inline Range keys_of(const AttentionOptions& options, const Extents& k) {
  return options.keys.value_or(Range{0, k.rows});
}

/// How many entries the lse of these queries has.
inline std::size_t lse_entries(const Extents& q) {
  return static_cast<std::size_t>(q.batch) * static_cast<std::size_t>(q.heads) *
         static_cast<std::size_t>(q.rows);
}

/// Throws Error(usage), its text begun with `where`, unless a block mask of this shape is for these rows, keys, batch and heads.
void check_block_mask(const std::string& where, const BlockMaskShape& m, const Extents& q, const Extents& k,
                      Index q_offset);

/// Throws Error(usage) unless q, k, v and out fit together: same batch; k and v of the same rows; one head dim for q
/// and k and one for v and out, each a multiple of 8 up to 256; q_heads a multiple of kv heads; lse and block mask of
/// q's shape, kv blocks a multiple of 64.
void check_attention(const Extents& q, const Extents& k, const Extents& v, const Extents& out,
                     const AttentionOptions& options);

}  // namespace chorus::flex
