// chorus generate: a method over a data set, into result files; resumable at any moment.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/model_options.h"
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
  std::string method = "flex", output_dir = "results", tag;
  bool rewrite = false, quiet = false, json = false;
};

/// One run: what it is, where its files are, what of it is done.
class Generation {
 public:
  explicit Generation(Arguments arguments);
  void execute();

 private:
  data::Configuration configuration() const;
  data::Json session() const;
  void answer(const std::vector<std::size_t>& missing);
  void write();
  void report(double seconds, std::size_t answered) const;

  Arguments arguments_;
  core::Log log_;
  data::Dataset dataset_;
  ModelChoice choice_;
  ensemble::RunOptions run_;
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

Generation::Generation(Arguments arguments)
    : arguments_(std::move(arguments)), log_(arguments_.quiet) {
  const ensemble::Method method = ensemble::method_from(arguments_.method);
  run_ = arguments_.prompt.options(method, arguments_.layout);
  arguments_.dataset.num_paraphrases = run_.num_paraphrases;
  dataset_ = data::load_dataset(arguments_.dataset);
  if (dataset_.samples.empty()) throw Error(ErrorKind::data, "a data set of no questions", "at least one", "check --data");
  choice_ = choose_model(arguments_.model);
  configuration_ = configuration();
  data::ResultName name{.method = std::string(ensemble::name(method)), .paraphrases = run_.num_paraphrases, .tag = arguments_.tag};
  if (method == ensemble::Method::flex) name.options = layout_settings(run_.layout);
  files_ = {data::result_folder(arguments_.output_dir, dataset_.name, choice_.ref.name), data::result_stem(name)};
  state_.emplace(data::open_run(files_, configuration_, {.rewrite = arguments_.rewrite, .session = session()}));
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
  for (const auto& file : dataset_.files) c.inputs[file.filename().string()] = data::sha256_file(file);
  return c;
}

data::Json Generation::session() const {
  char host[256] = {};
  gethostname(host, sizeof(host) - 1);
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  char text[32] = {};
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return {{"host", host}, {"started", text}, {"threads", arguments_.model.threads}, {"batch_size", arguments_.model.batch_size}};
}

void Generation::execute() {
  for (const std::string& note : dataset_.notes) log_.info("{}", note);
  if (!state_->log) {
    log_.info("finished already: {}", files_.feather().string());
    return report(0, 0);
  }
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < dataset_.samples.size(); ++i)
    if (!state_->log->contains(dataset_.samples[i].uuid)) missing.push_back(i);
  if (missing.size() < dataset_.samples.size())
    log_.info("{} of {} questions are answered already", dataset_.samples.size() - missing.size(), dataset_.samples.size());
  const auto began = std::chrono::steady_clock::now();
  if (!missing.empty()) answer(missing);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  write();
  log_.info("written: {}", files_.feather().string());
  report(seconds, missing.size());
}

void Generation::answer(const std::vector<std::size_t>& missing) {
  LoadedModel model = load_model(choice_, arguments_.model.threads);
  log_.info("{}: {}", choice_.ref.name, model.decoder->backend().description());
  const ensemble::Experiment experiment(run_, dataset_, *model.tokenizer, model.stop_ids);
  engine::Engine engine(*model.decoder, model.tokenizer.get(), engine_options(arguments_.model));
  core::Progress progress(arguments_.method, static_cast<std::int64_t>(missing.size()), arguments_.quiet);
  experiment.run(engine, missing,
                 {.rows =
                      [&](std::size_t sample, std::vector<data::Json> rows) {
                        state_->log->append(dataset_.samples[sample].uuid, rows);
                        progress.advance(1);
                      },
                  .cancelled = interrupted});
  progress.finish();
}

void Generation::write() {
  std::vector<std::string> keys;
  std::size_t few = 0;
  for (const data::Sample& sample : dataset_.samples) {
    keys.push_back(sample.uuid);
    few += sample.paraphrases.size() < static_cast<std::size_t>(run_.num_paraphrases);
  }
  data::Manifest manifest{.configuration = configuration_, .versions = {{"chorus", CHORUS_VERSION}}};
  manifest.counts = {{"samples", keys.size()}, {"with_fewer_paraphrases", few}, {"notes", dataset_.notes}};
  const data::Schema schema = data::result_schema(data::result_kind(ensemble::name(run_.method)), extra_columns(dataset_));
  data::write_result(files_, *state_->log, keys, schema, manifest, session());
}

void Generation::report(double seconds, std::size_t answered) const {
  const data::Table table = data::read_table(files_.feather());
  Summary summary;
  summary.add(std::string(ensemble::name(run_.method)), score_table(table), seconds, answered);
  fmt::print(stdout, "{}", arguments_.json ? summary.json() : summary.text());
}

}  // namespace

void add_generate_command(CLI::App& app) {
  auto* command = app.add_subcommand("generate", "Answer a data set with one method and write the results");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("--dataset", arguments->dataset.dataset, "builtin, pararel, webqa, jsonl, csv, parquet or feather")
      ->capture_default_str();
  command->add_option("--method", arguments->method, "origin, per_prompt, avg, max or flex")->capture_default_str();
  add_dataset_options(*command, arguments->dataset);
  add_model_options(*command, arguments->model, true);
  add_prompt_options(*command, arguments->prompt);
  add_layout_options(*command, arguments->layout);
  command->add_option("--output-dir,--output-path", arguments->output_dir, "Results go to DIR/DATASET/MODEL/")->capture_default_str();
  command->add_option("--tag", arguments->tag, "In the result's name, in place of its layout options");
  command->add_flag("--rewrite", arguments->rewrite, "Start anew, whatever is there");
  command->add_flag("--quiet", arguments->quiet, "No progress on stderr");
  command->add_flag("--json", arguments->json, "The summary as JSON");
  command->footer("Example:\n  chorus generate --dataset pararel --data pararel --relations P36,P19 --method flex --max-samples 500\n"
                  "Stop it at any moment and run it again: it goes on where it was.");
  command->callback([arguments] { Generation(*arguments).execute(); });
}

}  // namespace chorus::cli
