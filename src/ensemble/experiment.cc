#include "ensemble/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>

#include "core/error.h"
#include "core/spelling.h"
#include "core/white_space.h"
#include "ensemble/layout_file.h"
#include "ensemble/sample_run.h"
#include "ensemble/vote.h"

namespace chorus::ensemble {
namespace {

using data::Json;

constexpr core::Spelling<Prediction> kPredictions[] = {
    {Prediction::first_line, "first-line"}, {Prediction::first_word, "first-word"}, {Prediction::all, "all"}};

/// ln(mean(exp(values))).
double log_mean_exp(std::span<const double> values) {
  const double top = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (const double value : values) sum += std::exp(value - top);
  return top + std::log(sum / static_cast<double>(values.size()));
}

/// The mean share of each of `paraphrases` over the answer's tokens; empty when none are reported.
std::vector<float> mean_share(const std::vector<std::vector<float>>& shares, std::size_t paraphrases) {
  std::vector<float> mean(shares.empty() ? 0 : paraphrases, 0.0F);
  for (const auto& share : shares)
    for (std::size_t p = 0; p < mean.size(); ++p) mean[p] += share[p] / static_cast<float>(shares.size());
  return mean;
}

}  // namespace

std::string_view name(Prediction prediction) {
  return core::spelled(kPredictions, prediction);
}

Prediction prediction_from(std::string_view text) {
  return core::parsed(kPredictions, "--prediction", text);
}

std::string predict(std::string_view generation, Prediction prediction) {
  std::string_view text = core::trimmed(generation);
  if (prediction == Prediction::all) return std::string(text);
  text = core::trimmed(text.substr(0, text.find('\n')));
  if (prediction == Prediction::first_word) text = text.substr(0, text.find_first_of(core::kWhiteSpace));
  return std::string(text);
}

data::PromptParts prompt_of(const RunOptions& options, const data::Dataset& dataset,
                            std::string_view phrasing) {
  data::PromptParts parts =
      data::build_prompt(options.prompt_template, dataset.instruction, dataset.examples, phrasing);
  if (options.chat) {
    parts.prefix.insert(0, options.chat->head);
    parts.cue = options.chat->tail;
  }
  return parts;
}

Experiment::Experiment(RunOptions options, const data::Dataset& dataset, const text::Tokenizer& tokenizer,
                       std::vector<text::TokenId> stop_ids)
    : options_(std::move(options)), dataset_(dataset), tokenizer_(tokenizer) {
  check(options_.layout);
  data::check_template(options_.prompt_template, dataset.examples.size());
  const bool writes_itself = is_flex(options_.method) && options_.layout.kind == LayoutKind::examples;
  if (writes_itself && (options_.chat || options_.prompt_template.text != data::PromptTemplate{}.text))
    throw Error(
        ErrorKind::usage,
        fmt::format("{} with --layout examples", options_.chat ? "--chat-template" : "--prompt-template"),
        "the usual template: this layout writes 'Q: ...' and 'A:' itself", "leave one of them out");
  const bool cue_of_template =
      options_.layout.kind != LayoutKind::examples && options_.layout.kind != LayoutKind::custom;
  if (is_flex(options_.method) && cue_of_template && options_.layout.cue == Cue::fused &&
      prompt_of(options_, dataset, "").cue.empty())
    throw Error(ErrorKind::usage, "--cue fused with a prompt that ends in the question",
                "text after {question} in --prompt-template, to stand once after all phrasings",
                "add it, or use --cue own");
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

Experiment::Question Experiment::question(std::size_t index) const {
  const data::Sample& sample = dataset_.samples[index];
  if (sample.paraphrases.empty())
    throw Error(ErrorKind::data, sample.uuid + ": no phrasings", "at least one",
                "add one, or leave the sample out");
  const std::size_t wanted =
      options_.method == Method::origin ? 1 : static_cast<std::size_t>(options_.num_paraphrases);
  Question question;
  for (std::size_t p = 0; p < std::min(wanted, sample.paraphrases.size()); ++p)
    question.prompts.push_back(prompt_of(options_, dataset_, sample.paraphrases[p]));
  if (is_weighted(options_.method) && options_.confidences)
    question.confidences = options_.confidences->of(sample, question.prompts.size());
  return question;
}

bool Experiment::asks_confidence(const Question& question) const {
  return is_weighted(options_.method) && question.confidences.empty();
}

std::vector<engine::Request> Experiment::requests(std::size_t sample) const {
  Question q = question(sample);
  return asks_confidence(q) ? confidence_requests(sample, q) : answer_requests(sample, q);
}

std::vector<engine::Request> Experiment::all_requests(std::size_t sample) const {
  Question q = question(sample);
  std::vector<engine::Request> requests;
  if (asks_confidence(q)) {
    requests = confidence_requests(sample, q);
    q.confidences.assign(q.prompts.size(), 1);
  }
  for (engine::Request& request : answer_requests(sample, q)) requests.push_back(std::move(request));
  return requests;
}

std::vector<engine::Request> Experiment::confidence_requests(std::size_t sample,
                                                             const Question& question) const {
  std::vector<engine::Request> requests;
  for (const data::PromptParts& prompt : question.prompts)
    requests.push_back({.id = dataset_.samples[sample].uuid,
                        .prompts = {build_single(tokenizer_, prompt)},
                        .next = next_token(Method::origin),
                        .stop = {.max_new_tokens = 1}});
  return requests;
}

engine::Prompt Experiment::fused_prompt(std::size_t sample, const Question& question) const {
  const std::size_t n = question.prompts.size();
  const LayoutOptions& layout = options_.layout;
  engine::Prompt prompt;
  if (layout.kind == LayoutKind::custom) {
    prompt = layout.file->build(layout, tokenizer_, question.prompts);
  } else if (layout.kind == LayoutKind::examples) {
    prompt = build_examples(layout, tokenizer_,
                            {.instruction = dataset_.instruction,
                             .examples = dataset_.examples,
                             .questions = std::span(dataset_.samples[sample].paraphrases).first(n),
                             .num_phrasings = static_cast<std::size_t>(options_.num_paraphrases)});
  } else {
    prompt = build_layout(layout, tokenizer_, question.prompts);
  }
  if (options_.method == Method::weighted_flex)
    prompt.fusion.weights = relative_weights(question.confidences);
  return prompt;
}

std::vector<engine::Request> Experiment::answer_requests(std::size_t sample, Question& question) const {
  std::vector<engine::Request> requests;
  const auto add = [&](std::vector<engine::Prompt> group, std::vector<float> weights = {}) {
    requests.push_back({.id = dataset_.samples[sample].uuid,
                        .prompts = std::move(group),
                        .next = next_token(options_.method, std::move(weights)),
                        .stop = stop_});
  };
  if (is_flex(options_.method)) {
    add({fused_prompt(sample, question)});
  } else if (options_.method == Method::weighted_max) {
    add({build_single(tokenizer_, question.prompts[most_confident(question.confidences)])});
  } else {
    std::vector<engine::Prompt> group;
    for (const data::PromptParts& prompt : question.prompts) {
      group.push_back(build_single(tokenizer_, prompt));
      if (answers_apart(options_.method)) add(std::exchange(group, {}));
    }
    if (!group.empty()) add(std::move(group), weights(question));
  }
  question.answering = requests.size();
  if (options_.gold_logprob) {
    auto gold = gold_requests(sample, question, requests);
    requests.insert(requests.end(), std::make_move_iterator(gold.begin()),
                    std::make_move_iterator(gold.end()));
  }
  return requests;
}

std::vector<engine::Request> Experiment::gold_requests(std::size_t sample, const Question& question,
                                                       std::span<const engine::Request> answering) const {
  const std::string& cue = question.prompts.front().cue;
  const bool after_space = !cue.empty() && core::kWhiteSpace.find(cue.back()) != std::string_view::npos;
  std::vector<engine::Request> requests;
  for (const engine::Request& request : answering)
    for (const std::string& answer : dataset_.samples[sample].answers) {
      requests.push_back(request);
      requests.back().forced = tokenizer_.encode((after_space ? "" : " ") + answer);
    }
  return requests;
}

std::vector<float> Experiment::weights(const Question& question) const {
  const std::size_t n = question.prompts.size();
  if (options_.method == Method::weighted_max) {
    std::vector<float> one(n, 0.0F);
    one[most_confident(question.confidences)] = 1;
    return one;
  }
  if (is_weighted(options_.method)) return shares(question.confidences);
  return std::vector<float>(n, 1.0F / static_cast<float>(n));
}

Json Experiment::row(const data::Sample& sample, const Question& question,
                     const engine::Result& result) const {
  const std::string generation = tokenizer_.decode(result.tokens);
  Json json{{"uuid", sample.uuid},
            {"answers", sample.answers},
            {"prediction", predict(generation, options_.prediction)},
            {"generation", generation},
            {"prompt_tokens", result.prompt_tokens},
            {"generated_tokens", result.tokens.size()},
            {"stop_reason", engine::name(result.stop_reason)},
            {"logprob", result.logprob},
            {"attention_mode", is_flex(options_.method) ? name(options_.layout.kind) : "causal"}};
  for (const auto& [column, value] : sample.extra) json[column] = value;
  if (options_.method == Method::origin || options_.method == Method::per_prompt) return json;
  const auto n = static_cast<std::ptrdiff_t>(question.prompts.size());
  json["paraphrases"] = std::vector(sample.paraphrases.begin(), sample.paraphrases.begin() + n);
  json["prompts"] = Json::array();
  for (const auto& prompt : question.prompts) json["prompts"].push_back(prompt.complete());
  json["weights"] = weights(question);
  if (!is_flex(options_.method)) return json;
  json["token_attention_share"] = result.shares;
  json["attention_share"] = mean_share(result.shares, question.prompts.size());
  return json;
}

std::vector<Json> Experiment::rows(std::size_t index, const Question& question,
                                   std::span<const engine::Result> results) const {
  const data::Sample& sample = dataset_.samples[index];
  const auto answers = results.first(question.answering);
  std::vector<Json> rows;
  if (options_.method == Method::vote) {
    std::vector<Ballot> ballots;
    std::int64_t prompt_tokens = 0;
    for (const engine::Result& result : answers) {
      ballots.push_back({predict(tokenizer_.decode(result.tokens), options_.prediction), result.logprob});
      prompt_tokens += result.prompt_tokens;
    }
    rows.push_back(row(sample, question, answers[vote(ballots)]));
    rows.back()["prompt_tokens"] = prompt_tokens;
  } else {
    for (const engine::Result& result : answers) rows.push_back(row(sample, question, result));
  }
  if (options_.method == Method::origin) {
    rows.front()["question"] = sample.paraphrases.front();
    rows.front()["prompt"] = question.prompts.front().complete();
  }
  for (std::size_t i = 0; options_.method == Method::per_prompt && i < rows.size(); ++i) {
    rows[i]["paraphrase"] = sample.paraphrases[i];
    rows[i]["paraphrase_index"] = sample.place_of(i);
    rows[i]["prompt"] = question.prompts[i].complete();
  }
  if (options_.gold_logprob) add_gold(index, question, results.subspan(question.answering), rows);
  return rows;
}

void Experiment::add_gold(std::size_t sample, const Question& question, std::span<const engine::Result> gold,
                          std::vector<Json>& rows) const {
  const std::size_t answers = dataset_.samples[sample].answers.size();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::vector<double> logprobs;
    for (std::size_t a = 0; a < answers; ++a) {
      // A vote has no distribution over tokens: the answer's mean probability over the phrasings stands for it.
      std::vector<double> of_phrasings;
      const bool votes = options_.method == Method::vote;
      for (std::size_t p = votes ? 0 : i; p < (votes ? question.answering : i + 1); ++p)
        of_phrasings.push_back(gold[p * answers + a].logprob);
      logprobs.push_back(log_mean_exp(of_phrasings));
    }
    rows[i]["gold_logprob"] = logprobs;
  }
}

void Experiment::run(engine::Engine& engine, std::span<const std::size_t> samples,
                     const RunEvents& events) const {
  std::map<std::size_t, Question> questions;  // open ones
  const auto shown = [&](std::vector<engine::Request> requests) {
    if (events.asked) events.asked(requests);
    return requests;
  };
  SampleRun run;
  run.open = [&](std::size_t sample) {
    Question& q = questions[sample] = question(sample);
    return shown(asks_confidence(q) ? confidence_requests(sample, q) : answer_requests(sample, q));
  };
  run.gathered = [&](std::size_t sample,
                     std::vector<engine::Result> results) -> std::vector<engine::Request> {
    Question& q = questions.at(sample);
    if (asks_confidence(q)) {
      for (const engine::Result& result : results) q.confidences.push_back(std::exp(result.logprob));
      return shown(answer_requests(sample, q));
    }
    events.rows(sample, rows(sample, q, results));
    questions.erase(sample);
    return {};
  };
  if (events.text)
    run.text = [&](std::size_t sample, std::size_t part, const std::string& text) {
      if (part < questions.at(sample).answering) events.text(sample, text);
    };
  run.cancelled = events.cancelled;
  run_samples(engine, samples, run);
}

}  // namespace chorus::ensemble
