// chorus inspect: real questions step by step: tokens, mask, isolation, candidates, what was taken and what it attended to.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/inspection.h"
#include "cli/interrupt.h"
#include "cli/option_checks.h"
#include "cli/run_options.h"
#include "core/error.h"
#include "core/log.h"
#include "data/durable_file.h"

namespace chorus::cli {
namespace {

struct Arguments {
  ModelOptions model;
  LayoutArguments layout;
  PromptArguments prompt;
  data::DatasetOptions dataset;
  ConfidenceArgument confidence;
  std::string method = "flex", output = "inspect.safetensors";
  std::vector<std::string> exports;
  int top = 5;
  bool verbose = false, json = false;
};

void inspect(Arguments arguments) {
  const core::Log log(arguments.json);
  const ensemble::Method method = ensemble::method_from(arguments.method);
  ensemble::RunOptions options = arguments.prompt.options(method, arguments.layout);
  options.confidences = arguments.confidence.table(method);
  if (const auto note = unused_layout_note(method, arguments.layout); !note.empty()) log.warn("{}", note);
  const ModelChoice choice = choose_model(arguments.model);
  arguments.dataset.num_paraphrases = options.num_paraphrases;
  const data::Dataset dataset = data::load_dataset(arguments.dataset);
  for (const std::string& note : dataset.notes) log.info("{}", note);
  LoadedModel model = load_model(choice, arguments.model.threads);
  if (arguments.prompt.chat_template) options.chat = ensemble::ChatTemplate::of(*model.checkpoint);
  log.info("{}: {}", choice.ref.name, model.decoder->backend().description());
  Inspector inspector({.run = options,
                       .top = static_cast<std::size_t>(arguments.top),
                       .verbose = arguments.verbose,
                       .cancelled = interrupted},
                      dataset, model, engine_options(arguments.model));
  core::SafeTensorsWriter file;
  data::Json all = data::Json::array();
  for (std::size_t sample = 0; sample < dataset.samples.size(); ++sample) {
    const Inspected inspected = inspector.look_at(sample);
    if (arguments.json)
      all.push_back(inspector.json(inspected));
    else
      fmt::print(stdout, "{}{}", sample == 0 ? "" : "\n", inspector.text(inspected));
    std::fflush(stdout);
    for (const std::string& what : arguments.exports) inspector.add(inspected, what, file);
  }
  if (arguments.json) fmt::print(stdout, "{}\n", all.dump(2));
  if (arguments.exports.empty()) return;
  data::write_durable(arguments.output, file.bytes());
  log.info("written: {}", arguments.output);
}

}  // namespace

void add_inspect_command(CLI::App& app) {
  auto* command = app.add_subcommand(
      "inspect", "Answer questions step by step: tokens, mask, isolation, candidates, attention shares");
  const auto arguments = std::make_shared<Arguments>();
  arguments->dataset.max_samples = 1;
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command->add_option(name, value, help)->type_name(type)->group("What is shown");
  };
  command->add_flag("--json", arguments->json, "All of it as JSON");
  command
      ->add_flag("--verbose", arguments->verbose, "Also shapes and ranges of keys and values, layer by layer")
      ->group("What is shown");
  add("--top-k", arguments->top, "K", "Candidates at each step, jointly and of each phrasing")
      ->check(whole_number(1, 1000))
      ->capture_default_str();
  add("--export", arguments->exports, "WHAT,...",
      "attention: shares of each token; logits: of every step, joint and of each phrasing; into --output")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(one_of({"attention", "logits"}));
  add("--output", arguments->output, "FILE", "safetensors file of --export")->capture_default_str();
  command->add_option("--method", arguments->method, "flex: one sequence; others: each phrasing's own")
      ->type_name("NAME")
      ->check(offers(ensemble::method_from))
      ->capture_default_str()
      ->group("Method");
  add_confidence_option(*command, arguments->confidence);
  add_layout_options(*command, arguments->layout);
  add_dataset_options(*command, arguments->dataset);
  add_chat_option(*command, arguments->prompt);
  add_prompt_options(*command, arguments->prompt);
  add_model_options(*command, arguments->model);
  command->footer(
      "Examples:\n"
      "  chorus inspect --num-paraphrases 2 --num-few-shot 1\n"
      "  chorus inspect --method avg --max-new-tokens 3 --top-k 3\n"
      "  chorus inspect --export attention,logits --output trace.safetensors");
  command->callback([arguments] { inspect(*arguments); });
}

}  // namespace chorus::cli
