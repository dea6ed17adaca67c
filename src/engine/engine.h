// Runs many requests through one decoder: packs prefill of new segments and decode of running sequences into one
// batch a step; a request leaves the moment it stops. No result depends on what shares a batch.
//
//   Engine engine(decoder, &tokenizer, {.batch_size = 16});
//   engine.run(next_request, {.done = [&](Result r) { ... }});
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/next_token.h"
#include "engine/prompt.h"
#include "engine/sequences.h"
#include "engine/stop.h"
#include "model/decoder.h"

namespace chorus::engine {

enum class Execution { shared, packed };

struct EngineOptions {
  Execution execution = Execution::shared;
  std::int32_t batch_size = 16;                  // requests that run at once
  std::size_t kv_memory = std::size_t{1} << 30;  // bytes for keys and values
  std::int32_t page_tokens = 16;
  // No request is admitted once a batch has so many prompt tokens to compute.
  std::int64_t prefill_rows = 2048;

  bool operator==(const EngineOptions&) const = default;
};

/// A group of sequences answered in lock step: one prompt for flex, one per paraphrase for output ensembles.
struct Request {
  std::int64_t index = 0;  // the caller's number
  std::string id;          // named in errors
  std::vector<Prompt> prompts;
  std::shared_ptr<const NextToken> next;
  StopRules stop;
  /// Teacher forcing: these tokens are taken one after the other whatever is likely, and end the answer; no stop rule counts.
  std::vector<text::TokenId> forced = {};
};

struct Result {
  std::int64_t index = 0;
  std::string id;
  std::vector<text::TokenId> tokens;
  std::vector<double> margins;  // one per token
  double logprob = 0;
  StopReason stop_reason = StopReason::max_new_tokens;
  std::int64_t prompt_tokens = 0;
  /// [token][paraphrase]: mean over layers and heads of the attention mass of the row that predicts the token; empty
  /// for packed execution and for groups of several sequences.
  std::vector<std::vector<float>> shares;
};

struct Events {
  std::function<void(Result)> done;                                       // in the order requests end
  std::function<void(std::int64_t index, const std::string& text)> text;  // optional: text as it is completed
  std::function<bool()> cancelled;                                        // optional: asked once a step
};

struct EngineCounters {
  std::int64_t prefill_rows = 0, decode_rows = 0, steps = 0;
  double prefill_seconds = 0, decode_seconds = 0;  // steps with prefill rows, steps without
};

class Engine {
 public:
  /// `tokenizer` may be null when no stop rule looks at text and no text is asked for; it and the decoder must outlive the
  /// engine. Throws Error(usage) for options out of range, std::bad_alloc when there is no room for kv_memory.
  Engine(model::Decoder& decoder, const text::Tokenizer* tokenizer, EngineOptions options);
  ~Engine();

  /// Takes requests from `next` until it gives none and all are done; one that gave none is asked again while others run, so
  /// that requests may follow from results. Throws Error(data) for a prompt that cannot fit,
  /// Error(usage) for stop rules that cannot be followed, Error(model) for logits that are not finite, Error(interrupted)
  /// when `cancelled` says so, and what `next` and the events throw. What fails in a step begins with the request's id, the step
  /// from 1, layer, operation and device; of a batch that fails as a whole the first request is named and the others counted,
  /// and numbers that are not finite are placed where the batch first has some.
  /// After any of them the engine can run again.
  void run(const std::function<std::optional<Request>()>& next, const Events& events);

  const EngineCounters& counters() const { return counters_; }
  /// Where keys and values lie, and the keys and values; for tests of isolation and inspection.
  SequenceStore& sequences() { return *sequences_; }
  model::KvStore& kv() { return *kv_; }

 private:
  struct Active;
  struct Step;
  bool admit(Active& active);
  std::unique_ptr<Active> open_request(Request request);
  void fill(const std::function<std::optional<Request>()>& next);
  void step(const Events& events);
  void add_rows(Step& step);
  void add_outputs(Step& step) const;
  void choose_all(Step& step, const std::vector<std::span<const float>>& computed);
  void count(const model::Rows& rows, double seconds);
  std::vector<std::span<const float>> compute(model::Batch& batch);
  [[noreturn]] void fail(const Active& active, const std::exception_ptr& error, model::Batch& batch);
  void choose(Active& active, std::span<const std::span<const float>> logits) const;
  void add_share(Active& active, const model::Batch& batch, std::int32_t row) const;
  void finish(Active& active, const Events& events) const;

  model::Decoder& decoder_;
  const text::Tokenizer* tokenizer_;
  EngineOptions options_;
  std::unique_ptr<model::KvStore> kv_;
  std::unique_ptr<PagePool> pool_;
  std::unique_ptr<SequenceStore> sequences_;
  std::vector<std::unique_ptr<Active>> active_;
  std::unique_ptr<Active> waiting_;  // the next request, as long as there is no room for it
  EngineCounters counters_;
};

}  // namespace chorus::engine
