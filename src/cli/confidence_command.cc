// chorus confidence: how often sampled answers match the greedy one, for each phrasing; weights for the weighted methods.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/confidence_run.h"

namespace chorus::cli {
namespace {

struct Arguments {
  ConfidenceArguments run;
  bool json = false;
};

void confidence(const Arguments& arguments) {
  const core::Log log(arguments.run.quiet);
  Session session(log);
  ConfidenceSampling run(arguments.run, session);
  run.execute();
  const RunScore score = run.score();
  if (arguments.json) {
    const data::Json json{{"mean_confidence", *score.mean_confidence},
                          {"rows", score.rows},
                          {"file", run.files().feather().string()}};
    fmt::print(stdout, "{}\n", json.dump(2));
  } else {
    fmt::print(stdout, "mean confidence {:.3f} of {} phrasings; match: either way, lemmas\n",
               *score.mean_confidence, score.rows);
  }
}

}  // namespace

void add_confidence_command(CLI::App& app) {
  auto* command = app.add_subcommand(
      "confidence",
      "How often sampled answers match the greedy one, for each phrasing: weights for weighted methods");
  const auto arguments = std::make_shared<Arguments>();
  command->add_flag("--quiet", arguments->run.quiet, "No progress on stderr");
  command->add_flag("--json", arguments->json, "The summary as JSON");
  add_confidence_options(*command, arguments->run);
  command
      ->add_flag("--rewrite", arguments->run.rewrite,
                 "Start anew; what is there stays until the new result is whole")
      ->group("Results");
  command->footer(
      "Example:\n  chorus confidence --limit 20 --samples 20\n"
      "  chorus generate --limit 20 --method weighted_flex --confidence "
      "results/builtin/smollm2-135m/confidence.feather");
  command->callback([arguments] { confidence(*arguments); });
}

}  // namespace chorus::cli
