#include "cli/run_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "cli/option_checks.h"
#include "core/error.h"
#include "data/digest.h"
#include "data/method.h"
#include "ensemble/layout_file.h"

namespace chorus::cli {

namespace {

/// "origin: the first phrasing alone; avg, max: their outputs combined; ...", those that weigh phrasings last.
std::string explained_methods() {
  std::vector<std::string_view> told;
  std::string text;
  for (const bool weighted : {false, true})
    for (const auto& method : data::kMethods) {
      if (method.weighted != weighted || std::find(told.begin(), told.end(), method.about) != told.end())
        continue;
      told.push_back(method.about);
      std::vector<std::string_view> names;
      for (const auto& other : data::kMethods)
        if (other.about == method.about) names.push_back(other.name);
      text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", fmt::join(names, ", "), method.about);
    }
  return text;
}

}  // namespace

std::string weighted_methods() {
  std::vector<std::string_view> names;
  for (const auto& method : data::kMethods)
    if (method.weighted) names.push_back(method.name);
  const std::string_view last = names.back();
  names.pop_back();
  return fmt::format("{} or {}", fmt::join(names, ", "), last);
}

PromptArguments::PromptArguments() : prompt_template(data::PromptTemplate{}.text) {}

ensemble::RunOptions PromptArguments::options(ensemble::Method method, const LayoutArguments& layout) const {
  ensemble::RunOptions options;
  options.method = method;
  if (ensemble::is_flex(method)) options.layout = layout.options();
  options.num_paraphrases = num_paraphrases;
  options.prompt_template = {with_escapes(prompt_template)};
  options.stop_at_newline = stop.value_or(layout.stop()) == "newline";
  options.max_new_tokens = max_new_tokens;
  options.prediction = ensemble::prediction_from(prediction);
  return options;
}

void add_method_option(CLI::App& command, std::string& method) {
  command.add_option("--method", method, explained_methods())
      ->type_name("NAME")
      ->check(offers(ensemble::method_from))
      ->capture_default_str()
      ->group("Method");
}

void add_methods_option(CLI::App& command, std::vector<std::string>& methods, std::string_view purpose) {
  std::vector<std::string_view> names;
  for (const auto& method : data::kMethods) names.push_back(method.name);
  command.add_option("--method", methods, fmt::format("{}: {}", purpose, fmt::join(names, ", ")))
      ->type_name("NAME,...")
      ->delimiter(',')
      ->transform(trimmed())
      ->check(offers(ensemble::method_from))
      ->allow_extra_args(false)  // what follows a space is a phrasing
      ->default_str(fmt::format("{}", fmt::join(methods, ",")))
      ->group("Method");
}

std::shared_ptr<const ensemble::ConfidenceTable> ConfidenceArgument::table(ensemble::Method method) const {
  if (source && !ensemble::is_weighted(method))
    throw Error(ErrorKind::usage, fmt::format("--confidence with --method {}", name(method)),
                weighted_methods(), "leave it out");
  if (!source || *source == "fast") return nullptr;
  return std::make_shared<ensemble::ConfidenceTable>(ensemble::ConfidenceTable::read(*source));
}

void add_confidence_option(CLI::App& command, ConfidenceArgument& argument) {
  command
      .add_option("--confidence", argument.source,
                  "Weighted methods: what weighs a phrasing. fast: the probability of the first token it "
                  "would take; or "
                  "the file of 'chorus confidence' [fast]")
      ->type_name("fast|FILE")
      ->group("Method");
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

void add_chat_option(CLI::App& command, PromptArguments& arguments) {
  command
      .add_flag("--chat-template", arguments.chat_template,
                "The prompt up to the question is a user's turn, written as the model's chat template has it")
      ->group("Prompt and answer");
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
      "newline: at a newline after visible text; eos: at end-of-text tokens only [newline; eos with --preset "
      "published]")
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

void add_question_options(CLI::App& command, data::DatasetOptions& options) {
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command.add_option(name, value, help)->type_name(type)->group("Data");
  };
  add("--dataset", options.dataset, "NAME",
      "builtin (inside the program), pararel, webqa, myriadlama, or files of your own: jsonl, csv, parquet, "
      "feather")
      ->capture_default_str();
  add("--data", options.data, "PATH",
      "The data set's folder or file (a Hugging Face folder of Parquet or Arrow files does); rows of your "
      "own have id, "
      "paraphrases, answers");
  add("--dataset-name", options.dataset_name, "WORD",
      "Of the results' folder, for several files of one format [the --dataset]");
  add("--split", options.split, "NAME", "Of a folder with several splits [test, or the only one]");
  add("--relations", options.relations, "P,...",
      "pararel: relations in this order, such as P36,P19 [all with patterns and facts]")
      ->delimiter(',')
      ->transform(trimmed());
  add("--cloze", options.cloze, "FORM",
      "pararel: mask ([Y] becomes [MASK]) or left (patterns that end in [Y])")
      ->check(one_of({"mask", "left"}))
      ->capture_default_str();
  add("--max-samples,--limit", options.max_samples, "N",
      "Questions, exactly; 0: all. Raising it extends a finished run")
      ->check(whole_number(0, std::int64_t{1} << 40))
      ->capture_default_str();
  command
      .add_flag("--skip-bad-rows", options.skip_bad_rows, "Leave bad rows of questions out and count them")
      ->group("Data");
}

void add_dataset_options(CLI::App& command, data::DatasetOptions& options) {
  add_question_options(command, options);
  command
      .add_option("--paraphrases", options.paraphrases_file,
                  "webqa: phrasings, JSONL of {uuid or question, paraphrases} ('chorus prepare' makes them)")
      ->type_name("FILE")
      ->group("Data");
  command
      .add_flag("--require-paraphrases", options.require_paraphrases,
                "A question with fewer than N phrasings is an error")
      ->group("Data");
  add_example_options(command, options.examples_file, options.instruction, options.num_few_shot);
}

void add_phrasing_options(CLI::App& command, data::PhrasingChoice& choice) {
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command.add_option(name, value, help)->type_name(type)->group("Phrasings");
  };
  auto* count = command.get_option("--num-paraphrases");
  auto* indexs =
      add("--indexs", choice.indexs, "I,...",
          "Phrasings by their place from 0, in this order, such as 0,3; the result goes to diversity/")
          ->delimiter(',')
          ->transform(trimmed())
          ->check(whole_number(0, 999));
  indexs->excludes(count);
  add("--num-manual", choice.num_manual, "M", "Draw M of the phrasings that people wrote [5], ...")
      ->check(whole_number(0, 1000));
  add("--num-auto", choice.num_auto, "A", "... A of those that a program made [5], ...")
      ->check(whole_number(0, 1000));
  add("--num-samples", choice.num_samples, "S",
      "... and S of the M + A for each question [--num-paraphrases]")
      ->check(whole_number(1, 1000))
      ->excludes(count);
  command
      .add_flag("--repeat-phrasing,--repeat-paras", choice.repeat,
                "The first phrasing N times, in place of N of them: the control with the same cost")
      ->group("Phrasings");
  add("--seed", choice.seed, "K", "Of the draw; one K draws the same phrasings for every method [0]");
}

void add_sampling_options(CLI::App& command, engine::SamplingOptions& sampling, std::uint64_t& seed,
                          const char* group) {
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command.add_option(name, value, help)->type_name(type)->capture_default_str()->group(group);
  };
  add("--temperature", sampling.temperature, "T", "Divides the logits");
  add("--top-k", sampling.top_k, "K", "The K most likely tokens; 0: all")->check(whole_number(0, 1 << 30));
  add("--top-p", sampling.top_p, "P", "The most likely tokens that have this much probability");
  add("--seed", seed, "K", "Of every draw; no draw depends on its batch");
}

data::Json input_digests(const ensemble::RunOptions& options, const ConfidenceArgument& confidence) {
  data::Json inputs = data::Json::object();
  if (options.confidences) inputs["confidence"] = data::sha256_file(*confidence.source);
  if (options.layout.file) inputs["layout"] = data::sha256_file(options.layout.file->path());
  return inputs;
}

data::Json settings_of(const ensemble::RunOptions& options) {
  data::Json settings{{"method", name(options.method)}};
  if (ensemble::is_flex(options.method))
    for (const auto& [key, value] : layout_settings(options.layout)) settings[key] = value;
  if (options.method != ensemble::Method::origin) settings["num_paraphrases"] = options.num_paraphrases;
  if (options.chat) settings["chat_template"] = options.chat->head + "{user}" + options.chat->tail;
  if (ensemble::is_weighted(options.method)) settings["confidence"] = options.confidences ? "file" : "fast";
  if (options.gold_logprob) settings["gold_logprob"] = true;
  settings["prompt_template"] = options.prompt_template.text;
  settings["stop"] = options.stop_at_newline ? "newline" : "eos";
  settings["max_new_tokens"] = options.max_new_tokens;
  settings["prediction"] = name(options.prediction);
  return settings;
}

}  // namespace chorus::cli
