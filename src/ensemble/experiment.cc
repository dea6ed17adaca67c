#include "ensemble/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "core/error.h"
#include "ensemble/spelling.h"

namespace chorus::ensemble {
namespace {

using data::Json;

constexpr std::string_view kSpace = " \t\r\n\v\f";

std::string_view strip(std::string_view text) {
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

constexpr Spelling<Prediction> kPredictions[] = {
    {Prediction::first_line, "first-line"}, {Prediction::first_word, "first-word"}, {Prediction::all, "all"}};

/// Where the results of a sample's requests come together.
struct Gathering {
  std::vector<engine::Result> results;
  std::size_t missing = 0;
};

}  // namespace

std::string_view name(Prediction prediction) {
  return spelled(kPredictions, prediction);
}

Prediction prediction_from(std::string_view text) {
  return parsed(kPredictions, "--prediction", text);
}

std::string predict(std::string_view generation, Prediction prediction) {
  std::string_view text = strip(generation);
  if (prediction == Prediction::all) return std::string(text);
  text = strip(text.substr(0, text.find('\n')));
  if (prediction == Prediction::first_word) text = text.substr(0, text.find_first_of(kSpace));
  return std::string(text);
}

Experiment::Experiment(RunOptions options, const data::Dataset& dataset, const text::Tokenizer& tokenizer,
                       std::vector<text::TokenId> stop_ids)
    : options_(std::move(options)),
      dataset_(dataset),
      tokenizer_(tokenizer),
      next_(next_token(options_.method)) {
  check(options_.layout);
  data::check_template(options_.prompt_template, dataset.examples.size());
  if (options_.num_paraphrases < 1)
    throw Error(ErrorKind::usage, fmt::format("--num-paraphrases {}", options_.num_paraphrases), "1 or more",
                "raise it");
  if (options_.max_new_tokens < 1)
    throw Error(ErrorKind::usage, fmt::format("--max-new-tokens {}", options_.max_new_tokens), "1 or more",
                "raise it");
  stop_ = {.ids = std::move(stop_ids),
           .newline = options_.stop_at_newline,
           .max_new_tokens = options_.max_new_tokens};
}

std::vector<data::PromptParts> Experiment::parts(std::size_t sample) const {
  const auto& paraphrases = dataset_.samples[sample].paraphrases;
  if (paraphrases.empty())
    throw Error(ErrorKind::data, dataset_.samples[sample].uuid + ": no phrasings", "at least one",
                "add one, or leave the sample out");
  const std::size_t wanted =
      options_.method == Method::origin ? 1 : static_cast<std::size_t>(options_.num_paraphrases);
  std::vector<data::PromptParts> parts;
  for (std::size_t p = 0; p < std::min(wanted, paraphrases.size()); ++p)
    parts.push_back(data::build_prompt(options_.prompt_template, dataset_.instruction, dataset_.examples,
                                       paraphrases[p]));
  return parts;
}

std::vector<engine::Request> Experiment::requests(std::size_t sample) const {
  const std::vector<data::PromptParts> prompts = parts(sample);
  std::vector<engine::Request> requests;
  const auto add = [&](std::vector<engine::Prompt> group) {
    requests.push_back(
        {.id = dataset_.samples[sample].uuid, .prompts = std::move(group), .next = next_, .stop = stop_});
  };
  if (options_.method == Method::flex) {
    add({build_layout(options_.layout, tokenizer_, prompts)});
    return requests;
  }
  std::vector<engine::Prompt> group;
  for (const data::PromptParts& prompt : prompts) {
    group.push_back(build_single(tokenizer_, prompt));
    if (options_.method == Method::per_prompt) add(std::exchange(group, {}));
  }
  if (!group.empty()) add(std::move(group));
  return requests;
}

Json Experiment::row(const data::Sample& sample, const engine::Result& result) const {
  const std::string generation = tokenizer_.decode(result.tokens);
  return Json{{"uuid", sample.uuid},
              {"answers", sample.answers},
              {"prediction", predict(generation, options_.prediction)},
              {"generation", generation},
              {"prompt_tokens", result.prompt_tokens},
              {"generated_tokens", result.tokens.size()},
              {"stop_reason", engine::name(result.stop_reason)},
              {"logprob", result.logprob},
              {"attention_mode", options_.method == Method::flex ? name(options_.layout.kind) : "causal"}};
}

std::vector<Json> Experiment::rows(std::size_t index, std::span<const engine::Result> results) const {
  const data::Sample& sample = dataset_.samples[index];
  const std::vector<data::PromptParts> prompts = parts(index);
  std::vector<Json> rows;
  for (std::size_t i = 0; i < results.size(); ++i) {
    Json& json = rows.emplace_back(row(sample, results[i]));
    if (options_.method == Method::origin) {
      json["question"] = sample.paraphrases.front();
      json["prompt"] = prompts.front().complete();
    } else if (options_.method == Method::per_prompt) {
      json["paraphrase"] = sample.paraphrases[i];
      json["paraphrase_index"] = i;
      json["prompt"] = prompts[i].complete();
    } else {
      json["paraphrases"] =
          std::vector(sample.paraphrases.begin(),
                      sample.paraphrases.begin() + static_cast<std::ptrdiff_t>(prompts.size()));
      json["prompts"] = Json::array();
      for (const auto& prompt : prompts) json["prompts"].push_back(prompt.complete());
      json["weights"] = std::vector<float>(prompts.size(), 1.0F / static_cast<float>(prompts.size()));
    }
    if (options_.method == Method::flex) {
      const auto& shares = results[i].shares;
      std::vector<float> mean(shares.empty() ? 0 : prompts.size(), 0.0F);
      for (const auto& share : shares)
        for (std::size_t p = 0; p < mean.size(); ++p) mean[p] += share[p] / static_cast<float>(shares.size());
      json["token_attention_share"] = shares;
      json["attention_share"] = mean;
    }
    for (const auto& [column, value] : sample.extra) json[column] = value;
  }
  return rows;
}

void Experiment::run(engine::Engine& engine, std::span<const std::size_t> samples,
                     const RunEvents& events) const {
  struct Origin {
    std::size_t sample, part;
  };
  std::vector<Origin> origins;  // by request index
  std::map<std::size_t, Gathering> gathering;
  std::deque<engine::Request> queue;
  std::size_t taken = 0;
  const auto next = [&]() -> std::optional<engine::Request> {
    while (queue.empty() && taken < samples.size()) {
      const std::size_t sample = samples[taken++];
      for (engine::Request& request : requests(sample)) {
        request.index = static_cast<std::int64_t>(origins.size());
        origins.push_back({sample, queue.size()});
        queue.push_back(std::move(request));
      }
      gathering[sample] = {std::vector<engine::Result>(queue.size()), queue.size()};
    }
    if (queue.empty()) return std::nullopt;
    engine::Request request = std::move(queue.front());
    queue.pop_front();
    return request;
  };
  engine::Events engine_events;
  engine_events.cancelled = events.cancelled;
  if (events.text)
    engine_events.text = [&](std::int64_t index, const std::string& text) {
      events.text(origins[static_cast<std::size_t>(index)].sample, text);
    };
  engine_events.done = [&](engine::Result result) {
    const Origin origin = origins[static_cast<std::size_t>(result.index)];
    Gathering& gathered = gathering.at(origin.sample);
    gathered.results[origin.part] = std::move(result);
    if (--gathered.missing > 0) return;
    events.rows(origin.sample, rows(origin.sample, gathered.results));
    gathering.erase(origin.sample);
  };
  engine.run(next, engine_events);
}

}  // namespace chorus::ensemble
