// chorus ask: one question in several phrasings, answered while you watch.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/model_options.h"
#include "cli/run_options.h"
#include "core/error.h"
#include "text/utf8.h"

namespace chorus::cli {
namespace {

struct Arguments {
  ModelOptions model;
  LayoutArguments layout;
  PromptArguments prompt;
  std::vector<std::string> phrasings, methods{"flex"};
  std::string examples;
  std::optional<std::string> instruction;
  int num_few_shot = 5;
  bool json = false;
};

std::vector<std::string> read_phrasings(std::vector<std::string> given) {
  if (given.empty()) {
    if (isatty(STDIN_FILENO) != 0) fmt::print(stderr, "one phrasing a line, then Ctrl-D:\n");
    for (std::string line; std::getline(std::cin, line);)
      if (line.find_first_not_of(" \t\r") != std::string::npos) given.push_back(line);
  }
  if (given.empty())
    throw Error(ErrorKind::usage, "no phrasing", "one or more", "chorus ask \"What is the capital of France?\" \"France's capital is?\"");
  for (const std::string& phrasing : given)
    if (!text::is_valid_utf8(phrasing)) throw Error(ErrorKind::usage, "a phrasing that is not UTF-8", "UTF-8 text", "check the terminal's encoding");
  return given;
}

void print_shares(const data::Json& row, const std::vector<std::string>& phrasings) {
  const auto shares = row.at("attention_share").get<std::vector<double>>();
  double rest = 1;
  for (std::size_t p = 0; p < shares.size(); ++p) {
    fmt::print(stdout, "  {:5.1f} %  {}\n", 100 * shares[p], phrasings[p]);
    rest -= shares[p];
  }
  if (!shares.empty()) fmt::print(stdout, "  {:5.1f} %  (instruction, examples, answer)\n", 100 * rest);
}

void ask(Arguments arguments) {
  arguments.phrasings = read_phrasings(std::move(arguments.phrasings));
  arguments.prompt.num_paraphrases = static_cast<int>(arguments.phrasings.size());
  data::Dataset dataset = data::load_dataset({.dataset = "builtin",
                                              .examples_file = arguments.examples,
                                              .instruction = arguments.instruction,
                                              .num_few_shot = arguments.num_few_shot});
  dataset.samples = {{.uuid = "question", .paraphrases = arguments.phrasings, .answers = {}}};
  LoadedModel model = load_model(choose_model(arguments.model), arguments.model.threads);
  engine::Engine engine(*model.decoder, model.tokenizer.get(), engine_options(arguments.model));
  const std::size_t sample = 0;
  data::Json all = data::Json::array();
  for (const std::string& name : arguments.methods) {
    const ensemble::Method method = ensemble::method_from(name);
    const bool stream = !arguments.json && method != ensemble::Method::per_prompt;
    const ensemble::Experiment experiment(arguments.prompt.options(method, arguments.layout), dataset, *model.tokenizer, model.stop_ids);
    if (stream) fmt::print(stdout, "{}:", name);
    ensemble::RunEvents events;
    events.cancelled = interrupted;
    if (stream)
      events.text = [](std::size_t, const std::string& text) {
        fmt::print(stdout, "{}", text);
        std::fflush(stdout);
      };
    events.rows = [&](std::size_t, const std::vector<data::Json>& rows) {
      for (data::Json row : rows) {
        row.erase("uuid");
        row.erase("answers");
        row["method"] = name;
        if (arguments.json) {
          all.push_back(row);
        } else if (!stream) {
          fmt::print(stdout, "{}: {}  ({})\n", name, row.at("prediction").get<std::string>(), row.at("paraphrase").get<std::string>());
        } else {
          if (!row.at("generation").get<std::string>().ends_with('\n')) fmt::print(stdout, "\n");
          if (row.contains("attention_share")) print_shares(row, arguments.phrasings);
        }
      }
    };
    experiment.run(engine, {&sample, 1}, events);
  }
  if (arguments.json) fmt::print(stdout, "{}\n", all.dump(2));
}

}  // namespace

void add_ask_command(CLI::App& app) {
  auto* command = app.add_subcommand("ask", "Ask one question in one or more phrasings");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("phrasings", arguments->phrasings, "The question, phrased in different ways; none: one a line from stdin");
  command->add_option("--method", arguments->methods, "Methods to answer with, such as flex,avg,origin")->delimiter(',')->capture_default_str();
  add_model_options(*command, arguments->model, true);
  add_layout_options(*command, arguments->layout);
  command->add_option("--max-new-tokens", arguments->prompt.max_new_tokens, "Longest answer")->check(CLI::Range(1, 100000))->capture_default_str();
  command->add_option("--stop", arguments->prompt.stop, "newline or eos")->check(CLI::IsMember({"newline", "eos"}))->capture_default_str();
  command->add_option("--examples", arguments->examples, "JSONL of worked examples {question, answer}");
  command->add_option("--instruction", arguments->instruction, "In place of the usual instruction");
  command->add_option("--num-few-shot,--num-fewshot", arguments->num_few_shot, "Worked examples in the prompt")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print JSON");
  command->footer("Example:\n  chorus ask \"What is the capital of France?\" \"Which city is France's capital?\"");
  command->callback([arguments] { ask(*arguments); });
}

}  // namespace chorus::cli
