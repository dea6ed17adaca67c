// chorus confidence: how often sampled answers match the greedy one, for each phrasing; weights for the weighted methods.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/dataset_run.h"
#include "cli/model_options.h"
#include "cli/option_checks.h"
#include "cli/run_options.h"
#include "data/table_file.h"
#include "ensemble/confidence.h"

namespace chorus::cli {
namespace {

struct Arguments {
  ModelOptions model;
  PromptArguments prompt;
  data::DatasetOptions dataset;
  ensemble::ConfidenceOptions confidence;
  std::string output_dir = "results", tag;
  bool rewrite = false, quiet = false, json = false;
};

/// The usual --batch-size: requests of one phrasing that run together share the row of its first token.
constexpr int kBatchSize = 128;

class ConfidenceCommand {
 public:
  explicit ConfidenceCommand(Arguments arguments) : arguments_(std::move(arguments)), log_(arguments_.quiet) {
    ensemble::ConfidenceOptions& options = arguments_.confidence;
    options.run = arguments_.prompt.options(ensemble::Method::per_prompt, {});
    check(options.sampling);
    choice_ = choose_model(arguments_.model);
    arguments_.dataset.num_paraphrases = options.run.num_paraphrases;
    dataset_ = data::load_dataset(arguments_.dataset);
    data::check_template(options.run.prompt_template, dataset_.examples.size());
    model_ = open_model(choice_);
    if (arguments_.prompt.chat_template) options.run.chat = ensemble::ChatTemplate::of(*model_.checkpoint);
    run_.emplace(options, dataset_, *model_.tokenizer, model_.stop_ids);
    start_backend(model_, choice_, arguments_.model.threads);
    files_ = {data::result_folder(arguments_.output_dir, dataset_.name, choice_.ref.name),
              data::result_stem({.method = "confidence", .tag = arguments_.tag})};
    state_.emplace(log_, dataset_, settings());
  }

  void execute() {
    for (const std::string& note : dataset_.notes) log_.info("{}", note);
    if (state_->finished()) return report();
    const std::vector<std::size_t> missing = state_->missing();
    const Done done = missing.empty() ? Done{} : answer(missing);
    state_->write(done, missing.empty() ? 0 : model_.decoder->backend().pool().size());
    report();
  }

 private:
  DatasetRun::Settings settings() const {
    const ensemble::ConfidenceOptions& options = arguments_.confidence;
    data::Json own = settings_of(options.run);
    own["method"] = "confidence";
    own["samples"] = options.samples;
    own["temperature"] = options.sampling.temperature;
    own["top_k"] = options.sampling.top_k;
    own["top_p"] = options.sampling.top_p;
    own["seed"] = options.seed;
    return {.files = files_,
            .configuration = dataset_configuration(std::move(own), arguments_.dataset, dataset_, choice_,
                                                   arguments_.model),
            .schema = data::result_schema(data::ResultKind::confidence, extra_columns(dataset_)),
            .label = "confidence",
            .num_paraphrases = arguments_.dataset.num_paraphrases,
            .batch_size = arguments_.model.batch_size,
            .rewrite = arguments_.rewrite,
            .quiet = arguments_.quiet};
  }

  Done answer(const std::vector<std::size_t>& missing) {
    return state_->answer(missing, choice_, model_, arguments_.model,
                          [&](engine::Engine& engine, std::span<const std::size_t> samples,
                              const ensemble::RunEvents& events) { run_->run(engine, samples, events); });
  }

  void report() const {
    const data::Table table = data::read_table(files_.feather());
    const std::size_t column = table.column("confidence");
    double sum = 0;
    for (std::size_t row = 0; row < table.rows(); ++row) sum += table.get<double>(row, column);
    const double mean = table.rows() > 0 ? sum / static_cast<double>(table.rows()) : 0;
    if (arguments_.json) {
      const data::Json json{
          {"mean_confidence", mean}, {"rows", table.rows()}, {"file", files_.feather().string()}};
      fmt::print(stdout, "{}\n", json.dump(2));
    } else {
      fmt::print(stdout, "mean confidence {:.3f} of {} phrasings; match: either way, lemmas\n", mean,
                 table.rows());
    }
  }

  Arguments arguments_;
  core::Log log_;
  ModelChoice choice_;
  data::Dataset dataset_;
  LoadedModel model_;
  data::ResultFiles files_;
  std::optional<ensemble::ConfidenceRun> run_;
  std::optional<DatasetRun> state_;
};

}  // namespace

void add_confidence_command(CLI::App& app) {
  auto* command = app.add_subcommand(
      "confidence",
      "How often sampled answers match the greedy one, for each phrasing: weights for weighted methods");
  const auto arguments = std::make_shared<Arguments>();
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command->add_option(name, value, help)->type_name(type)->capture_default_str()->group("Sampling");
  };
  command->add_flag("--quiet", arguments->quiet, "No progress on stderr");
  command->add_flag("--json", arguments->json, "The summary as JSON");
  ensemble::ConfidenceOptions& confidence = arguments->confidence;
  add("--samples", confidence.samples, "N", "Sampled answers a phrasing")->check(whole_number(1, 100000));
  add("--temperature", confidence.sampling.temperature, "T", "Divides the logits");
  add("--top-k", confidence.sampling.top_k, "K", "The K most likely tokens; 0: all")
      ->check(whole_number(0, 1 << 30));
  add("--top-p", confidence.sampling.top_p, "P", "The most likely tokens that have this much probability");
  add("--seed", confidence.seed, "K", "Of every draw; no draw depends on its batch");
  add_dataset_options(*command, arguments->dataset);
  add_chat_option(*command, arguments->prompt);
  add_prompt_options(*command, arguments->prompt);
  arguments->model.batch_size = kBatchSize;
  add_model_options(*command, arguments->model);
  command
      ->add_option("--output-dir,--output-path", arguments->output_dir,
                   "Results go to DIR/DATASET/MODEL/confidence.feather, .csv, .json (what was run)")
      ->type_name("DIR")
      ->capture_default_str()
      ->group("Results");
  command->add_option("--tag", arguments->tag, "In the result's name")->type_name("WORD")->group("Results");
  command
      ->add_flag("--rewrite", arguments->rewrite,
                 "Start anew; what is there stays until the new result is whole")
      ->group("Results");
  command->footer(
      "Example:\n  chorus confidence --limit 20 --samples 20\n"
      "  chorus generate --limit 20 --method weighted_flex --confidence "
      "results/builtin/smollm2-135m/confidence.feather");
  command->callback([arguments] { ConfidenceCommand(*arguments).execute(); });
}

}  // namespace chorus::cli
