// chorus generate: a method over a data set, into result files; resumable at any moment.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/model_options.h"
#include "cli/option_checks.h"
#include "cli/run_options.h"
#include "cli/summary.h"
#include "core/error.h"
#include "core/log.h"
#include "core/progress.h"
#include "data/digest.h"
#include "data/output.h"
#include "data/result_schema.h"
#include "data/table_file.h"

namespace chorus::cli {
namespace {

struct Arguments {
  ModelOptions model;
  LayoutArguments layout;
  PromptArguments prompt;
  data::DatasetOptions dataset;
  ConfidenceArgument confidence;
  bool gold_logprob = false;
  std::string method = "flex", output_dir = "results", tag;
  bool rewrite = false, quiet = false, json = false;
};

/// What came of a run, for the report.
struct Done {
  std::size_t answered = 0;  // now, not by an earlier run
  double seconds = 0;        // for these, the loading of the model left out
};

/// One run: what it is, where its files are, what of it is done.
class Generation {
 public:
  explicit Generation(Arguments arguments);
  void execute();

 private:
  data::Configuration configuration() const;
  data::ResultFiles files() const;
  data::Json session() const;
  data::Json notes(const Done& done) const;
  Done answer(const std::vector<std::size_t>& missing);
  void write(const Done& done);
  void report(const Done& done) const;
  [[noreturn]] void stop_interrupted() const;

  Arguments arguments_;
  core::Log log_;
  ensemble::RunOptions run_;
  ModelChoice choice_;
  data::Dataset dataset_;
  LoadedModel model_;
  data::Configuration configuration_;
  data::ResultFiles files_;
  std::optional<data::ResultRun> state_;
};

std::vector<std::string> extra_columns(const data::Dataset& dataset) {
  std::vector<std::string> columns;
  if (!dataset.samples.empty())
    for (const auto& [column, value] : dataset.samples.front().extra) columns.push_back(column);
  return columns;
}

std::string utc_now() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  char text[32] = {};
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

/// What the manifest calls an input: its place inside the data set's folder, else its name, numbered where two are equal.
std::string input_name(const std::filesystem::path& file, const std::filesystem::path& data,
                       const data::Json& taken) {
  const auto inside = file.lexically_relative(data);
  const bool is_inside = !inside.empty() && inside != "." && *inside.begin() != "..";
  const std::string name = (is_inside ? inside : file.filename()).generic_string();
  std::string free = name;
  for (int i = 2; taken.contains(free); ++i) free = fmt::format("{} ({})", name, i);
  return free;
}

// Everything that can be wrong with the options, the data and the model's files is found before the log is begun.
Generation::Generation(Arguments arguments) : arguments_(std::move(arguments)), log_(arguments_.quiet) {
  const ensemble::Method method = ensemble::method_from(arguments_.method);
  run_ = arguments_.prompt.options(method, arguments_.layout);
  run_.confidences = arguments_.confidence.table(method);
  run_.gold_logprob = arguments_.gold_logprob;
  if (const auto note = unused_layout_note(method, arguments_.layout); !note.empty()) log_.warn("{}", note);
  choice_ = choose_model(arguments_.model);
  arguments_.dataset.num_paraphrases = method == ensemble::Method::origin ? 1 : run_.num_paraphrases;
  dataset_ = data::load_dataset(arguments_.dataset);
  data::check_template(run_.prompt_template, dataset_.examples.size());
  model_ = open_model(choice_);
  configuration_ = configuration();
  files_ = files();
  state_.emplace(
      data::open_run(files_, configuration_, {.rewrite = arguments_.rewrite, .session = session()}));
}

data::ResultFiles Generation::files() const {
  data::ResultName name{.method = std::string(ensemble::name(run_.method)),
                        .paraphrases = run_.num_paraphrases,
                        .tag = arguments_.tag};
  if (ensemble::is_flex(run_.method)) {
    name.options = layout_settings(run_.layout);
    if (!model_.tokenizer->bos()) name.options.erase("bos-scope");  // there is no BOS whose scope it could be
  }
  return {data::result_folder(arguments_.output_dir, dataset_.name, choice_.ref.name),
          data::result_stem(name)};
}

data::Configuration Generation::configuration() const {
  data::Configuration c;
  const data::DatasetOptions& d = arguments_.dataset;
  c.settings = settings_of(run_);
  c.settings["dataset"] = d.dataset;
  if (!d.relations.empty()) c.settings["relations"] = d.relations;
  if (d.dataset == "pararel") c.settings["cloze"] = d.cloze;
  c.settings["instruction"] = dataset_.instruction;
  c.settings["num_few_shot"] = d.num_few_shot;
  c.settings["max_samples"] = d.max_samples;
  c.settings["model"] = choice_.ref.name;
  c.settings["dtype"] = choice_.compute_name();
  c.settings["execution"] = arguments_.model.execution;
  c.inputs["model"] = model_fingerprint(choice_.ref);
  if (run_.confidences) c.inputs["confidence"] = data::sha256_file(*arguments_.confidence.source);
  for (const auto& file : dataset_.files)
    c.inputs[input_name(file, d.data, c.inputs)] = data::sha256_file(file);
  return c;
}

data::Json Generation::session() const {
  char host[256] = {};
  gethostname(host, sizeof(host) - 1);
  return {{"host", host}, {"started", utc_now()}, {"batch_size", arguments_.model.batch_size}};
}

data::Json Generation::notes(const Done& done) const {
  data::Json notes{{"finished", utc_now()}, {"answered", done.answered}};
  if (done.answered > 0) {
    notes["seconds"] = done.seconds;
    notes["threads"] = model_.decoder->backend().pool().size();
  }
  return notes;
}

void Generation::execute() {
  for (const std::string& note : dataset_.notes) log_.info("{}", note);
  if (!state_->log) {
    log_.info("finished already, nothing to do: {}", files_.feather().string());
    return report({});
  }
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < dataset_.samples.size(); ++i)
    if (!state_->log->contains(dataset_.samples[i].uuid)) missing.push_back(i);
  if (missing.size() < dataset_.samples.size())
    log_.info("{} of {} questions are answered already", dataset_.samples.size() - missing.size(),
              dataset_.samples.size());
  const Done done = missing.empty() ? Done{} : answer(missing);
  write(done);
  log_.info("written: {}", files_.feather().string());
  report(done);
}

Done Generation::answer(const std::vector<std::size_t>& missing) {
  load_weights(model_, choice_, arguments_.model.threads);
  log_.info("{}: {}", choice_.ref.name, model_.decoder->backend().description());
  const ensemble::Experiment experiment(run_, dataset_, *model_.tokenizer, model_.stop_ids);
  engine::Engine engine(*model_.decoder, model_.tokenizer.get(), engine_options(arguments_.model));
  core::Progress progress(arguments_.method, static_cast<std::int64_t>(missing.size()), arguments_.quiet);
  const auto began = std::chrono::steady_clock::now();
  try {
    experiment.run(engine, missing,
                   {.rows =
                        [&](std::size_t sample, const std::vector<data::Json>& rows) {
                          state_->log->append(dataset_.samples[sample].uuid, rows);
                          progress.advance(1);
                        },
                    .cancelled = interrupted});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::interrupted) throw;
    stop_interrupted();
  }
  progress.finish();
  return {missing.size(), std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count()};
}

void Generation::stop_interrupted() const {
  const auto& log = *state_->log;
  const auto on_disk = std::count_if(dataset_.samples.begin(), dataset_.samples.end(),
                                     [&](const data::Sample& sample) { return log.contains(sample.uuid); });
  throw Error(ErrorKind::interrupted,
              fmt::format("interrupted: {} of {} questions are on disk in {}", on_disk,
                          dataset_.samples.size(), log.path().string()),
              "",
              arguments_.rewrite ? "run the same command without --rewrite to go on"
                                 : "run the same command again to go on");
}

void Generation::write(const Done& done) {
  std::vector<std::string> keys;
  std::size_t few = 0;
  for (const data::Sample& sample : dataset_.samples) {
    keys.push_back(sample.uuid);
    few += sample.paraphrases.size() < static_cast<std::size_t>(arguments_.dataset.num_paraphrases);
  }
  data::Manifest manifest{.configuration = configuration_, .versions = {{"chorus", CHORUS_VERSION}}};
  manifest.counts = {{"samples", keys.size()}, {"with_fewer_paraphrases", few}, {"notes", dataset_.notes}};
  const data::Schema schema =
      data::result_schema(data::result_kind(ensemble::name(run_.method)), extra_columns(dataset_),
                          {.gold_logprob = run_.gold_logprob});
  data::write_result(files_, *state_->log, keys, schema, manifest, notes(done));
}

void Generation::report(const Done& done) const {
  const data::Table table = data::read_table(files_.feather());
  Summary summary;
  summary.add(std::string(ensemble::name(run_.method)), score_table(table), done.seconds, done.answered);
  fmt::print(stdout, "{}", arguments_.json ? summary.json() : summary.text());
}

}  // namespace

void add_generate_command(CLI::App& app) {
  auto* command = app.add_subcommand("generate", "Answer a data set with one method and write the results");
  const auto arguments = std::make_shared<Arguments>();
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command->add_option(name, value, help)->type_name(type);
  };
  command->add_flag("--quiet", arguments->quiet, "No progress on stderr");
  command->add_flag("--json", arguments->json, "The summary as JSON");
  add("--method", arguments->method, "NAME",
      "origin: the first phrasing alone; per_prompt: each alone; avg, max: their outputs combined; vote: the "
      "answer "
      "most of them give; flex: all in one attention; weighted_avg, weighted_max, weighted_flex: by "
      "confidence")
      ->check(offers(ensemble::method_from))
      ->capture_default_str()
      ->group("Method");
  add_confidence_option(*command, arguments->confidence);
  command
      ->add_flag("--gold-logprob", arguments->gold_logprob,
                 "Also how likely each accepted answer is under the method (column gold_logprob)")
      ->group("Method");
  add_layout_options(*command, arguments->layout);
  add_dataset_options(*command, arguments->dataset);
  add_prompt_options(*command, arguments->prompt);
  add_model_options(*command, arguments->model);
  add("--output-dir,--output-path", arguments->output_dir, "DIR",
      "Results go to DIR/DATASET/MODEL/ as .feather, .csv, .json (what was run)")
      ->capture_default_str()
      ->group("Results");
  add("--tag", arguments->tag, "WORD", "In the result's name, in place of its layout options")
      ->group("Results");
  command->add_flag("--rewrite", arguments->rewrite, "Start anew, whatever is there")->group("Results");
  command->footer(
      "Examples:\n"
      "  chorus generate --limit 20\n"
      "  chorus generate --dataset pararel --data DIR --relations P36,P19 --method avg --max-samples 500\n"
      "  chorus generate --dataset jsonl --data questions.jsonl --num-paraphrases 3\n"
      "  where a line of questions.jsonl is {\"id\": \"q1\", \"paraphrases\": [\"...\", \"...\"], "
      "\"answers\": [\"...\"]}\n"
      "Stop it at any moment and run it again: it goes on where it was, to the same bytes.");
  command->callback([arguments] { Generation(*arguments).execute(); });
}

}  // namespace chorus::cli
