// chorus doctor: what this machine and this installation can do, and what is wrong with them.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/doctor/findings.h"
#include "cli/model_options.h"
#include "cli/option_checks.h"
#include "data/json.h"

namespace chorus::cli {
namespace {

struct Arguments {
  MachineChecks machine{.threads = 0, .model = ModelOptions().model};
  bool json = false;
};

const char* word(Level level) {
  return level == Level::ok ? "ok" : level == Level::warn ? "warn" : "error";
}

std::string as_text(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text += fmt::format("{:<6} {:<10} {}\n", word(finding.level), finding.subject, finding.text);
    if (!finding.todo.empty()) text += fmt::format("{:<17} -> {}\n", "", finding.todo);
  }
  const auto count = [&](Level level) {
    return std::count_if(findings.begin(), findings.end(),
                         [&](const Finding& f) { return f.level == level; });
  };
  return text + fmt::format("\n{} checks: {} ok, {} to look at, {} wrong\n", findings.size(),
                            count(Level::ok), count(Level::warn), count(Level::error));
}

std::string as_json(const std::vector<Finding>& findings) {
  data::Json checks = data::Json::array();
  for (const Finding& f : findings)
    checks.push_back({{"subject", f.subject}, {"level", word(f.level)}, {"text", f.text}, {"todo", f.todo}});
  const data::Json all = {{"chorus", CHORUS_VERSION}, {"checks", std::move(checks)}};
  return data::dumped(all, 2) + '\n';
}

void doctor(const Arguments& arguments) {
  Findings findings;
  findings.ok("chorus", CHORUS_VERSION);
  check_machine(arguments.machine, findings);
  check_files(arguments.machine.model, findings);
  fmt::print(stdout, "{}", arguments.json ? as_json(findings.all()) : as_text(findings.all()));
  std::fflush(stdout);
  for (const Finding& f : findings.all())
    if (f.level == Level::error)
      throw Error(f.kind, fmt::format("{}: {}", f.subject, f.text), "every check to pass", f.todo);
}

}  // namespace

void add_doctor_command(CLI::App& app) {
  auto* command = app.add_subcommand("doctor", "Check this machine and installation, and say what to do");
  const auto arguments = std::make_shared<Arguments>();
  command
      ->add_option("--model", arguments->machine.model,
                   "The model you mean to run: is it here, is there room for it?")
      ->type_name("NAME")
      ->capture_default_str();
  command->add_option("--threads", arguments->machine.threads, "0: all cores")
      ->type_name("N")
      ->check(whole_number(0, 1024))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print JSON: chorus, checks of subject, level, text, todo");
  command->footer(
      "Examples:\n  chorus doctor\n  chorus doctor --model qwen3_8b --json\n"
      "Every line is ok, warn (it runs, but look at it) or error. The exit code is that of the first error, "
      "0 without\n"
      "one. Nothing is fetched, and nothing is written.");
  command->callback([arguments] { doctor(*arguments); });
}

}  // namespace chorus::cli
