#include "ensemble/forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "core/error.h"
#include "engine/page_pool.h"
#include "engine/sequences.h"

namespace chorus::ensemble {
namespace {

/// Opens a request's sequences as the engine would, and counts.
void open(const engine::Request& request, engine::PagePool& pool, engine::SequenceStore& store,
          const ForecastOptions& options, Forecast& forecast) {
  std::vector<std::unique_ptr<engine::Sequence>> sequences;
  const std::int32_t answer =
      request.forced.empty() ? request.stop.max_new_tokens : static_cast<std::int32_t>(request.forced.size());
  std::int64_t tails = 0, pages = 0;
  for (const engine::Prompt& prompt : request.prompts) {
    auto sequence = store.open(prompt, answer);
    if (!sequence)
      throw Error(ErrorKind::data,
                  fmt::format("{}: its prompts do not fit {} tokens of key/value memory", request.id,
                              pool.pages() * pool.page_tokens()),
                  "a request that fits", "raise --kv-memory");
    sequences.push_back(std::move(sequence));
    ++forecast.sequences;
    forecast.prompt_tokens += prompt.size();
    forecast.longest_prompt = std::max<std::int64_t>(forecast.longest_prompt, prompt.size());
    tails += prompt.size() - prompt.free_from;
    for (const engine::Run& run : engine::runs_of(prompt)) pages += pool.pages_for(run.end - run.begin);
    pages += pool.pages_for(prompt.size() - prompt.free_from + answer);
  }
  forecast.computed_tokens +=
      options.execution == engine::Execution::shared ? store.pending_tokens() + tails : 0;
  forecast.most_pages = std::max(forecast.most_pages, pages);
  forecast.most_new_tokens += answer;
  store.computed();
}

}  // namespace

Forecast forecast(const Experiment& experiment, std::span<const std::size_t> samples,
                  const ForecastOptions& options) {
  engine::PagePool pool(options.pages, options.page_tokens);
  const auto store = engine::make_shared_sequences(pool);
  Forecast forecast{.questions = samples.size()};
  for (const std::size_t sample : samples) {
    if (options.cancelled && options.cancelled()) throw Error(ErrorKind::interrupted, "interrupted", "", "");
    // The requests live as long as their sequences.
    const std::vector<engine::Request> requests = experiment.all_requests(sample);
    for (const engine::Request& request : requests) open(request, pool, *store, options, forecast);
  }
  if (options.execution == engine::Execution::packed) forecast.computed_tokens = forecast.prompt_tokens;
  return forecast;
}

}  // namespace chorus::ensemble
