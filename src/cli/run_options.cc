#include "cli/run_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>

#include "cli/option_checks.h"

namespace chorus::cli {

ensemble::LayoutOptions LayoutArguments::options() const {
  ensemble::LayoutOptions options;
  options.kind = ensemble::layout_kind_from(layout.value_or("shared"));
  options.separator = with_escapes(separator.value_or(options.is_concat() ? options.separator : ""));
  if (separator_scope) options.separator_scope = ensemble::separator_scope_from(*separator_scope);
  options.bos_scope = bos_scope             ? ensemble::bos_scope_from(*bos_scope)
                      : options.is_concat() ? ensemble::BosScope::own
                                            : ensemble::BosScope::all;
  options.cue = ensemble::cue_from(cue.value_or("fused"));
  options.positions = ensemble::positions_from(positions.value_or(layout ? "sequential" : "aligned"));
  ensemble::set_order(order, options);
  ensemble::check(options);
  return options;
}

std::vector<std::string> LayoutArguments::given() const {
  std::vector<std::string> names;
  if (layout) names.push_back("--layout");
  if (cue) names.push_back("--cue");
  if (positions) names.push_back("--positions");
  if (order != LayoutArguments().order) names.push_back("--order");
  if (separator) names.push_back("--separator");
  if (separator_scope) names.push_back("--separator-scope");
  if (bos_scope) names.push_back("--bos-scope");
  return names;
}

std::string unused_layout_note(ensemble::Method method, const LayoutArguments& arguments) {
  const auto given = arguments.given();
  if (method == ensemble::Method::flex || given.empty()) return "";
  return fmt::format("{} has no layout: {} left unused", name(method), fmt::join(given, ", "));
}

PromptArguments::PromptArguments() : prompt_template(data::PromptTemplate{}.text) {}

ensemble::RunOptions PromptArguments::options(ensemble::Method method, const LayoutArguments& layout) const {
  ensemble::RunOptions options;
  options.method = method;
  if (method == ensemble::Method::flex) options.layout = layout.options();
  options.num_paraphrases = num_paraphrases;
  options.prompt_template = {with_escapes(prompt_template)};
  options.stop_at_newline = stop == "newline";
  options.max_new_tokens = max_new_tokens;
  options.prediction = ensemble::prediction_from(prediction);
  return options;
}

void add_methods_option(CLI::App& command, std::vector<std::string>& methods, const char* help) {
  command.add_option("--method", methods, help)
      ->type_name("NAME,...")
      ->delimiter(',')
      ->check(offers(ensemble::method_from))
      ->allow_extra_args(false)  // what follows a space is a phrasing
      ->default_str(fmt::format("{}", fmt::join(methods, ",")))
      ->group("Method");
}

void add_layout_options(CLI::App& command, LayoutArguments& arguments) {
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command.add_option(name, value, help)->type_name(type)->group("Layout (flex)");
  };
  add("--layout", arguments.layout, "NAME",
      "concat: complete prompts one after the other; shared: one instruction that all see; "
      "causal-concat, causal-shared: the same tokens under causal attention [shared]")
      ->check(offers(ensemble::layout_kind_from));
  add("--cue", arguments.cue, "WHERE",
      "own: the answer cue ends each paraphrase; fused: it stands once, after all, and sees all [fused]")
      ->check(offers(ensemble::cue_from));
  add("--positions", arguments.positions, "HOW",
      "sequential, or aligned: all paraphrases start at one position [aligned; sequential with --layout]")
      ->check(offers(ensemble::positions_from));
  add("--separator", arguments.separator, "TEXT",
      "Between paraphrases (--layout concat); \\n is a newline [\\n\\n[SEP]\\n\\n]");
  add("--separator-scope", arguments.separator_scope, "SCOPE",
      "none: of no segment; own: of the paraphrase it ends [none]")
      ->check(offers(ensemble::separator_scope_from));
  add("--bos-scope", arguments.bos_scope, "SCOPE",
      "own, all, first or none, for models with a BOS [concat: own; shared: all]")
      ->check(offers(ensemble::bos_scope_from));
  add("--order", arguments.order, "ORDER", "Of the paraphrases: given, reversed or seed:K")
      ->capture_default_str();
}

void add_prompt_options(CLI::App& command, PromptArguments& arguments) {
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command.add_option(name, value, help)
        ->type_name(type)
        ->capture_default_str()
        ->group("Prompt and answer");
  };
  add("--num-paraphrases,--num-ensemble", arguments.num_paraphrases, "N",
      "Paraphrases of each question, the first N of them")
      ->check(whole_number(1, 1000));
  add_answer_options(command, arguments);
  add("--prediction", arguments.prediction, "PART",
      "What of the text is the prediction: first-line, first-word or all")
      ->check(offers(ensemble::prediction_from));
  add("--prompt-template", arguments.prompt_template, "TEXT",
      "With {instruction}, {examples} and {question}; \\n is a newline")
      ->default_str("{instruction}\\n\\n{examples}Q: {question}\\nA:");
}

void add_answer_options(CLI::App& command, PromptArguments& arguments) {
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command.add_option(name, value, help)
        ->type_name(type)
        ->capture_default_str()
        ->group("Prompt and answer");
  };
  add("--max-new-tokens", arguments.max_new_tokens, "N", "Longest answer, in tokens")
      ->check(whole_number(1, 100000));
  add("--stop", arguments.stop, "RULE",
      "newline: at a newline after visible text; eos: at end-of-text tokens only")
      ->check(one_of({"newline", "eos"}));
}

void add_example_options(CLI::App& command, std::filesystem::path& examples,
                         std::optional<std::string>& instruction, int& count) {
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command.add_option(name, value, help)->type_name(type)->group("Prompt and answer");
  };
  add("--examples", examples, "FILE",
      "JSONL of worked examples {question, answer}, in place of the usual ones");
  add("--instruction", instruction, "TEXT", "In place of the usual instruction");
  add("--num-few-shot,--num-fewshot", count, "N", "Worked examples in the prompt")
      ->check(whole_number(0, 1000))
      ->capture_default_str();
}

void add_dataset_options(CLI::App& command, data::DatasetOptions& options) {
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command.add_option(name, value, help)->type_name(type)->group("Data");
  };
  add("--dataset", options.dataset, "NAME",
      "builtin (inside the program), pararel, webqa, or a file of your own: jsonl, csv, parquet, feather")
      ->capture_default_str();
  add("--data", options.data, "PATH",
      "The data set's folder (pararel, webqa) or file; rows have id, paraphrases, answers");
  add("--relations", options.relations, "P,...",
      "pararel: relations in this order, such as P36,P19 [all with patterns and facts]")
      ->delimiter(',');
  add("--cloze", options.cloze, "FORM",
      "pararel: mask ([Y] becomes [MASK]) or left (patterns that end in [Y])")
      ->check(one_of({"mask", "left"}))
      ->capture_default_str();
  add("--paraphrases", options.paraphrases_file, "FILE", "webqa: JSONL of {uuid or question, paraphrases}");
  add("--max-samples,--limit", options.max_samples, "N",
      "Questions, exactly; 0: all. Raising it extends a finished run")
      ->check(whole_number(0, std::int64_t{1} << 40))
      ->capture_default_str();
  command
      .add_flag("--require-paraphrases", options.require_paraphrases,
                "A question with fewer than N phrasings is an error")
      ->group("Data");
  command.add_flag("--skip-bad-rows", options.skip_bad_rows, "Leave bad rows out and count them")
      ->group("Data");
  add_example_options(command, options.examples_file, options.instruction, options.num_few_shot);
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
