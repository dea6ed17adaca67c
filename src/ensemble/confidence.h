// How sure the model is of its answer to each phrasing: the share of sampled answers that match the greedy one.
//
//   ConfidenceRun run({.run = options, .samples = 100}, dataset, tokenizer, stop_ids);
//   run.run(engine, samples, {.rows = [&](std::size_t sample, std::vector<data::Json> rows) { ... }});
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/sampler.h"
#include "ensemble/experiment.h"

namespace chorus::ensemble {

struct ConfidenceOptions {
  RunOptions run;  // phrasings, prompt, stop rules, prediction; its method is not looked at
  int samples = 100;
  engine::SamplingOptions sampling;
  std::uint64_t seed = 0;
};

/// The share of `sampled` that holds the lemmas of `greedy` as one run or is held by them so; an answer without words matches
/// nothing.
double agreement(const std::string& greedy, std::span<const std::string> sampled);

/// Answers each phrasing greedily and `samples` times by sampling; all of them share the prompt's keys and values. A draw
/// depends on the seed, the question's id, the phrasing's number and the draw's alone.
class ConfidenceRun {
 public:
  /// The data set and the tokenizer must outlive the run. Throws Error(usage) for options that do not fit.
  ConfidenceRun(ConfidenceOptions options, const data::Dataset& dataset, const text::Tokenizer& tokenizer,
                std::vector<text::TokenId> stop_ids);

  /// As Experiment::run; one row per phrasing, of the result schema `confidence`.
  void run(engine::Engine& engine, std::span<const std::size_t> samples, const RunEvents& events) const;

 private:
  std::vector<engine::Request> requests(std::size_t sample) const;
  std::vector<data::Json> rows(std::size_t sample, std::span<const engine::Result> results) const;

  ConfidenceOptions options_;
  const data::Dataset& dataset_;
  const text::Tokenizer& tokenizer_;
  Experiment experiment_;  // the greedy answers
};

}  // namespace chorus::ensemble
