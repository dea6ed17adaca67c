#include "engine/batch_builder.h"

#include <algorithm>
#include <utility>

namespace chorus::engine {

flex::Index TileDraft::variant(std::int32_t origin) {
  const auto found = std::find(variant_origins.begin(), variant_origins.end(), origin);
  if (found != variant_origins.end()) return static_cast<flex::Index>(found - variant_origins.begin());
  variant_origins.push_back(origin);
  return static_cast<flex::Index>(variant_origins.size() - 1);
}

std::int32_t BatchBuilder::add_row(flex::RowKind kind, text::TokenId id, model::KeyPlace key) {
  Kind& rows = of(kind);
  rows.ids.push_back(id);
  rows.keys.push_back(key);
  return static_cast<std::int32_t>(rows.ids.size() - 1);
}

void BatchBuilder::add_tile(flex::RowKind kind, TileDraft tile) {
  of(kind).tiles.push_back(std::move(tile));
}

void BatchBuilder::add_packed(model::PackedSequence sequence, std::vector<std::int32_t> positions) {
  packed_.emplace_back(sequence, std::move(positions));
}

std::int32_t BatchBuilder::final_row(flex::RowKind kind, std::int32_t row) const {
  const model::Rows prefill{.prefill = static_cast<std::int64_t>(prefill_.ids.size()), .decode = 0};
  return kind == flex::RowKind::decode ? static_cast<std::int32_t>(prefill.decode_begin()) + row : row;
}

model::Batch BatchBuilder::finish(std::int32_t share_states) {
  model::Batch batch;
  batch.rows = {.prefill = rows(flex::RowKind::prefill), .decode = rows(flex::RowKind::decode)};
  const auto total = static_cast<std::size_t>(batch.rows.total());
  batch.ids.assign(total, -1);
  model::AttentionPlan& plan = batch.plan;
  plan.keys.assign(total, {});
  plan.share_states = share_states;
  for (const auto kind : {flex::RowKind::prefill, flex::RowKind::decode}) {
    const Kind& added = of(kind);
    const std::int32_t base = final_row(kind, 0);
    std::copy(added.ids.begin(), added.ids.end(), batch.ids.begin() + base);
    std::copy(added.keys.begin(), added.keys.end(), plan.keys.begin() + base);
    for (const TileDraft& draft : added.tiles) {
      flex::SpanTile tile;
      tile.row = base + draft.row;
      tile.rows = draft.rows;
      tile.q_row = static_cast<std::int64_t>(plan.queries.size());
      tile.spans = draft.spans;
      tile.causal_first = draft.causal_first;
      tile.states = draft.states;
      tile.joint_scale = draft.joint_scale;
      tile.share = draft.states > 1;
      tile.kind = kind;
      for (const std::int32_t origin : draft.variant_origins)
        for (std::int32_t r = 0; r < draft.rows; ++r)
          plan.queries.push_back({tile.row + r, draft.row_positions[static_cast<std::size_t>(r)] - origin});
      plan.tiles.push_back(tile);
    }
  }
  for (const auto& [draft, positions] : packed_) {
    model::PackedSequence sequence = draft;
    sequence.row = final_row(sequence.kind, sequence.row);
    sequence.q_row = static_cast<std::int64_t>(plan.queries.size());
    for (std::int32_t r = 0; r < sequence.rows; ++r)
      plan.queries.push_back({sequence.row + r, positions[static_cast<std::size_t>(r)]});
    plan.sequences.push_back(sequence);
  }
  return batch;
}

}  // namespace chorus::engine
