// What a run would compute, found out without a model: prompts are made and their sharing is worked out as the engine does it.
//
//   const Forecast f = forecast(experiment, samples, {.pages = 4096});
//   f.prompt_tokens;      // literal: as if every sequence were computed by itself
//   f.computed_tokens;    // what shared execution computes of them
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "ensemble/experiment.h"

namespace chorus::ensemble {

struct ForecastOptions {
  engine::Execution execution = engine::Execution::shared;
  std::int64_t pages = 4096;      // of keys and values there are
  std::int32_t page_tokens = 16;  // tokens of one
  std::function<bool()> cancelled = {};
};

struct Forecast {
  std::size_t questions = 0, sequences = 0;
  std::int64_t prompt_tokens = 0;    // of all sequences, as they are read
  std::int64_t computed_tokens = 0;  // of them, those that no other sequence has computed already
  std::int64_t longest_prompt = 0;   // tokens of the longest sequence
  std::int64_t most_pages = 0;       // that one request needs at once: its prompts and its longest answer
  std::int64_t most_new_tokens = 0;  // generated tokens, if every answer is as long as it may be
};

/// Of these samples in this order, one after the other; a batch computes the same tokens as long as there is room for it. Throws Error(data) for a sample that
/// does not fit, Error(interrupted).
Forecast forecast(const Experiment& experiment, std::span<const std::size_t> samples,
                  const ForecastOptions& options);

}  // namespace chorus::ensemble
