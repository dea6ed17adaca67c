// A prompt as the method defines it: one literal sequence of tokens, its segments, what each sees, its positions.
//
//   Prompt prompt = causal_prompt(tokenizer.encode("Q: What is the capital of France?\nA:"));
//   check(prompt, config.vocab);
//
// The mask is: q >= kv && (q is free || segment(q) == segment(kv) || segment(q) sees segment(kv)), on sequence indices.
// A token of no segment that is not free sees nothing, not even itself. `sees` is used as written, never closed.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "text/token_id.h"

namespace chorus::engine {

/// How free rows weigh what they read of the paraphrases. As it stands here it changes nothing.
struct Fusion {
  /// u_p: log u_p is added to the scaled scores, after the temperature, on every key of paraphrase p; 0 hides it. Empty:
  /// all 1.
  std::vector<float> weights;
  // Adaptive parallel encoding (APE, arXiv 2502.05431): the scaled scores on keys of paraphrases are divided by
  // `temperature`, then the log-sum-exp (natural log) of all of them together is multiplied by `scale`.
  float temperature = 1, scale = 1;

  bool calibrates() const { return temperature != 1.0F || scale != 1.0F; }
};

struct Prompt {
  std::vector<text::TokenId> ids;
  std::vector<std::int32_t> segment_of;  // per token; -1: none
  std::int32_t segments = 0;
  std::vector<std::pair<std::int32_t, std::int32_t>> sees;  // {a, b}: a sees b; own pairs left out
  std::vector<std::int32_t> positions;                      // rotary positions, per token
  std::int32_t free_from = 0;                               // tokens from here on are free rows (a fused cue)
  std::vector<std::int32_t> paraphrase_of;                  // per segment: paraphrase it counts for, or -1
  std::int32_t paraphrases = 0;
  Fusion fusion;

  std::int32_t size() const { return static_cast<std::int32_t>(ids.size()); }
  /// Where generation continues: 1 + the largest position used.
  std::int32_t next_position() const;
};

/// Throws Error(data) when the parts do not fit each other or a token is not in a vocabulary of `vocab` ids.
void check(const Prompt& prompt, std::int64_t vocab);

/// One segment, plain causal attention: a prompt read alone.
Prompt causal_prompt(std::vector<text::TokenId> ids);

/// A maximal run of tokens of one segment (or of none) before free_from, in sequence order.
struct Run {
  std::int32_t segment = -1;
  std::int32_t begin = 0, end = 0;
};
std::vector<Run> runs_of(const Prompt& prompt);

/// [segments][segments], 1 where row sees column; 1 on the diagonal.
std::vector<std::uint8_t> sees_matrix(const Prompt& prompt);

/// log u_p for every paraphrase, minus infinity for a weight of 0; empty when the weights are.
std::vector<float> log_weights(const Fusion& fusion);

}  // namespace chorus::engine
