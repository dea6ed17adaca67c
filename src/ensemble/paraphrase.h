// Phrasings of questions by a model: it reads worked paraphrases, then the question, and writes one on; sampled, so that draws differ.
//
//   ParaphraseRun run({.num_paraphrases = 5}, dataset, tokenizer, stop_ids);
//   run.run(engine, samples, {.rows = [&](std::size_t sample, std::vector<data::Json> rows) { ... }});
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "data/prompt.h"
#include "engine/sampler.h"
#include "ensemble/experiment.h"
#include "ensemble/paraphrase_draws.h"

namespace chorus::ensemble {

/// As the published scripts have them: temperature 1.5, of the 50 likeliest tokens those with 0.9 of the probability, 30 tokens.
struct ParaphraseOptions {
  int num_paraphrases = 5;  // to be made, beside the phrasings a question has
  int max_draws = 10;       // of one phrasing, the first included; then the question has fewer
  engine::SamplingOptions sampling{.temperature = 1.5, .top_k = 50, .top_p = 0.9};
  std::int32_t max_new_tokens = 30;
  std::uint64_t seed = 0;
};

/// The prompt that asks for phrasing `index` (from 0) of a question: an instruction, five worked questions, each with
/// its paraphrase number index modulo 5, and the question. Every index has examples of its own, so that the phrasings differ.
data::PromptParts paraphrase_prompt(int index, std::string_view question);

/// Draws phrasings, and draws again in place of duplicates, empty ones and those that did not end. A draw depends on the
/// seed, the question's id, the phrasing's index and the draw's number alone.
class ParaphraseRun {
 public:
  /// The data set and the tokenizer must outlive the run. Throws Error(usage) for options that do not fit.
  ParaphraseRun(const ParaphraseOptions& options, const data::Dataset& dataset,
                const text::Tokenizer& tokenizer, std::vector<text::TokenId> stop_ids);

  /// As Experiment::run; one row a sample, of the result schema `paraphrases`: its phrasings, then those made.
  void run(engine::Engine& engine, std::span<const std::size_t> samples, const RunEvents& events) const;

 private:
  std::vector<engine::Request> requests(std::size_t sample, const PhrasingDraws& draws) const;
  void take(std::span<const engine::Result> results, PhrasingDraws& draws) const;
  data::Json row(std::size_t sample, const PhrasingDraws& draws) const;

  ParaphraseOptions options_;
  const data::Dataset& dataset_;
  const text::Tokenizer& tokenizer_;
  engine::StopRules stop_;
};

/// One row of a sample as it is: of the result schema `samples`.
data::Json sample_row(const data::Sample& sample);

}  // namespace chorus::ensemble
