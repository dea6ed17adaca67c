#include "engine/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "core/error_context.h"

namespace chorus::engine {

struct Engine::Active {
  Request request;
  Result result;
  std::optional<StopWatch> watch;
  std::vector<std::unique_ptr<Sequence>> sequences;
  std::vector<RowRef> rows;  // of this step, one per sequence
  std::optional<StopReason> stopped;

  /// The step that is being computed, from 1.
  std::string step() const { return fmt::format("step {}", result.tokens.size() + 1); }
};

/// One forward pass, and which of its rows predict whose next token.
struct Engine::Step {
  BatchBuilder builder;  // the batch's spans lie in it
  model::Batch batch;
  std::int32_t states = 0;  // attention states of every row; 0: no shares are asked
  std::vector<std::size_t>
      place;  // of each sequence in the outputs: requests of one prompt may share a first row
  std::vector<std::size_t> begin;  // of each request, in `place`
};

Engine::Engine(model::Decoder& decoder, const text::Tokenizer* tokenizer, EngineOptions options)
    : decoder_(decoder), tokenizer_(tokenizer), options_(options) {
  for (const auto& [value, option] :
       {std::pair{options.batch_size, "requests at once"}, {options.page_tokens, "tokens a page"}})
    if (value < 1)
      throw Error(ErrorKind::usage, fmt::format("{} {}", value, option), "1 or more", "raise it");
  // One page tells what a page costs; the store itself is made for all of them.
  const std::size_t page_bytes = decoder.backend().kv_store(1, options.page_tokens)->page_bytes();
  constexpr auto kMostPages = static_cast<std::size_t>(std::numeric_limits<PageId>::max());
  if (options.kv_memory < page_bytes || options.kv_memory / page_bytes > kMostPages)
    throw Error(ErrorKind::usage, fmt::format("{} bytes for keys and values", options.kv_memory),
                fmt::format("{} or more, in at most {} pages ({} layers, {} tokens a page)", page_bytes,
                            kMostPages, decoder.config().layers, options.page_tokens),
                "correct --kv-memory");
  const auto pages = static_cast<std::int64_t>(options.kv_memory / page_bytes);
  kv_ = decoder.backend().kv_store(pages, options.page_tokens);
  pool_ = std::make_unique<PagePool>(pages, options.page_tokens);
  sequences_ =
      options.execution == Execution::shared ? make_shared_sequences(*pool_) : make_packed_sequences(*pool_);
}

Engine::~Engine() = default;

std::unique_ptr<Engine::Active> Engine::open_request(Request request) {
  auto active = std::make_unique<Active>();
  if (!request.forced.empty())
    request.stop = {.max_new_tokens = static_cast<std::int32_t>(request.forced.size())};
  active->request = std::move(request);
  const Request& r = active->request;
  active->result.index = r.index;
  active->result.id = r.id;
  if (r.prompts.empty())
    throw Error(ErrorKind::data, r.id + ": a request without a prompt", "one or more",
                "check the sample's paraphrases");
  if (r.stop.max_new_tokens < 1)
    throw Error(ErrorKind::usage, fmt::format("{}: {} new tokens", r.id, r.stop.max_new_tokens), "1 or more",
                "raise --max-new-tokens");
  for (const text::TokenId id : r.forced)
    if (id < 0 || id >= decoder_.config().vocab)
      throw Error(ErrorKind::data, fmt::format("{}: forced token {}", r.id, id),
                  fmt::format("0 to {}", decoder_.config().vocab - 1), "check the answer's tokens");
  if (r.stop.newline && tokenizer_ == nullptr)
    throw Error(ErrorKind::usage, r.id + ": an answer that ends at a newline, without a tokenizer",
                "a tokenizer to see newlines with", "give the engine one");
  for (const Prompt& prompt : r.prompts) {
    check(prompt, decoder_.config().vocab);
    const std::int64_t last = std::int64_t{prompt.next_position()} + r.stop.max_new_tokens;
    if (last > decoder_.config().context)
      throw Error(ErrorKind::data,
                  fmt::format("{}: a prompt of {} tokens, positions to {} with the answer", r.id,
                              prompt.size(), last),
                  fmt::format("at most the model's context, {}", decoder_.config().context),
                  "use fewer or shorter paraphrases or worked examples");
    active->result.prompt_tokens += prompt.size();
  }
  active->watch.emplace(r.stop, tokenizer_);
  return active;
}

bool Engine::admit(Active& active) {
  for (const Prompt& prompt : active.request.prompts) {
    auto sequence = sequences_->open(prompt, active.request.stop.max_new_tokens);
    if (!sequence) {
      active.sequences.clear();
      return false;
    }
    active.sequences.push_back(std::move(sequence));
  }
  return true;
}

void Engine::fill(const std::function<std::optional<Request>()>& next) {
  while (active_.size() < static_cast<std::size_t>(options_.batch_size) &&
         sequences_->pending_tokens() < options_.prefill_rows) {
    if (!waiting_) {
      auto request = next();
      if (!request) return;
      waiting_ = open_request(std::move(*request));
    }
    if (!admit(*waiting_)) {
      if (!active_.empty()) return;  // those running will make room
      // Pieces kept from earlier requests cut a segment into more pages than it needs alone.
      sequences_->forget();
      if (!admit(*waiting_))
        throw Error(
            ErrorKind::data,
            fmt::format("{}: {} prompt tokens do not fit {} tokens of key/value memory", waiting_->request.id,
                        waiting_->result.prompt_tokens, pool_->pages() * pool_->page_tokens()),
            "a request that fits", "raise --kv-memory");
    }
    active_.push_back(std::move(waiting_));
  }
}

void Engine::run(const std::function<std::optional<Request>()>& next, const Events& events) {
  try {
    for (;;) {
      if (events.cancelled && events.cancelled()) throw Error(ErrorKind::interrupted, "interrupted", "", "");
      fill(next);
      if (active_.empty()) return;
      step(events);
    }
  } catch (...) {
    active_.clear();
    waiting_.reset();
    throw;
  }
}

void Engine::step(const Events& events) {
  const auto began = std::chrono::steady_clock::now();
  Step step;
  add_rows(step);
  step.batch = step.builder.finish(step.states);
  add_outputs(step);
  choose_all(step, compute(step.batch));
  count(step.batch.rows, std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  for (const auto& active : active_) finish(*active, events);
  std::erase_if(active_, [](const auto& active) { return active->stopped.has_value(); });
}

/// The rows of what is new and of every running sequence, and how many attention states they report.
void Engine::add_rows(Step& step) {
  sequences_->add_shared(step.builder);
  std::int32_t largest = 1;
  bool wants_shares = false;
  for (const auto& active : active_) {
    const bool first = active->rows.empty();
    active->rows.clear();
    for (const auto& sequence : active->sequences)
      active->rows.push_back(
          first ? sequences_->start(*sequence, step.builder)
                : sequences_->advance(*sequence, active->result.tokens.back(), step.builder));
    const Request& r = active->request;
    wants_shares |= r.prompts.size() == 1 && r.prompts[0].paraphrases > 0 && sequences_->has_shares();
    for (const Prompt& prompt : r.prompts) largest = std::max(largest, prompt.paraphrases + 1);
  }
  // Room for the states of every row, of those that report none too.
  step.states = wants_shares ? largest : 0;
}

/// Every row that predicts a token is an output, once.
void Engine::add_outputs(Step& step) const {
  std::unordered_map<std::int32_t, std::size_t> places;
  for (const auto& active : active_) {
    step.begin.push_back(step.place.size());
    for (const RowRef& ref : active->rows) {
      const std::int32_t row = step.builder.final_row(ref.kind, ref.row);
      const auto [found, is_new] = places.emplace(row, step.batch.outputs.size());
      if (is_new) step.batch.outputs.push_back(row);
      step.place.push_back(found->second);
    }
  }
}

void Engine::choose_all(Step& step, const std::vector<std::span<const float>>& computed) {
  std::vector<std::span<const float>> logits;
  for (const std::size_t at : step.place) logits.push_back(computed[at]);
  std::vector<std::exception_ptr> errors(
      active_.size());  // of several the first is told, whatever came first
  decoder_.backend().pool().parallel_for(
      static_cast<std::int64_t>(active_.size()), [&](std::int64_t index, int) {
        const auto i = static_cast<std::size_t>(index);
        Active& active = *active_[i];
        const std::size_t first = step.begin[i];
        try {
          choose(active, std::span(logits).subspan(first, active.rows.size()));
          if (step.states > 0 && active.request.prompts.size() == 1)
            add_share(active, step.batch, step.batch.outputs[step.place[first]]);
        } catch (...) {
          errors[i] = std::current_exception();
        }
      });
  for (std::size_t i = 0; i < active_.size(); ++i)
    if (errors[i]) fail(*active_[i], errors[i], step.batch);
}

void Engine::count(const model::Rows& rows, double seconds) {
  (rows.prefill > 0 ? counters_.prefill_seconds : counters_.decode_seconds) += seconds;
  counters_.prefill_rows += rows.prefill;
  counters_.decode_rows += rows.decode;
  ++counters_.steps;
}

std::vector<std::span<const float>> Engine::compute(model::Batch& batch) {
  try {
    decoder_.forward(batch, *kv_);
    sequences_->computed();
    return decoder_.logits();
  } catch (const Error& error) {
    const Active& first = *active_.front();
    std::set<std::string> others;
    for (const auto& active : active_) others.insert(active->request.id);
    others.erase(first.request.id);
    const std::string batched = others.empty() ? ""
                                               : fmt::format(" (computed with {} other{})", others.size(),
                                                             others.size() > 1 ? "s" : "");
    // got() begins with the operation and the device already
    throw Error(error.kind(),
                fmt::format("{}{}, {}, {}", first.request.id, batched, first.step(), error.got()),
                error.expected(), error.todo());
  }
}

/// No token could be chosen. Where the model's numbers are to blame, the operation that made them is looked for.
void Engine::fail(const Active& active, const std::exception_ptr& error, model::Batch& batch) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    std::string where = active.request.id + ", " + active.step();
    if (known.kind() == ErrorKind::model) {
      try {
        where += ", " + decoder_.place(decoder_.first_not_finite(batch, *kv_));
      } catch (const std::exception&) {  // what went wrong first is what is told
      }
    }
    throw core::in_context(where, known);
  } catch (const std::bad_alloc&) {
    throw core::in_context(active.request.id + ", " + active.step(), core::not_enough_memory());
  }
}

void Engine::choose(Active& active, std::span<const std::span<const float>> logits) const {
  const std::size_t step = active.result.tokens.size();
  const Request& request = active.request;
  const Choice choice = request.forced.empty() ? request.next->choose(logits, step)
                                               : request.next->take(logits, request.forced[step]);
  active.result.tokens.push_back(choice.token);
  active.result.margins.push_back(choice.margin);
  active.result.logprob += choice.logprob;
  active.stopped = active.watch->push(choice.token);
}

void Engine::add_share(Active& active, const model::Batch& batch, std::int32_t row) const {
  const auto paraphrases = static_cast<std::size_t>(active.request.prompts[0].paraphrases);
  if (paraphrases == 0) return;
  const auto states = static_cast<std::size_t>(batch.plan.share_states);
  const auto heads = static_cast<double>(decoder_.config().layers * decoder_.config().heads);
  const double* mass = batch.plan.share.data() + static_cast<std::size_t>(row) * states;
  std::vector<float> share(paraphrases, 0.0F);
  for (std::size_t p = 0; p < paraphrases; ++p) share[p] = static_cast<float>(mass[p + 1] / heads);
  active.result.shares.push_back(std::move(share));
}

void Engine::finish(Active& active, const Events& events) const {
  if (events.text && !active.watch->piece().empty()) events.text(active.request.index, active.watch->piece());
  if (!active.stopped) return;
  active.result.stop_reason = *active.stopped;
  active.sequences.clear();
  if (events.done) events.done(std::move(active.result));
}

}  // namespace chorus::engine
