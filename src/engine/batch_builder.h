// Puts the rows of one forward pass together: first every prefill row, then every decode row. What shares a batch never
// shows in a row's tile: only its number does.
//
//   const std::int32_t row = builder.add_row(RowKind::decode, token, place);
//   model::Batch batch = builder.finish(0);   // the row is number builder.final_row(RowKind::decode, row) of it
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "flex/spans.h"
#include "model/plan.h"
#include "text/token_id.h"

namespace chorus::engine {

/// Query rows that see the same spans, before row numbers are final.
struct TileDraft {
  std::int32_t row = 0, rows = 0;             // numbers within the kind
  std::vector<std::int32_t> row_positions;    // [rows]: position of each row
  std::vector<std::int32_t> variant_origins;  // [variants]: a variant rotates by position - origin
  std::vector<flex::KvSpan> spans;
  std::int32_t causal_first = 0;
  std::int32_t states = 1;
  float joint_scale = 1;

  /// The variant of this origin, made when it is new.
  flex::Index variant(std::int32_t origin);
};

class BatchBuilder {
 public:
  /// Adds a row of a kind; returns its number within the kind.
  std::int32_t add_row(flex::RowKind kind, text::TokenId id, model::KeyPlace key);
  void add_tile(flex::RowKind kind, TileDraft tile);
  /// The rows of a packed sequence, numbered within their kind, and the position of each; q_row is set by finish().
  void add_packed(model::PackedSequence sequence, std::vector<std::int32_t> positions);

  std::int32_t rows(flex::RowKind kind) const { return static_cast<std::int32_t>(of(kind).ids.size()); }
  /// The batch with final row numbers. The builder must outlive it: the tiles' spans lie in the builder.
  model::Batch finish(std::int32_t share_states);
  /// Final number of a row; valid after finish().
  std::int32_t final_row(flex::RowKind kind, std::int32_t row) const;

 private:
  struct Kind {
    std::vector<text::TokenId> ids;
    std::vector<model::KeyPlace> keys;
    std::vector<TileDraft> tiles;
  };
  Kind& of(flex::RowKind kind) { return kind == flex::RowKind::decode ? decode_ : prefill_; }
  const Kind& of(flex::RowKind kind) const { return kind == flex::RowKind::decode ? decode_ : prefill_; }

  Kind prefill_, decode_;
  std::vector<std::pair<model::PackedSequence, std::vector<std::int32_t>>> packed_;
};

}  // namespace chorus::engine
