// chorus demo: the built-in questions with origin, avg and flex, and how they compare.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <numeric>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/model_options.h"
#include "cli/option_checks.h"
#include "cli/run_options.h"
#include "cli/summary.h"
#include "core/log.h"
#include "core/progress.h"
#include "eval/score.h"

namespace chorus::cli {
namespace {

struct Arguments {
  ModelOptions model;
  LayoutArguments layout;
  PromptArguments prompt;
  std::vector<std::string> methods{"origin", "avg", "flex"};
  std::int64_t max_samples = 0;
  bool quiet = false, json = false;
};

void run_method(const std::string& name, const Arguments& arguments, const data::Dataset& dataset,
                LoadedModel& model, Summary& summary) {
  const ensemble::Experiment experiment(
      arguments.prompt.options(ensemble::method_from(name), arguments.layout), dataset, *model.tokenizer,
      model.stop_ids);
  engine::Engine engine(*model.decoder, model.tokenizer.get(), engine_options(arguments.model));
  std::vector<std::size_t> samples(dataset.samples.size());
  std::iota(samples.begin(), samples.end(), std::size_t{0});
  core::Progress progress(name, static_cast<std::int64_t>(samples.size()), arguments.quiet);
  eval::Tally tally;
  const auto began = std::chrono::steady_clock::now();
  experiment.run(engine, samples,
                 {.rows =
                      [&](std::size_t sample, const std::vector<data::Json>& rows) {
                        if (!arguments.json) progress.wipe();
                        for (const data::Json& row : rows) {
                          const auto prediction = row.at("prediction").get<std::string>();
                          const bool right = eval::is_match(prediction, dataset.samples[sample].answers);
                          tally.add(right);
                          if (!arguments.json)
                            fmt::print(stdout, "{:<7}{} {}  {}\n", name, right ? "right" : "wrong",
                                       dataset.samples[sample].paraphrases.front(), prediction);
                        }
                        std::fflush(stdout);
                        progress.advance(1);
                      },
                  .cancelled = interrupted});
  progress.finish();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  summary.add(std::string(ensemble::name(ensemble::method_from(name))), tally, seconds, samples.size());
}

void demo(const Arguments& arguments) {
  const core::Log log(arguments.quiet);
  for (const std::string& method : arguments.methods)
    arguments.prompt.options(ensemble::method_from(method), arguments.layout);
  const ModelChoice choice = choose_model(arguments.model);
  const data::Dataset dataset = data::load_dataset({.dataset = "builtin",
                                                    .max_samples = arguments.max_samples,
                                                    .num_paraphrases = arguments.prompt.num_paraphrases});
  LoadedModel model = load_model(choice, arguments.model.threads);
  for (const std::string& note : dataset.notes) log.info("{}", note);
  log.info("{} questions, up to {} phrasings of each; {}: {}", dataset.samples.size(),
           arguments.prompt.num_paraphrases, choice.ref.name, model.decoder->backend().description());
  Summary summary;
  for (const std::string& method : arguments.methods) run_method(method, arguments, dataset, model, summary);
  fmt::print(stdout, "{}{}", arguments.json ? "" : "\n", arguments.json ? summary.json() : summary.text());
}

}  // namespace

void add_demo_command(CLI::App& app) {
  auto* command = app.add_subcommand(
      "demo", "Answer the questions inside the program with origin, avg and flex, and compare them");
  const auto arguments = std::make_shared<Arguments>();
  command->add_flag("--quiet", arguments->quiet, "No progress on stderr");
  command->add_flag("--json", arguments->json, "Print the table alone, as JSON");
  add_methods_option(*command, arguments->methods, "Methods to compare");
  command->add_option("--max-samples,--limit", arguments->max_samples, "Questions; 0: all")
      ->type_name("N")
      ->check(whole_number(0, std::int64_t{1} << 40))
      ->capture_default_str()
      ->group("Data");
  add_layout_options(*command, arguments->layout);
  add_prompt_options(*command, arguments->prompt);
  add_model_options(*command, arguments->model);
  command->footer(
      "Example:\n  chorus demo --method origin,flex --limit 20\n"
      "The table: accuracy, n, lower and upper end of the 95 % interval, questions/s.");
  command->callback([arguments] { demo(*arguments); });
}

}  // namespace chorus::cli
