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

std::int32_t BatchBuilder::add_row(bool decode, text::TokenId id, model::KeyPlace key) {
  Kind& kind = kinds_[decode];
  kind.ids.push_back(id);
  kind.keys.push_back(key);
  return static_cast<std::int32_t>(kind.ids.size() - 1);
}

void BatchBuilder::add_tile(bool decode, TileDraft tile) {
  kinds_[decode].tiles.push_back(std::move(tile));
}

void BatchBuilder::add_packed(model::PackedSequence sequence, std::vector<std::int32_t> positions) {
  packed_.emplace_back(sequence, std::move(positions));
}

std::int32_t BatchBuilder::final_row(bool decode, std::int32_t row) const {
  const model::Rows prefill{.prefill = static_cast<std::int64_t>(kinds_[0].ids.size()), .decode = 0};
  return decode ? static_cast<std::int32_t>(prefill.decode_begin()) + row : row;
}

model::Batch BatchBuilder::finish(std::int32_t share_states) {
  model::Batch batch;
  batch.rows = {.prefill = rows(false), .decode = rows(true)};
  const auto total = static_cast<std::size_t>(batch.rows.total());
  batch.ids.assign(total, -1);
  model::AttentionPlan& plan = batch.plan;
  plan.keys.assign(total, {});
  plan.share_states = share_states;
  for (const bool decode : {false, true}) {
    const Kind& kind = kinds_[decode];
    const std::int32_t base = final_row(decode, 0);
    std::copy(kind.ids.begin(), kind.ids.end(), batch.ids.begin() + base);
    std::copy(kind.keys.begin(), kind.keys.end(), plan.keys.begin() + base);
    for (const TileDraft& draft : kind.tiles) {
      flex::SpanTile tile;
      tile.row = base + draft.row;
      tile.rows = draft.rows;
      tile.q_row = static_cast<std::int64_t>(plan.queries.size());
      tile.spans = draft.spans;
      tile.causal_first = draft.causal_first;
      tile.states = draft.states;
      tile.joint_scale = draft.joint_scale;
      tile.share = draft.states > 1;
      tile.decode = decode;
      for (const std::int32_t origin : draft.variant_origins)
        for (std::int32_t r = 0; r < draft.rows; ++r)
          plan.queries.push_back({tile.row + r, draft.row_positions[static_cast<std::size_t>(r)] - origin});
      plan.tiles.push_back(tile);
    }
  }
  for (const auto& [draft, positions] : packed_) {
    model::PackedSequence sequence = draft;
    sequence.row = final_row(sequence.decode, sequence.row);
    sequence.q_row = static_cast<std::int64_t>(plan.queries.size());
    for (std::int32_t r = 0; r < sequence.rows; ++r)
      plan.queries.push_back({sequence.row + r, positions[static_cast<std::size_t>(r)]});
    plan.sequences.push_back(sequence);
  }
  return batch;
}

}  // namespace chorus::engine
