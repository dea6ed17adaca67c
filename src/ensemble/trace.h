// A question answered with its steps kept: what was asked, the logits of every sequence, what was taken.
//
//   const Trace trace = trace_answer(experiment, engine, sample);
//   for (const TracedRequest& request : trace.requests)
//     for (const TracedStep& step : request.steps) show(top_candidates(step.scores, request.probabilities, 5));
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "ensemble/experiment.h"

namespace chorus::ensemble {

struct TracedStep {
  text::TokenId token = 0;                 // that was taken
  std::vector<std::vector<float>> logits;  // [sequence][vocab]
  std::vector<float> scores;               // [vocab]: what the method compares; logits, or probabilities
};

struct TracedRequest {
  std::vector<engine::Prompt> prompts;  // one sequence each, in lock step
  bool probabilities = false;           // of the scores
  std::vector<TracedStep> steps;
};

struct Trace {
  std::vector<TracedRequest> requests;  // that answer: those that only find out confidences are left out
  std::vector<data::Json> rows;         // as a result has them
};

/// Answers the sample as Experiment::run does, and keeps every step.
Trace trace_answer(const Experiment& experiment, engine::Engine& engine, std::size_t sample,
                   const std::function<bool()>& cancelled);
/// The same where these tokens are taken, one after the other, whatever is likely: what the method would say at each of another's
/// steps. Only for methods that ask one request.
Trace trace_forced(const Experiment& experiment, engine::Engine& engine, std::size_t sample,
                   const std::vector<text::TokenId>& tokens, const std::function<bool()>& cancelled);

struct Candidate {
  text::TokenId token = 0;
  double probability = 0;  // under the softmax of the scores, or the scores' own share of their sum
};
/// The `k` with the largest scores, first the largest, of equals the one with the lower id.
std::vector<Candidate> top_candidates(std::span<const float> scores, bool probabilities, std::size_t k);

}  // namespace chorus::ensemble
