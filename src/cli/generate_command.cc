// chorus generate: a method over a data set, into result files; resumable at any moment.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/dry_run.h"
#include "cli/generation.h"
#include "cli/summary.h"

namespace chorus::cli {
namespace {

struct Arguments {
  GenerateArguments run;
  bool json = false, lemmaize = false, dry_run = false;
};

void generate(const Arguments& arguments) {
  const core::Log log(arguments.run.quiet);
  Session session(log);
  Generation run(arguments.run, session);
  if (arguments.dry_run) {
    fmt::print(stdout, "{}", dry_run_text(run, session));
    return;
  }
  Done done;
  if (arguments.lemmaize) {
    data::renew_lemmas(run.files());
    log.info("lemma columns written: {}", run.files().feather().string());
  } else {
    done = run.execute();
  }
  Summary summary;
  const RunScore score = run.score();
  summary.add(std::string(ensemble::name(ensemble::method_from(arguments.run.method))), *score.tally,
              done.seconds, done.answered);
  if (2 * score.empty > score.rows)
    log.warn(
        "{} of {} predictions are empty: the model ended at once; it may need worked examples (--examples "
        "FILE) or "
        "its own form of a question (--chat-template)",
        score.empty, score.rows);
  fmt::print(stdout, "{}", arguments.json ? summary.json() : summary.text());
}

}  // namespace

void add_generate_command(CLI::App& app) {
  auto* command = app.add_subcommand("generate", "Answer a data set with one method and write the results");
  const auto arguments = std::make_shared<Arguments>();
  command->add_flag("--quiet", arguments->run.quiet, "No progress on stderr");
  command->add_flag("--json", arguments->json, "The summary as JSON");
  command->add_flag("--dry-run", arguments->dry_run,
                    "Say what would be computed: questions, tokens, sharing, memory, time. Needs no weights");
  add_generate_options(*command, arguments->run);
  command
      ->add_flag("--lemmaize", arguments->lemmaize,
                 "Only add or renew the lemma columns of the result that is there; nothing is generated")
      ->group("Results");
  command
      ->add_flag("--rewrite", arguments->run.rewrite,
                 "Start anew; what is there stays until the new result is whole")
      ->group("Results");
  command->footer(
      "Examples:\n"
      "  chorus generate --limit 20\n"
      "  chorus generate --dataset pararel --data DIR --relations P36,P19 --method avg --max-samples 500\n"
      "  chorus generate --dataset myriadlama --data DIR --layout examples --num-paraphrases 3\n"
      "  chorus generate --method avg --indexs 0,3\n"
      "  chorus generate --dataset jsonl --data questions.jsonl --num-paraphrases 3\n"
      "  where a line of questions.jsonl is {\"id\": \"q1\", \"paraphrases\": [\"...\", \"...\"], "
      "\"answers\": [\"...\"]}\n"
      "Stop it at any moment and run it again: it goes on where it was, to the same bytes.");
  command->callback([arguments] { generate(*arguments); });
}

}  // namespace chorus::cli
