// The options that say what is asked and how: data set, prompt, method, layout; shared by generate, ask and demo.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/configuration.h"
#include "data/dataset.h"
#include "ensemble/experiment.h"

namespace CLI {
class App;
}

namespace chorus::cli {

/// Layout options as typed; an empty optional takes the default of the layout.
struct LayoutArguments {
  std::string layout;
  std::optional<std::string> separator, bos_scope;
  std::string separator_scope, cue, positions, order = "given";

  LayoutArguments();   // the program's defaults
  /// Throws Error(usage).
  ensemble::LayoutOptions options() const;
};

struct PromptArguments {
  std::string prompt_template, stop = "newline", prediction = "first-line";
  int num_paraphrases = 5;
  int max_new_tokens = 20;

  PromptArguments();
  ensemble::RunOptions options(ensemble::Method method, const LayoutArguments& layout) const;
};

void add_layout_options(CLI::App& command, LayoutArguments& arguments);
void add_prompt_options(CLI::App& command, PromptArguments& arguments);
/// --data, --relations, --cloze, --paraphrases, --examples, --instruction, --num-few-shot, --max-samples, ...
void add_dataset_options(CLI::App& command, data::DatasetOptions& options);

/// What of these options decides a row, by name, as the manifest and the log record it.
data::Json settings_of(const ensemble::RunOptions& options);

/// The layout options in force by their names, for result names.
std::map<std::string, std::string> layout_settings(const ensemble::LayoutOptions& options);

}  // namespace chorus::cli
