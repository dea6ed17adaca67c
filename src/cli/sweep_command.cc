// chorus sweep: many runs from grids of options, one after the other, resumable, with one row a run in a table.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>
#include <memory>

#include "cli/commands.h"
#include "cli/generation.h"
#include "cli/interrupt.h"
#include "cli/option_checks.h"
#include "cli/sweep_run.h"
#include "cli/sweep_summary.h"
#include "core/error.h"
#include "core/progress.h"

namespace chorus::cli {
namespace {

struct Arguments {
  std::string file;
  std::vector<std::string> grids, settings;
  std::optional<std::string> output_dir;
  std::optional<std::int64_t> max_samples;
  bool dry_run = false, keep_going = false, quiet = false, json = false;
};

/// This value in place of what the file says; where it says nothing, of every run.
void impose(const SweepAxis& axis, SweepFile& file) {
  bool is_said = false;
  const auto replace = [&](SweepGrid& grid) {
    for (SweepAxis& own : grid)
      if (own.option == axis.option) {
        own = axis;
        is_said = true;
      }
  };
  replace(file.defaults);
  for (SweepGrid& grid : file.grids) replace(grid);
  if (!is_said) file.defaults.push_back(axis);
}

SweepFile file_of(const Arguments& arguments) {
  if (arguments.file.empty() == arguments.grids.empty())
    throw Error(ErrorKind::usage, arguments.file.empty() ? "no runs" : "a file and --grid",
                "a YAML file, or --grid OPTION=VALUE,... once or more", "see 'chorus sweep --help'");
  SweepFile file;
  if (arguments.file.empty())
    for (const std::string& text : arguments.grids) {
      if (file.grids.empty()) file.grids.emplace_back();
      file.grids.front().push_back(axis_from(text));
    }
  else
    file = read_sweep(arguments.file);
  check_options(file);
  SweepFile imposed;
  for (const std::string& text : arguments.settings) imposed.defaults.push_back(setting_from(text));
  if (arguments.output_dir) imposed.defaults.push_back(setting_from("output-dir=" + *arguments.output_dir));
  check_options(imposed);
  for (const SweepAxis& axis : imposed.defaults) impose(axis, file);
  return file;
}

/// At most so many questions of this run.
void limit(SweepRun& run, std::int64_t most) {
  constexpr const char* kOption = "max-samples";
  const std::string place = fmt::format("--max-samples {}", most);
  const auto at = std::find_if(run.settings.begin(), run.settings.end(),
                               [&](const SweepSetting& setting) { return setting.option == kOption; });
  if (at == run.settings.end()) {
    run.settings.push_back({kOption, {fmt::format("{}", most), place}, true});
    return;
  }
  std::string& text = at->value.text;
  std::int64_t own = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), own);
  if (error != std::errc() || end != text.data() + text.size()) return;  // a bad value is found as such
  if (own == 0 || own > most) text = fmt::format("{}", most);
}

/// After an error; all of them where that keeps even this from being known.
std::size_t missing_of(const Run& run) try { return run.standing().missing; } catch (const Error&) {
  return run.dataset().samples.size();
}

class Sweep {
 public:
  explicit Sweep(Arguments arguments)
      : arguments_(std::move(arguments)), log_(arguments_.quiet), session_(log_) {
    plan(expand(file_of(arguments_)));
  }

  void execute() {
    if (arguments_.dry_run) return show_plan();
    for (std::size_t i = 0; i < runs_.size(); ++i)
      if (!states_[i].finished && states_[i].error.empty()) carry_out(i);
    write_summary(states_, folder_);
    const eval::Table view = summary_view(states_);
    fmt::print(stdout, "{}{}", arguments_.json ? view.json() : view.text(),
               arguments_.json
                   ? ""
                   : "lower and upper: 95 % interval (Wilson); match: gold-in-prediction, lemmas\n");
    log_.info("written: {}, .csv", (folder_ / "summary.feather").string());
    report_failures();
  }

 private:
  void plan(std::vector<SweepRun> all);
  bool look_at(const SweepRun& run, SweepState& state);
  bool is_repeated(const Run& made);
  void carry_out(std::size_t i);
  void show_plan() const;
  void report_failures() const;
  double seconds_left() const;
  std::string name(std::size_t i) const {
    return fmt::format("run {} of {}{}", i + 1, runs_.size(),
                       states_[i].label.empty() ? "" : fmt::format(" ({})", states_[i].label));
  }

  Arguments arguments_;
  core::Log log_;
  Session session_;
  std::vector<SweepRun> runs_;
  std::vector<SweepState> states_;
  std::filesystem::path folder_;                 // of the summary
  std::map<std::string, data::Json> by_result_;  // configurations of the runs there are
};

/// Makes every run once, so that whatever is wrong with one is found before the first begins.
void Sweep::plan(std::vector<SweepRun> all) {
  const SweepSetting* folder = all.front().find("output-dir");
  folder_ = folder != nullptr ? folder->value.text : GenerateArguments().output_dir;
  std::size_t repeated = 0;
  for (SweepRun& run : all) {
    if (arguments_.max_samples) limit(run, *arguments_.max_samples);
    SweepState state;
    if (!look_at(run, state)) {
      ++repeated;
      continue;
    }
    runs_.push_back(std::move(run));
    states_.push_back(std::move(state));
  }
  const auto labels = labels_of(runs_);
  for (std::size_t i = 0; i < labels.size(); ++i) states_[i].label = labels[i];
  if (repeated > 0)
    log_.info("left out because they are the same as others: {} of {} runs", repeated,
              repeated + runs_.size());
}

/// False for a run that is the same as an earlier one.
bool Sweep::look_at(const SweepRun& run, SweepState& state) {
  const SweepSetting* confidence = run.find("confidence");
  if (confidence != nullptr && !std::filesystem::exists(confidence->value.text)) {
    const auto file = std::filesystem::path(confidence->value.text).lexically_normal();
    for (const SweepState& other : states_)
      if (other.result.lexically_normal() == file) state.waits_for = file.string();
    if (!state.waits_for.empty()) return true;
  }
  const std::unique_ptr<Run> made = make_run(run, session_, arguments_.quiet);
  if (is_repeated(*made)) return false;
  state.result = made->files().feather();
  state.settings = made->configuration().settings;
  state.questions = state.missing = made->dataset().samples.size();
  try {
    const data::Standing standing = made->standing();
    state.finished = standing.finished;
    state.missing = standing.missing;
    state.read_times(made->files());
    if (standing.finished && !arguments_.dry_run) state.score = made->score();
  } catch (const Error& error) {
    if (!arguments_.keep_going)
      throw Error(error.kind(), run.place + ": " + error.got(), error.expected(), error.todo());
    state.error = error.what();
  }
  return true;
}

/// Throws Error(usage) where two different runs would write one result.
bool Sweep::is_repeated(const Run& made) {
  const data::Json configuration = made.configuration().complete();
  const auto [at, is_new] = by_result_.try_emplace(made.files().feather().string(), configuration);
  if (is_new) return false;
  const auto differences = data::differences(at->second, configuration, "one");
  if (differences.empty()) return true;
  throw Error(ErrorKind::usage,
              fmt::format("two runs that write {}: {}", at->first, fmt::join(differences, "; ")),
              "a result for each", "give one of them a tag");
}

void Sweep::carry_out(std::size_t i) {
  if (interrupted())
    throw Error(ErrorKind::interrupted, name(i) + ": interrupted before it began", "",
                "run the same command again to go on");
  SweepState& state = states_[i];
  log_.info("{}", name(i));
  std::unique_ptr<Run> run;
  try {
    run = make_run(runs_[i], session_, arguments_.quiet);
    state.result = run->files().feather();
    state.settings = run->configuration().settings;
    state.questions = run->dataset().samples.size();
    run->execute();
    state.missing = 0;
    state.finished = true;
    state.score = run->score();
    state.read_times(run->files());
  } catch (const Error& error) {
    if (run) state.missing = missing_of(*run);
    const bool stops = error.kind() == ErrorKind::interrupted || !arguments_.keep_going;
    if (error.kind() != ErrorKind::interrupted) state.error = error.what();
    write_summary(states_, folder_);
    if (stops) throw Error(error.kind(), name(i) + ": " + error.got(), error.expected(), error.todo());
    log_.warn("{}: {}", name(i), error.what());
    return;
  }
  write_summary(states_, folder_);
  if (const double left = seconds_left(); left > 0)
    log_.info("{} of {} runs are through; about {} for the others", i + 1, runs_.size(),
              core::clock_text(left));
}

double Sweep::seconds_left() const {
  double seconds = 0;
  for (const SweepState& state : states_)
    if (!state.finished && state.error.empty())
      seconds += static_cast<double>(state.missing) * seconds_per_question(state, states_);
  return seconds;
}

void Sweep::show_plan() const {
  using eval::Table;
  Table table({{"run", Table::number},
               {"options", Table::words},
               {"questions", Table::number},
               {"missing", Table::number},
               {"about", Table::number},
               {"result", Table::words}});
  std::size_t missing = 0, finished = 0;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const SweepState& state = states_[i];
    const double seconds = static_cast<double>(state.missing) * seconds_per_question(state, states_);
    missing += state.missing;
    finished += state.finished ? 1 : 0;
    const bool known = state.waits_for.empty();
    table.add({fmt::format("{}", i + 1), state.label, known ? fmt::format("{}", state.questions) : "-",
               known ? fmt::format("{}", state.missing) : "-", seconds > 0 ? core::clock_text(seconds) : "-",
               !state.error.empty() ? state.error
               : known              ? state.result.string()
                                    : "waits for " + state.waits_for});
  }
  if (arguments_.json) {
    fmt::print(stdout, "{}\n", table.json());
    return;
  }
  const double left = seconds_left();
  fmt::print(stdout, "{}{} runs, {} finished; {} questions missing; {}\n", table.text(), states_.size(),
             finished, missing,
             left > 0      ? fmt::format("about {}, by what the finished runs took", core::clock_text(left))
             : missing > 0 ? "no time is known before a run is finished"
                           : "nothing to do");
}

/// After all that could be done is done.
void Sweep::report_failures() const {
  const auto failed = std::count_if(states_.begin(), states_.end(),
                                    [](const SweepState& state) { return !state.error.empty(); });
  if (failed == 0) return;
  const auto first = std::find_if(states_.begin(), states_.end(),
                                  [](const SweepState& state) { return !state.error.empty(); });
  throw Error(ErrorKind::data,
              fmt::format("{} of {} runs failed; {}: {}", failed, states_.size(),
                          name(static_cast<std::size_t>(first - states_.begin())), first->error),
              "", "");
}

}  // namespace

void add_sweep_command(CLI::App& app) {
  auto* command = app.add_subcommand(
      "sweep", "Carry out many runs of generate and confidence, from grids of their options");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("file", arguments->file, "Defaults, grids and exclusions as YAML (docs/usage.md)")
      ->type_name("FILE");
  command->add_flag("--dry-run", arguments->dry_run,
                    "List the runs, what each lacks and the time left; compute nothing");
  command->add_flag("--keep-going", arguments->keep_going,
                    "A run that fails does not keep the others from being carried out");
  command->add_flag("--quiet", arguments->quiet, "No progress on stderr");
  command->add_flag("--json", arguments->json, "The table as JSON");
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command->add_option(name, value, help)->type_name(type)->group("Runs");
  };
  add("--grid", arguments->grids, "OPTION=V,...",
      "In place of a file: an option and the values it takes; 2..8 is each from 2 to 8. All combinations are "
      "run")
      ->allow_extra_args(false);
  add("--set", arguments->settings, "OPTION=V",
      "An option in place of what the file says; where it says nothing, of every run")
      ->allow_extra_args(false);
  add("--max-samples,--limit", arguments->max_samples, "N",
      "At most N questions of every run; carried out again without it, they are extended")
      ->check(whole_number(1, std::int64_t{1} << 40));
  add("--output-dir,--output-path", arguments->output_dir, "DIR",
      "Of every run; summary.feather and summary.csv lie in it [results]");
  command->footer(
      "Example:\n  chorus sweep --grid method=flex,avg --grid num-paraphrases=2..4 --max-samples 5\n"
      "  chorus sweep --dry-run sweeps/smollm2.yaml\n"
      "A file:\n"
      "  defaults: {num-paraphrases: 5, max-samples: 100}\n"
      "  grids:\n"
      "    - {method: [flex, avg]}\n"
      "    - {method: flex, layout: [concat, shared], cue: [own, fused], positions: aligned}\n"
      "    - {command: confidence, samples: 20}\n"
      "  exclude:\n"
      "    - {layout: concat, cue: fused}\n"
      "Each run is what 'chorus generate' (or confidence) with these options is, and goes on where it was.");
  command->callback([arguments] { Sweep(*arguments).execute(); });
}

}  // namespace chorus::cli
