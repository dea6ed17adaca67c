// What a call of attention() may be told beside its tensors and mods, and the checks every implementation shares.
//
//   std::vector<LogSumExp> lse(batch * q_heads * rows);
//   attention(q, k, v, out, {.scale = 0.125F, .lse = lse, .pool = &pool}, causal());
#pragma once

#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

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
  core::ThreadPool* pool = nullptr;  // null: the calling thread alone; it serves one call at a time
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

// For check_mods and check_views below.
void check_no_partial(std::int64_t partial_blocks);
void check_data(const char* name, const void* data, const Extents& e);
void check_apart(const char* name, const Extents& e, std::int64_t batch_stride, std::int64_t head_stride,
                 std::int64_t row_stride);
void check_not_input(const void* out, const char* name, const void* input, const Extents& e);

/// Throws Error(usage), its text begun with `where`, unless a block mask of this shape is for these rows, keys, batch and heads.
void check_block_mask(const std::string& where, const BlockMaskShape& m, const Extents& q, const Extents& k,
                      Index q_offset);

/// Throws Error(usage) unless the query heads are a multiple of the kv heads.
void check_heads(const Extents& q, const Extents& k);

/// Throws Error(usage) unless q, k and v are of one batch, k and v of the same heads and rows, q and k of one dim, and the query
/// heads a multiple of theirs, the keys that are wanted a part of those there are: what the reference needs.
void check_reference(const Extents& q, const Extents& k, const Extents& v, const AttentionOptions& options);

/// Throws Error(usage) where mods cannot be those of a call: what they captured is too short for it, or its block mask has
/// partial blocks and no mask mod says what is left of them.
template <MaskMod M, ScoreMod S>
void check_mods(const M& mask_mod, const S& score_mod, const Extents& q, const Extents& k,
                const AttentionOptions& options) {
  const Range keys = keys_of(options, k);
  if (q.rows > 0 && keys.size() > 0) {
    const Reach reach{q.batch, q.heads, options.q_offset + q.rows, keys.end};
    check_reach(mask_mod, reach);
    check_reach(score_mod, reach);
  }
  if constexpr (std::is_same_v<M, AllowAll>)
    if (options.block_mask != nullptr) check_no_partial(options.block_mask->count(BlockKind::partial));
}

/// Throws Error(usage) for a view of elements without data, for an output whose rows lie on one another, and for one that begins
/// where an input does. Any other overlap of out with an input goes unnoticed.
template <class T>
void check_views(const View<const T>& q, const View<const T>& k, const View<const T>& v, const View<T>& out) {
  for (const auto& [name, view] : {std::pair{"q", q}, std::pair{"k", k}, std::pair{"v", v}}) {
    check_data(name, view.data, view.extents);
    check_not_input(out.data, name, view.data, view.extents);
  }
  check_data("out", out.data, out.extents);
  check_apart("out", out.extents, out.batch_stride, out.head_stride, out.row_stride);
}

/// Throws Error(usage) unless q, k, v and out fit together: same batch; k and v of the same rows; one head dim for q
/// and k and one for v and out, each a multiple of 8 up to 256; q_heads a multiple of kv heads; lse and block mask of
/// q's shape, kv blocks a multiple of 64; at most 2^31 - 128 rows and keys.
void check_attention(const Extents& q, const Extents& k, const Extents& v, const Extents& out,
                     const AttentionOptions& options);

}  // namespace chorus::flex
