#include "ensemble/confidence.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "core/error.h"
#include "ensemble/sample_run.h"
#include "text/lemmas.h"
#include "text/match.h"
#include "text/normalize.h"

namespace chorus::ensemble {
namespace {

RunOptions apart(RunOptions options) {
  options.method = Method::per_prompt;
  options.gold_logprob = false;
  return options;
}

}  // namespace

double agreement(const std::string& greedy, std::span<const std::string> sampled) {
  if (sampled.empty() || text::words(greedy).empty()) return 0;
  const std::vector<std::string> expected = text::lemmas(greedy);
  std::size_t matches = 0;
  for (const std::string& answer : sampled) {
    if (text::words(answer).empty()) continue;
    const std::vector<std::string> lemmas = text::lemmas(answer);
    matches += text::contains_run(expected, lemmas) || text::contains_run(lemmas, expected) ? 1 : 0;
  }
  return static_cast<double>(matches) / static_cast<double>(sampled.size());
}

ConfidenceRun::ConfidenceRun(ConfidenceOptions options, const data::Dataset& dataset,
                             const text::Tokenizer& tokenizer, std::vector<text::TokenId> stop_ids)
    : options_(std::move(options)),
      dataset_(dataset),
      tokenizer_(tokenizer),
      experiment_(apart(options_.run), dataset, tokenizer, std::move(stop_ids)) {
  check(options_.sampling);
  if (options_.samples < 1)
    throw Error(ErrorKind::usage, fmt::format("--samples {}", options_.samples), "1 or more", "raise it");
}

std::vector<engine::Request> ConfidenceRun::requests(std::size_t sample) const {
  std::vector<engine::Request> requests;
  std::size_t phrasing = 0;
  for (const engine::Request& greedy : experiment_.requests(sample)) {
    requests.push_back(greedy);
    for (int draw = 0; draw < options_.samples; ++draw) {
      requests.push_back(greedy);
      const std::uint64_t key =
          engine::draw_key(options_.seed, {greedy.id, std::to_string(phrasing), std::to_string(draw)});
      requests.back().next = std::make_shared<engine::Sampler>(options_.sampling, key);
    }
    ++phrasing;
  }
  return requests;
}

std::vector<data::Json> ConfidenceRun::rows(std::size_t index,
                                            std::span<const engine::Result> results) const {
  const data::Sample& sample = dataset_.samples[index];
  const auto each = static_cast<std::size_t>(options_.samples) + 1;
  std::vector<data::Json> rows;
  for (std::size_t p = 0; p < results.size() / each; ++p) {
    std::vector<std::string> answers;
    for (const engine::Result& result : results.subspan(p * each, each))
      answers.push_back(predict(tokenizer_.decode(result.tokens), options_.run.prediction));
    const std::span<const std::string> sampled = std::span(answers).subspan(1);
    data::Json& row = rows.emplace_back();
    row["uuid"] = sample.uuid;
    row["answers"] = sample.answers;
    row["paraphrase"] = sample.paraphrases[p];
    row["paraphrase_index"] = sample.place_of(p);
    row["prompt"] = prompt_of(options_.run, dataset_, sample.paraphrases[p]).complete();
    row["greedy_predict"] = answers.front();
    row["sample_predicts"] = std::vector(sampled.begin(), sampled.end());
    row["confidence"] = agreement(answers.front(), sampled);
    for (const auto& [column, value] : sample.extra) row[column] = value;
  }
  return rows;
}

void ConfidenceRun::run(engine::Engine& engine, std::span<const std::size_t> samples,
                        const RunEvents& events) const {
  run_samples(engine, samples,
              {.open = [&](std::size_t sample) { return requests(sample); },
               .gathered =
                   [&](std::size_t sample, const std::vector<engine::Result>& results) {
                     events.rows(sample, rows(sample, results));
                     return std::vector<engine::Request>();
                   },
               .text = {},
               .cancelled = events.cancelled});
}

}  // namespace chorus::ensemble
