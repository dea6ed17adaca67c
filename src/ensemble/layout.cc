#include "ensemble/layout.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "data/python_random.h"
#include "ensemble/sequencer.h"

namespace chorus::ensemble {
namespace {

using text::TokenId;

void add_cue(const LayoutOptions& options, const LayoutTokens& tokens, Sequencer& sequence) {
  if (options.positions == Positions::aligned) sequence.move_past_all();
  sequence.begin_free();
  sequence.add(tokens.cue, -1);
}

engine::Prompt concat(const LayoutOptions& options, const LayoutTokens& tokens) {
  const auto& bos = tokens.bos;
  const bool aligned = options.positions == Positions::aligned;
  const std::vector<std::int32_t> order = order_of(options, tokens.paraphrases.size());
  Sequencer sequence(static_cast<std::int32_t>(order.size()));
  std::int32_t bos_segment = -1;
  if (bos && options.bos_scope == BosScope::all) bos_segment = sequence.add_segment(-1);
  if (bos && (options.bos_scope == BosScope::all || options.bos_scope == BosScope::none))
    sequence.add(*bos, bos_segment);
  const std::int32_t after_bos = sequence.position();
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto& ids = tokens.paraphrases[static_cast<std::size_t>(order[i])];
    const std::int32_t segment = sequence.add_segment(order[i]);
    if (bos_segment >= 0) sequence.sees(segment, bos_segment);
    // With BOS in the first paraphrase alone, the others stand where it has its first token after the BOS.
    if (aligned) sequence.move_to(bos && options.bos_scope == BosScope::first && i > 0 ? 1 : after_bos);
    if (bos && (options.bos_scope == BosScope::own || (options.bos_scope == BosScope::first && i == 0)))
      sequence.add(*bos, segment);
    sequence.add(ids, segment);
    if (i + 1 < order.size())
      sequence.add(tokens.separator, options.separator_scope == SeparatorScope::own ? segment : -1);
  }
  add_cue(options, tokens, sequence);
  return sequence.take();
}

engine::Prompt shared(const LayoutOptions& options, const LayoutTokens& tokens) {
  const auto& bos = tokens.bos;
  const std::vector<std::int32_t> order = order_of(options, tokens.paraphrases.size());
  Sequencer sequence(static_cast<std::int32_t>(order.size()));
  std::int32_t bos_segment = -1;
  if (bos && options.bos_scope == BosScope::all) bos_segment = sequence.add_segment(-1);
  if (bos) sequence.add(*bos, bos_segment);
  const std::int32_t s = sequence.add_segment(-1);
  if (bos_segment >= 0) sequence.sees(s, bos_segment);
  sequence.add(std::span(tokens.paraphrases.front()).first(tokens.shared), s);
  const std::int32_t after_s = sequence.position();
  for (const std::int32_t p : order) {
    const auto& ids = tokens.paraphrases[static_cast<std::size_t>(p)];
    const std::int32_t segment = sequence.add_segment(p);
    sequence.sees(segment, s);
    if (bos_segment >= 0) sequence.sees(segment, bos_segment);
    if (options.positions == Positions::aligned) sequence.move_to(after_s);
    sequence.add(std::span(ids).subspan(tokens.shared), segment);
  }
  add_cue(options, tokens, sequence);
  return sequence.take();
}

/// Everything before the free rows sees all that came earlier. Segments stay, so that attention shares keep their meaning;
/// tokens of no segment become segments of their own.
void make_causal(engine::Prompt& prompt) {
  const std::vector<engine::Run> runs = engine::runs_of(prompt);
  prompt.sees.clear();
  std::vector<std::int32_t> paraphrase_of;
  for (std::int32_t r = 0; r < static_cast<std::int32_t>(runs.size()); ++r) {
    const engine::Run& run = runs[static_cast<std::size_t>(r)];
    paraphrase_of.push_back(run.segment < 0 ? -1
                                            : prompt.paraphrase_of[static_cast<std::size_t>(run.segment)]);
    for (std::int32_t earlier = 0; earlier < r; ++earlier) prompt.sees.emplace_back(r, earlier);
  }
  for (std::int32_t r = 0; r < static_cast<std::int32_t>(runs.size()); ++r)
    for (std::int32_t i = runs[static_cast<std::size_t>(r)].begin; i < runs[static_cast<std::size_t>(r)].end;
         ++i)
      prompt.segment_of[static_cast<std::size_t>(i)] = r;
  prompt.paraphrase_of = std::move(paraphrase_of);
  prompt.segments = static_cast<std::int32_t>(runs.size());
}

}  // namespace

std::vector<std::int32_t> order_of(const LayoutOptions& options, std::size_t n) {
  std::vector<std::int32_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  if (options.order == Order::reversed) std::reverse(order.begin(), order.end());
  if (options.order == Order::seeded) data::PythonRandom(options.order_seed).shuffle(order);
  return order;
}

void calibrate(const LayoutOptions& options, engine::Prompt& prompt) {
  if (options.calibration != Calibration::ape) return;
  prompt.fusion.temperature = options.context_temperature;
  prompt.fusion.scale = options.context_scale;
}

std::int32_t shared_prefix(const text::Tokenizer& tokenizer, std::span<const std::vector<TokenId>> ids,
                           std::size_t prefix_bytes) {
  std::size_t common = ids.front().size();
  for (const auto& other : ids.subspan(1)) {
    const auto differs =
        std::mismatch(ids.front().begin(), ids.front().begin() + static_cast<std::ptrdiff_t>(common),
                      other.begin(), other.end());
    common = static_cast<std::size_t>(differs.first - ids.front().begin());
  }
  std::size_t bytes = 0, within = 0;
  while (within < common) {
    bytes += tokenizer.token_bytes(ids.front()[within]).size();
    if (bytes > prefix_bytes) break;
    ++within;
  }
  return static_cast<std::int32_t>(within);
}

engine::Prompt assemble_layout(const LayoutOptions& options, const LayoutTokens& tokens) {
  engine::Prompt prompt = options.is_concat() ? concat(options, tokens) : shared(options, tokens);
  if (options.is_causal()) make_causal(prompt);
  calibrate(options, prompt);
  return prompt;
}

engine::Prompt build_layout(const LayoutOptions& options, const text::Tokenizer& tokenizer,
                            std::span<const data::PromptParts> parts) {
  LayoutTokens tokens;
  tokens.bos = tokenizer.bos();
  for (const data::PromptParts& part : parts)
    tokens.paraphrases.push_back(
        tokenizer.encode(part.prefix + part.body + (options.cue == Cue::own ? part.cue : "")));
  if (options.cue == Cue::fused) tokens.cue = tokenizer.encode(parts.front().cue);
  if (options.is_concat()) {
    tokens.separator = tokenizer.encode(options.separator);
  } else {
    tokens.shared =
        static_cast<std::size_t>(shared_prefix(tokenizer, tokens.paraphrases, parts.front().prefix.size()));
  }
  return assemble_layout(options, tokens);
}

engine::Prompt build_single(const text::Tokenizer& tokenizer, const data::PromptParts& parts) {
  std::vector<TokenId> ids = tokenizer.encode(parts.complete());
  if (const auto bos = tokenizer.bos()) ids.insert(ids.begin(), *bos);
  return engine::causal_prompt(std::move(ids));
}

}  // namespace chorus::ensemble
