#include "ensemble/trace.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>

namespace chorus::ensemble {
namespace {

/// Passes on everything of another NextToken and keeps what it was asked and what it took.
class Keeper final : public engine::NextToken {
 public:
  Keeper(std::shared_ptr<const engine::NextToken> inner, std::shared_ptr<TracedRequest> kept)
      : inner_(std::move(inner)), kept_(std::move(kept)) {}
  std::span<const float> scores(std::span<const std::span<const float>> logits,
                                std::vector<float>& scratch) const override {
    const auto scores = inner_->scores(logits, scratch);
    TracedStep& step = kept_->steps.emplace_back();
    for (const auto& sequence : logits) step.logits.emplace_back(sequence.begin(), sequence.end());
    step.scores.assign(scores.begin(), scores.end());
    return scores;
  }
  bool probabilities() const override { return inner_->probabilities(); }
  text::TokenId pick(std::span<const float> scores, std::size_t step) const override {
    return inner_->pick(scores, step);
  }
  double logprob(std::span<const std::span<const float>> logits, std::span<const float> scores,
                 text::TokenId token) const override {
    kept_->steps.back().token = token;
    return inner_->logprob(logits, scores, token);
  }

 private:
  std::shared_ptr<const engine::NextToken> inner_;
  std::shared_ptr<TracedRequest> kept_;  // one group's steps come one after the other
};

Trace traced(const Experiment& experiment, engine::Engine& engine, std::size_t sample,
             const std::vector<text::TokenId>* forced, const std::function<bool()>& cancelled) {
  std::vector<std::shared_ptr<TracedRequest>> kept;
  Trace trace;
  RunEvents events;
  events.asked = [&](std::vector<engine::Request>& requests) {
    kept.clear();  // what was asked before only found out confidences
    for (engine::Request& request : requests) {
      kept.push_back(std::make_shared<TracedRequest>());
      kept.back()->prompts = request.prompts;
      kept.back()->probabilities = request.next->probabilities();
      if (forced != nullptr) request.forced = *forced;
      request.next = std::make_shared<Keeper>(request.next, kept.back());
    }
  };
  events.rows = [&](std::size_t, std::vector<data::Json> rows) { trace.rows = std::move(rows); };
  events.cancelled = cancelled;
  experiment.run(engine, {&sample, 1}, events);
  for (const auto& request : kept) trace.requests.push_back(std::move(*request));
  return trace;
}

}  // namespace

Trace trace_answer(const Experiment& experiment, engine::Engine& engine, std::size_t sample,
                   const std::function<bool()>& cancelled) {
  return traced(experiment, engine, sample, nullptr, cancelled);
}

Trace trace_forced(const Experiment& experiment, engine::Engine& engine, std::size_t sample,
                   const std::vector<text::TokenId>& tokens, const std::function<bool()>& cancelled) {
  return traced(experiment, engine, sample, &tokens, cancelled);
}

std::vector<Candidate> top_candidates(std::span<const float> scores, bool probabilities, std::size_t k) {
  std::vector<text::TokenId> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  k = std::min(k, order.size());
  const auto score = [&](text::TokenId token) {
    return static_cast<double>(scores[static_cast<std::size_t>(token)]);
  };
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k), order.end(),
                    [&](text::TokenId a, text::TokenId b) {
                      return score(a) > score(b) || (score(a) == score(b) && a < b);
                    });
  if (k == 0) return {};
  const double top = score(order.front());
  const auto weight = [&](double value) { return probabilities ? value : std::exp(value - top); };
  double sum = 0;
  for (const float value : scores) sum += weight(static_cast<double>(value));
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < k; ++i) candidates.push_back({order[i], weight(score(order[i])) / sum});
  return candidates;
}

}  // namespace chorus::ensemble
