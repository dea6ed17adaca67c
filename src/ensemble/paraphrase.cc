#include "ensemble/paraphrase.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <memory>
#include <utility>

#include "core/error.h"
#include "ensemble/sample_run.h"

namespace chorus::ensemble {
namespace {

constexpr std::string_view kInstruction =
    "Paraphrase the following question. Keep the original meaning, but use a different sentence structure "
    "and "
    "vocabulary. Aim to make the paraphrase sound natural and diverse.";
constexpr std::string_view kTemplate = "{instruction}\n\n{examples}Q: {question}\nParaphrase:";

constexpr std::size_t kColumns = 5;
struct WorkedParaphrases {
  std::string_view question;
  std::array<std::string_view, kColumns> paraphrases;
};
// The questions are those of the published scripts, of WebQuestions' training split (CC BY 4.0); their paraphrases here are
// written for this program. One column keeps to one way of asking.
constexpr std::array<WorkedParaphrases, 5> kExamples = {{
    {"who is the governor of hawaii now?",
     {"Which politician currently serves as Hawaii's governor?",
      "The office of governor of Hawaii is held by whom at present?",
      "What is the name of the person who governs Hawaii today?",
      "Who leads the state government of Hawaii these days?",
      "Can you tell me who Hawaii's present governor is?"}},
    {"what was nelson mandela's religion?",
     {"Which faith did Nelson Mandela follow?", "Nelson Mandela was a believer in which religion?",
      "What is the name of the religion that Nelson Mandela belonged to?",
      "To what church or creed did Nelson Mandela adhere?",
      "Can you tell me what religious beliefs Nelson Mandela held?"}},
    {"who played sean in scrubs?",
     {"Which actor appeared as Sean in Scrubs?", "The part of Sean in the series Scrubs was taken by whom?",
      "What is the name of the performer behind the character Sean in Scrubs?",
      "Who was cast in the role of Sean on the show Scrubs?",
      "Can you tell me who portrayed Sean in Scrubs?"}},
    {"what political party was henry clay?",
     {"Which party did Henry Clay represent in politics?",
      "Henry Clay was a member of which political party?",
      "What is the name of the party that Henry Clay belonged to?",
      "To what political camp did Henry Clay count himself?",
      "Can you tell me with which party Henry Clay was affiliated?"}},
    {"who are iran's major trading partners?",
     {"Which countries trade with Iran the most?", "Most of Iran's foreign trade is done with whom?",
      "What are the names of the nations that Iran mainly buys from and sells to?",
      "With whom does Iran do the greater part of its business?",
      "Can you tell me who Iran's most important partners in commerce are?"}},
}};

}  // namespace

data::PromptParts paraphrase_prompt(int index, std::string_view question) {
  const std::size_t column = static_cast<std::size_t>(index) % kColumns;
  std::vector<data::WorkedExample> examples;
  for (const WorkedParaphrases& example : kExamples)
    examples.push_back({.question = std::string(example.question),
                        .answer = std::string(example.paraphrases[column]),
                        .paraphrases = {std::string(example.question)}});
  return data::build_prompt({std::string(kTemplate)}, kInstruction, examples, question);
}

data::Json sample_row(const data::Sample& sample) {
  data::Json row{{"uuid", sample.uuid},
                 {"answers", sample.answers},
                 {"question", sample.paraphrases.front()},
                 {"paraphrases", sample.paraphrases}};
  for (const auto& [column, value] : sample.extra) row[column] = value;
  return row;
}

ParaphraseRun::ParaphraseRun(const ParaphraseOptions& options, const data::Dataset& dataset,
                             const text::Tokenizer& tokenizer, std::vector<text::TokenId> stop_ids)
    : options_(options),
      dataset_(dataset),
      tokenizer_(tokenizer),
      stop_{.ids = std::move(stop_ids), .newline = true, .max_new_tokens = options.max_new_tokens} {
  check(options_.sampling);
  const std::pair<const char*, int> numbers[] = {{"--num-paraphrases", options_.num_paraphrases},
                                                 {"--max-draws", options_.max_draws},
                                                 {"--max-new-tokens", options_.max_new_tokens}};
  for (const auto& [name, value] : numbers)
    if (value < 1) throw Error(ErrorKind::usage, fmt::format("{} {}", name, value), "1 or more", "raise it");
}

std::vector<engine::Request> ParaphraseRun::requests(std::size_t index, const PhrasingDraws& draws) const {
  const data::Sample& sample = dataset_.samples[index];
  std::vector<engine::Request> requests;
  for (const int phrasing : draws.open()) {
    const std::uint64_t key = engine::draw_key(
        options_.seed,
        {sample.uuid, fmt::format("paraphrase {}", phrasing), fmt::format("draw {}", draws.round())});
    requests.push_back(
        {.id = sample.uuid,
         .prompts = {build_single(tokenizer_, paraphrase_prompt(phrasing, sample.paraphrases.front()))},
         .next = std::make_shared<engine::Sampler>(options_.sampling, key),
         .stop = stop_});
  }
  return requests;
}

void ParaphraseRun::take(std::span<const engine::Result> results, PhrasingDraws& draws) const {
  std::vector<PhrasingDraws::Text> texts;
  for (const engine::Result& result : results)
    texts.push_back({.text = predict(tokenizer_.decode(result.tokens), Prediction::first_line),
                     .cut_off = result.stop_reason == engine::StopReason::max_new_tokens});
  draws.take(texts);
}

data::Json ParaphraseRun::row(std::size_t index, const PhrasingDraws& draws) const {
  data::Json row = sample_row(dataset_.samples[index]);
  for (const std::string& phrasing : draws.phrasings()) row["paraphrases"].push_back(phrasing);
  row["paraphrases_drawn"] = draws.counts().drawn;
  row["paraphrases_duplicate"] = draws.counts().duplicates;
  row["paraphrases_empty"] = draws.counts().empties;
  row["paraphrases_cut_off"] = draws.counts().cut_off;
  return row;
}

void ParaphraseRun::run(engine::Engine& engine, std::span<const std::size_t> samples,
                        const RunEvents& events) const {
  std::map<std::size_t, PhrasingDraws> asked;
  run_samples(engine, samples,
              {.open =
                   [&](std::size_t sample) {
                     const PhrasingDraws draws(dataset_.samples[sample].paraphrases, options_.num_paraphrases,
                                               options_.max_draws);
                     return requests(sample, asked.emplace(sample, draws).first->second);
                   },
               .gathered =
                   [&](std::size_t sample, const std::vector<engine::Result>& results) {
                     PhrasingDraws& draws = asked.at(sample);
                     take(results, draws);
                     std::vector<engine::Request> more = requests(sample, draws);
                     if (!more.empty()) return more;
                     events.rows(sample, {row(sample, draws)});
                     asked.erase(sample);
                     return more;
                   },
               .text = {},
               .cancelled = events.cancelled});
}

}  // namespace chorus::ensemble
