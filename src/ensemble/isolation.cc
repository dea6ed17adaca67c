#include "ensemble/isolation.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <set>
#include <utility>

#include "core/error.h"
#include "engine/engine.h"
#include "flex/mods/segment_relation.h"

namespace chorus::ensemble {
namespace {

/// [layer]: key and value of all heads, for each token before the free rows.
using Keys = std::vector<std::vector<std::vector<float>>>;

/// Room for this prompt alone, each of its segments in pages of its own.
engine::EngineOptions room_for(model::Decoder& decoder, const engine::Prompt& prompt) {
  engine::EngineOptions options;
  const auto pages =
      static_cast<std::size_t>(prompt.size() / options.page_tokens) + engine::runs_of(prompt).size() + 4;
  options.kv_memory = pages * decoder.backend().kv_store(1, options.page_tokens)->page_bytes();
  options.batch_size = 1;
  return options;
}

/// Computed from nothing, in a store that no other prompt has used.
Keys keys_of(model::Decoder& decoder, const engine::Prompt& prompt) {
  engine::Engine engine(decoder, nullptr, room_for(decoder, prompt));
  bool asked = false;
  engine.run(
      [&]() -> std::optional<engine::Request> {
        if (std::exchange(asked, true)) return std::nullopt;
        return engine::Request{.id = "inspection",
                               .prompts = {prompt},
                               .next = std::make_shared<engine::Greedy>(),
                               .stop = {.max_new_tokens = 1}};
      },
      {});
  const auto sequence = engine.sequences().open(prompt, 1);  // finds the segments that were computed
  const model::ModelConfig& config = decoder.config();
  Keys keys;
  for (std::int32_t token = 0; token < prompt.free_from; ++token) {
    const model::KeyPlace place = engine.sequences().place(*sequence, token);
    auto& layers = keys.emplace_back(static_cast<std::size_t>(config.layers));
    for (std::int64_t layer = 0; layer < config.layers; ++layer)
      for (std::int64_t head = 0; head < config.kv_heads; ++head) {
        const auto part = engine.kv().read(layer, place.page, place.slot, head);
        auto& all = layers[static_cast<std::size_t>(layer)];
        all.insert(all.end(), part.begin(), part.end());
      }
  }
  return keys;
}

/// The segments that see `segment`, directly or through others, itself among them.
std::set<std::int32_t> reached_from(const engine::Prompt& prompt, std::int32_t segment) {
  std::set<std::int32_t> reached{segment};
  for (bool grows = true; grows;) {
    grows = false;
    for (const auto& [a, b] : prompt.sees) grows |= reached.contains(b) && reached.insert(a).second;
  }
  return reached;
}

}  // namespace

MaskCheck check_mask(const engine::Prompt& prompt, std::int32_t generated) {
  const flex::SegmentRelation relation(
      {prompt.segment_of.begin(), prompt.segment_of.end()}, prompt.segments,
      std::vector<std::pair<flex::Index, flex::Index>>(prompt.sees.begin(), prompt.sees.end()),
      prompt.free_from);
  const auto mask = relation.mask();
  const std::set<std::pair<std::int32_t, std::int32_t>> sees(prompt.sees.begin(), prompt.sees.end());
  const auto segment = [&](std::int32_t token) { return prompt.segment_of[static_cast<std::size_t>(token)]; };
  MaskCheck check;
  for (std::int32_t q = 0; q < prompt.size() + generated; ++q)
    for (std::int32_t k = 0; k < prompt.size() + generated; ++k) {
      const bool free = q >= prompt.free_from;
      const bool rule =
          q >= k && (free || (segment(q) >= 0 && segment(k) >= 0 &&
                              (segment(q) == segment(k) || sees.contains({segment(q), segment(k)}))));
      ++check.pairs;
      check.allowed += rule ? 1 : 0;
      check.wrong += rule != mask(0, 0, q, k) ? 1 : 0;
    }
  return check;
}

std::vector<ModelCheck> check_model(model::Decoder& decoder, const engine::Prompt& prompt) {
  const Keys before = keys_of(decoder, prompt);
  std::vector<ModelCheck> checks;
  for (const engine::Run& run : engine::runs_of(prompt)) {
    if (run.segment < 0) continue;
    ModelCheck check{.segment = run.segment, .token = run.begin + (run.end - run.begin) / 2};
    engine::Prompt other = prompt;
    auto& id = other.ids[static_cast<std::size_t>(check.token)];
    id = (id + 1) % static_cast<text::TokenId>(decoder.config().vocab);
    const Keys after = keys_of(decoder, other);
    const auto reached = reached_from(prompt, run.segment);
    for (std::int32_t token = 0; token < prompt.free_from; ++token) {
      const auto i = static_cast<std::size_t>(token);
      const bool changed = before[i] != after[i];
      if (token < check.token || !reached.contains(prompt.segment_of[i])) {
        ++check.apart;
        check.leaked += changed ? 1 : 0;
      } else if (token != check.token) {
        check.reached += changed ? 1 : 0;
      }
    }
    checks.push_back(check);
  }
  return checks;
}

std::vector<LayerRange> key_value_ranges(model::Decoder& decoder, const engine::Prompt& prompt) {
  const Keys keys = keys_of(decoder, prompt);
  constexpr float kMost = std::numeric_limits<float>::infinity();
  std::vector<LayerRange> ranges(static_cast<std::size_t>(decoder.config().layers),
                                 {kMost, -kMost, kMost, -kMost});
  const auto dim = static_cast<std::size_t>(decoder.config().head_dim);
  for (const auto& token : keys)
    for (std::size_t layer = 0; layer < ranges.size(); ++layer)
      for (std::size_t i = 0; i < token[layer].size(); ++i) {
        const bool is_key = i / dim % 2 == 0;  // of each head the key, then the value
        float& lowest = is_key ? ranges[layer].lowest_key : ranges[layer].lowest_value;
        float& highest = is_key ? ranges[layer].highest_key : ranges[layer].highest_value;
        lowest = std::min(lowest, token[layer][i]);
        highest = std::max(highest, token[layer][i]);
      }
  return ranges;
}

}  // namespace chorus::ensemble
