// Many samples through one engine at once: each asks what it needs, in stages, and is done with the last.
//
//   run_samples(engine, samples, {.open = [&](std::size_t sample) { return requests_of(sample); },
//                                 .gathered = [&](std::size_t sample, auto results) { keep(sample, results); return none; }});
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace chorus::ensemble {

struct SampleRun {
  /// The requests that a sample begins with, at least one.
  std::function<std::vector<engine::Request>(std::size_t sample)> open;
  /// Takes the results of all that was asked last, in its order, and says what to ask next; nothing: the sample is done.
  std::function<std::vector<engine::Request>(std::size_t sample, std::vector<engine::Result> results)>
      gathered;
  /// Optional: text of request `part` of what was asked last, as it is completed.
  std::function<void(std::size_t sample, std::size_t part, const std::string& text)> text;
  std::function<bool()> cancelled;  // optional
};

/// Every sample once. What the functions throw ends the run.
void run_samples(engine::Engine& engine, std::span<const std::size_t> samples, const SampleRun& run);

}  // namespace chorus::ensemble
