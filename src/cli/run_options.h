// The options that say what is asked and how: data set, prompt, method (the layout's: cli/layout_arguments.h); shared by the
// subcommands that ask questions.
//
//   add_prompt_options(command, prompt);   // parsed by CLI11
//   const ensemble::RunOptions run = prompt.options(ensemble::method_from("flex"), layout);   // throws Error(usage)
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/layout_arguments.h"
#include "data/configuration.h"
#include "data/dataset.h"
#include "engine/sampler.h"
#include "ensemble/experiment.h"

namespace CLI {
class App;
}

namespace chorus::cli {

struct PromptArguments {
  std::string prompt_template, prediction = "first-line";
  std::optional<std::string> stop;  // newline, but eos with --preset published
  bool chat_template = false;       // for those who open the model: ensemble::RunOptions::chat
  int num_paraphrases = 5;
  int max_new_tokens = 20;

  PromptArguments();
  ensemble::RunOptions options(ensemble::Method method, const LayoutArguments& layout) const;
};

/// --method NAME: one of all, each explained.
void add_method_option(CLI::App& command, std::string& method);
/// --method NAME[,NAME...]: what they are for ("Methods to compare"), and their names.
void add_methods_option(CLI::App& command, std::vector<std::string>& methods, std::string_view purpose);
/// "weighted_avg, weighted_max or weighted_flex"
std::string weighted_methods();

/// --confidence: what weighted methods weigh by; fast, or a file.
struct ConfidenceArgument {
  std::optional<std::string> source;

  /// Reads the file where one is named; null for the fast confidence. Throws Error(usage) where the method has no weights.
  std::shared_ptr<const ensemble::ConfidenceTable> table(ensemble::Method method) const;
};
void add_confidence_option(CLI::App& command, ConfidenceArgument& argument);
/// --chat-template
void add_chat_option(CLI::App& command, PromptArguments& arguments);
/// --max-new-tokens, --stop
void add_answer_options(CLI::App& command, PromptArguments& arguments);
/// Those, --num-paraphrases, --prediction, --prompt-template
void add_prompt_options(CLI::App& command, PromptArguments& arguments);
/// --examples, --instruction, --num-few-shot
void add_example_options(CLI::App& command, std::filesystem::path& examples,
                         std::optional<std::string>& instruction, int& count);
/// --dataset, --data, --relations, --cloze, --max-samples, --skip-bad-rows: which questions.
void add_question_options(CLI::App& command, data::DatasetOptions& options);
/// All these, --paraphrases, --require-paraphrases
void add_dataset_options(CLI::App& command, data::DatasetOptions& options);
/// --indexs, --num-manual, --num-auto, --num-samples, --repeat-phrasing, --seed: for commands whose results say what was asked.
void add_phrasing_options(CLI::App& command, data::PhrasingChoice& choice);

/// --temperature, --top-k, --top-p, --seed: how tokens are drawn, for commands that sample; under `group` in their help.
void add_sampling_options(CLI::App& command, engine::SamplingOptions& sampling, std::uint64_t& seed,
                          const char* group);

/// What of these options decides a row, by name, as the manifest and the log record it.
data::Json settings_of(const ensemble::RunOptions& options);

/// Digests of the files that options name, by what they are.
data::Json input_digests(const ensemble::RunOptions& options, const ConfidenceArgument& confidence);

}  // namespace chorus::cli
