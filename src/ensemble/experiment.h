// A method applied to the samples of a data set: from a sample to the engine's requests, from results to rows.
//
//   Experiment experiment(options, dataset, tokenizer, stop_ids);
//   experiment.run(engine, samples, {.rows = [&](std::size_t sample, std::vector<data::Json> rows) { ... }});
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"
#include "data/json.h"
#include "data/prompt.h"
#include "engine/engine.h"
#include "ensemble/chat_template.h"
#include "ensemble/layout.h"
#include "ensemble/methods.h"
#include "ensemble/weights.h"

namespace chorus::ensemble {

/// What of a generated text is the prediction: its first non-empty line, the first word of that, or all of it; stripped.
enum class Prediction { first_line, first_word, all };
std::string_view name(Prediction prediction);
Prediction prediction_from(std::string_view text);
std::string predict(std::string_view generation, Prediction prediction);

struct RunOptions {
  Method method = Method::flex;
  LayoutOptions layout;     // flex and weighted_flex
  int num_paraphrases = 5;  // a sample with fewer uses what it has
  data::PromptTemplate prompt_template;
  std::optional<ChatTemplate>
      chat;  // the prompt up to the question is then a user's turn; what follows the turn is the cue
  bool stop_at_newline = true;
  std::int32_t max_new_tokens = 20;
  Prediction prediction = Prediction::first_line;
  /// Weighted methods: c_p. Null: the fast confidence, the probability of the first token that phrasing p alone would take.
  std::shared_ptr<const ConfidenceTable> confidences;
  /// Whether rows get the log-probability of every accepted answer, teacher-forced.
  bool gold_logprob = false;
};

/// The prompt of one phrasing.
data::PromptParts prompt_of(const RunOptions& options, const data::Dataset& dataset,
                            std::string_view phrasing);

struct RunEvents {
  /// The rows of a finished sample, in the order samples finish; one row, or one per paraphrase (per_prompt).
  std::function<void(std::size_t sample, std::vector<data::Json> rows)> rows;
  std::function<void(std::size_t sample, const std::string& text)> text;  // optional: text as it is completed
  std::function<bool()> cancelled;                                        // optional
  /// Optional: everything that is asked next, before it is; to be looked at or wrapped.
  std::function<void(std::vector<engine::Request>& requests)> asked = {};
};

class Experiment {
 public:
  /// The data set and the tokenizer must outlive the experiment. Throws Error(usage) for options that do not fit.
  Experiment(RunOptions options, const data::Dataset& dataset, const text::Tokenizer& tokenizer,
             std::vector<text::TokenId> stop_ids);

  /// Answers these samples, each named once. Everything an event throws ends the run. Throws Error(data) that names the
  /// sample when one cannot be answered.
  void run(engine::Engine& engine, std::span<const std::size_t> samples, const RunEvents& events) const;

  /// What a sample is begun with: the requests that answer it, or those that find out the fast confidences first.
  std::vector<engine::Request> requests(std::size_t sample) const;
  /// All that it asks, in turn; where weights are to be found out first, as if they came out equal.
  std::vector<engine::Request> all_requests(std::size_t sample) const;

 private:
  /// A sample that is being answered.
  struct Question {
    std::vector<data::PromptParts> prompts;
    std::vector<double> confidences;  // weighted methods
    std::size_t answering = 0;        // requests that answer; those that score gold answers come after them
  };
  Question question(std::size_t sample) const;
  bool asks_confidence(const Question& question) const;
  std::vector<engine::Request> confidence_requests(std::size_t sample, const Question& question) const;
  std::vector<engine::Request> answer_requests(std::size_t sample, Question& question) const;
  std::vector<engine::Request> gold_requests(std::size_t sample, const Question& question,
                                             std::span<const engine::Request> answering) const;
  engine::Prompt fused_prompt(std::size_t sample, const Question& question) const;
  std::vector<float> weights(const Question& question) const;

  std::vector<data::Json> rows(std::size_t sample, const Question& question,
                               std::span<const engine::Result> results) const;
  data::Json row(const data::Sample& sample, const Question& question, const engine::Result& result) const;
  void add_gold(std::size_t sample, const Question& question, std::span<const engine::Result> gold,
                std::vector<data::Json>& rows) const;

  RunOptions options_;
  const data::Dataset& dataset_;
  const text::Tokenizer& tokenizer_;
  engine::StopRules stop_;
};

}  // namespace chorus::ensemble
