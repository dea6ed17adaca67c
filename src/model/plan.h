// What one forward pass computes: token rows, where their keys and values go, and what they attend to.
//
// Rows are of two kinds, and a row's arithmetic depends on its kind alone: prefill rows come first, decode rows start
// at a tile border after them. Row numbers everywhere are of this padded numbering.
//
//   const Rows rows{.prefill = 70, .decode = 3};   // rows.decode_begin() is 128, rows.total() 144
//   Batch batch{.rows = rows, .ids = std::vector<std::int32_t>(144, -1)};
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "flex/mods/segment_relation.h"
#include "flex/spans.h"

namespace chorus::model {

/// Matrix products run in tiles of this many rows, one size for each kind.
inline constexpr std::int64_t kPrefillTile = 64;
inline constexpr std::int64_t kDecodeTile = 16;

/// The padded numbering of a batch's rows: prefill [0, prefill), decode [decode_begin(), decode_begin() + decode).
struct Rows {
  std::int64_t prefill = 0;
  std::int64_t decode = 0;

  std::int64_t decode_begin() const { return round_up(prefill, kPrefillTile); }
  std::int64_t total() const { return decode_begin() + round_up(decode, kDecodeTile); }
  static std::int64_t round_up(std::int64_t n, std::int64_t to) { return (n + to - 1) / to * to; }
};

/// One row's key and value: where they are stored and at which position the key is rotated.
struct KeyPlace {
  std::int32_t page = -1;  // -1: not stored (padding, or a row whose key is there already)
  std::int32_t slot = 0;
  std::int32_t position = 0;  // within its segment under shared execution, in the sequence under packed
};

/// A query vector to make: the query of `row`, rotated by `position` (may be negative).
struct QueryPlace {
  std::int32_t row = 0;
  std::int32_t position = 0;
};

/// How free rows of a packed sequence weigh their context, the keys of paraphrases; engine/prompt.h has the rule.
struct PackedFusion {
  std::vector<std::int32_t> paraphrase_of;  // per key before free_from; -1: not of the context
  std::vector<float> log_weight;            // per paraphrase, added to its scores; empty: none
  std::int32_t free_from = 0;
  float temperature = 1, scale = 1;
};

/// Attention of one packed sequence: the literal sequence, its mask as segments, keys in consecutive slots of `pages`.
struct PackedSequence {
  std::int32_t row = 0, rows = 0;                   // its new rows in this batch
  std::int64_t q_row = 0;                           // their queries: q_row .. q_row + rows
  std::int32_t first = 0;                           // index in the sequence of the first new row
  std::span<const std::int32_t> pages;              // token i is in pages[i / page_tokens]
  const flex::SegmentRelation* relation = nullptr;  // the sequence's mask
  const PackedFusion* fusion = nullptr;             // null: free rows weigh all keys alike
  flex::RowKind kind = flex::RowKind::prefill;
};

/// Everything attention needs in one forward pass. Shared execution fills queries and tiles, packed fills sequences.
struct AttentionPlan {
  std::vector<KeyPlace> keys;       // per row, Rows::total() of them
  std::vector<QueryPlace> queries;  // flex tiles' q_row counts in these
  std::vector<flex::SpanTile> tiles;
  std::vector<PackedSequence> sequences;
  std::int32_t share_states = 0;  // > 0: attention mass per state is summed into `share`
  std::vector<double> share;      // [row][share_states], summed over layers and heads
};

struct Batch {
  Rows rows;
  std::vector<std::int32_t> ids;  // per row; -1 in padding
  AttentionPlan plan;
  std::vector<std::int32_t>
      outputs;  // rows whose logits are asked, in any order, a row more than once if need be
};

}  // namespace chorus::model
