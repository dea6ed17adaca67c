#include "cli/run_options.h"

#include <CLI/CLI.hpp>
#include <map>

namespace chorus::cli {

LayoutArguments::LayoutArguments() {
  const ensemble::LayoutOptions defaults;
  layout = name(defaults.kind);
  separator_scope = name(defaults.separator_scope);
  cue = name(defaults.cue);
  positions = name(defaults.positions);
}

ensemble::LayoutOptions LayoutArguments::options() const {
  ensemble::LayoutOptions options;
  options.kind = ensemble::layout_kind_from(layout);
  options.separator = separator.value_or(options.is_concat() ? options.separator : "");
  options.separator_scope = ensemble::separator_scope_from(separator_scope);
  options.bos_scope = bos_scope ? ensemble::bos_scope_from(*bos_scope)
                      : options.is_concat() ? ensemble::BosScope::own
                                            : ensemble::BosScope::all;
  options.cue = ensemble::cue_from(cue);
  options.positions = ensemble::positions_from(positions);
  ensemble::set_order(order, options);
  ensemble::check(options);
  return options;
}

PromptArguments::PromptArguments() : prompt_template(data::PromptTemplate{}.text) {}

ensemble::RunOptions PromptArguments::options(ensemble::Method method, const LayoutArguments& layout) const {
  ensemble::RunOptions options;
  options.method = method;
  if (method == ensemble::Method::flex) options.layout = layout.options();
  options.num_paraphrases = num_paraphrases;
  options.prompt_template = {prompt_template};
  options.stop_at_newline = stop == "newline";
  options.max_new_tokens = max_new_tokens;
  options.prediction = ensemble::prediction_from(prediction);
  return options;
}

void add_layout_options(CLI::App& command, LayoutArguments& arguments) {
  command.add_option("--layout", arguments.layout, "concat, shared, causal-concat or causal-shared")->capture_default_str();
  command.add_option("--cue", arguments.cue, "own: the answer cue ends each paraphrase; fused: it stands once, after all, and sees all")
      ->capture_default_str();
  command.add_option("--positions", arguments.positions, "sequential, or aligned: all paraphrases start at one position")
      ->capture_default_str();
  command.add_option("--separator", arguments.separator, "Text between paraphrases (concat only); default \\n\\n[SEP]\\n\\n");
  command.add_option("--separator-scope", arguments.separator_scope, "none: of no segment; own: of the paraphrase it ends")
      ->capture_default_str();
  command.add_option("--bos-scope", arguments.bos_scope, "own, all, first or none; default own (concat), all (shared)");
  command.add_option("--order", arguments.order, "Order of the paraphrases: given, reversed or seed:K")->capture_default_str();
}

void add_prompt_options(CLI::App& command, PromptArguments& arguments) {
  command.add_option("--num-paraphrases,--num-ensemble", arguments.num_paraphrases, "Paraphrases of each question, the first N")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command.add_option("--max-new-tokens", arguments.max_new_tokens, "Longest answer")->check(CLI::Range(1, 100000))->capture_default_str();
  command.add_option("--stop", arguments.stop, "newline: at a newline after visible text; eos: at end-of-text tokens only")
      ->check(CLI::IsMember({"newline", "eos"}))
      ->capture_default_str();
  command.add_option("--prediction", arguments.prediction, "What of the text is the prediction: first-line, first-word or all")
      ->capture_default_str();
  command.add_option("--prompt-template", arguments.prompt_template, "With {instruction}, {examples} and {question}");
}

void add_dataset_options(CLI::App& command, data::DatasetOptions& options) {
  command.add_option("--data", options.data, "The data set's folder or file");
  command.add_option("--relations", options.relations, "pararel: relations in this order, such as P36,P19")->delimiter(',');
  command.add_option("--cloze", options.cloze, "pararel: mask ([Y] becomes [MASK]) or left (patterns that end in [Y])")
      ->check(CLI::IsMember({"mask", "left"}))
      ->capture_default_str();
  command.add_option("--paraphrases", options.paraphrases_file, "JSONL of {uuid or question, paraphrases}, for webqa");
  command.add_option("--examples", options.examples_file, "JSONL of worked examples {question, answer}, in place of the set's own");
  command.add_option("--instruction", options.instruction, "In place of the set's own");
  command.add_option("--num-few-shot,--num-fewshot", options.num_few_shot, "Worked examples in the prompt")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  command.add_option("--max-samples,--limit", options.max_samples, "Questions, exactly; 0: all. Raising it extends a finished run")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 40))
      ->capture_default_str();
  command.add_flag("--require-paraphrases", options.require_paraphrases, "A question with fewer phrasings is an error");
  command.add_flag("--skip-bad-rows", options.skip_bad_rows, "Leave bad rows out and count them");
}

std::map<std::string, std::string> layout_settings(const ensemble::LayoutOptions& options) {
  std::map<std::string, std::string> settings{{"layout", std::string(name(options.kind))},
                                              {"cue", std::string(name(options.cue))},
                                              {"positions", std::string(name(options.positions))},
                                              {"order", order_name(options)}};
  settings["bos-scope"] = name(options.bos_scope);
  if (options.is_concat()) {
    settings["separator"] = options.separator;
    settings["separator-scope"] = name(options.separator_scope);
  }
  return settings;
}

data::Json settings_of(const ensemble::RunOptions& options) {
  data::Json settings{{"method", name(options.method)}};
  if (options.method == ensemble::Method::flex)
    for (const auto& [key, value] : layout_settings(options.layout)) settings[key] = value;
  if (options.method != ensemble::Method::origin) settings["num_paraphrases"] = options.num_paraphrases;
  settings["prompt_template"] = options.prompt_template.text;
  settings["stop"] = options.stop_at_newline ? "newline" : "eos";
  settings["max_new_tokens"] = options.max_new_tokens;
  settings["prediction"] = name(options.prediction);
  return settings;
}

}  // namespace chorus::cli
