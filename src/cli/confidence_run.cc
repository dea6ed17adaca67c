#include "cli/confidence_run.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "cli/option_checks.h"
#include "data/table_file.h"

namespace chorus::cli {
namespace {

/// The usual --batch-size: requests of one phrasing that run together share the row of its first token.
constexpr int kBatchSize = 128;

}  // namespace

ConfidenceArguments::ConfidenceArguments() {
  model.batch_size = kBatchSize;
}

ConfidenceSampling::ConfidenceSampling(ConfidenceArguments arguments, Session& session)
    : Run(session, arguments.quiet), arguments_(std::move(arguments)) {
  ensemble::ConfidenceOptions& options = arguments_.confidence;
  options.run = arguments_.prompt.options(ensemble::Method::per_prompt, {});
  check(options.sampling);
  model_options_ = arguments_.model;
  choice_ = choose_model(model_options_);
  arguments_.dataset.num_paraphrases = options.run.num_paraphrases;
  dataset_ = session_.dataset(arguments_.dataset);
  data::check_template(options.run.prompt_template, dataset_->examples.size());
  const LoadedModel& model = session_.open(choice_, model_options_);
  if (arguments_.prompt.chat_template) options.run.chat = ensemble::ChatTemplate::of(*model.checkpoint);
  run_.emplace(options, *dataset_, *model.tokenizer, model.stop_ids);
  settings_ = {.files = {data::result_folder(arguments_.output_dir, dataset_->name, choice_.ref.name),
                         data::result_stem({.method = "confidence", .tag = arguments_.tag})},
               .configuration = result_configuration(),
               .schema = data::result_schema(data::ResultKind::confidence, extra_columns(*dataset_)),
               .label = "confidence",
               .num_paraphrases = arguments_.dataset.num_paraphrases,
               .batch_size = arguments_.model.batch_size,
               .rewrite = arguments_.rewrite,
               .quiet = arguments_.quiet};
}

data::Configuration ConfidenceSampling::result_configuration() const {
  const ensemble::ConfidenceOptions& options = arguments_.confidence;
  data::Json own = settings_of(options.run);
  own["method"] = "confidence";
  own["samples"] = options.samples;
  own["temperature"] = options.sampling.temperature;
  own["top_k"] = options.sampling.top_k;
  own["top_p"] = options.sampling.top_p;
  own["seed"] = options.seed;
  return dataset_configuration(std::move(own), arguments_.dataset, *dataset_, choice_, arguments_.model);
}

void ConfidenceSampling::compute(engine::Engine& engine, std::span<const std::size_t> samples,
                                 const ensemble::RunEvents& events) {
  run_->run(engine, samples, events);
}

RunScore ConfidenceSampling::score() const {
  const data::Table table = data::read_table(files().feather());
  const std::size_t column = table.column("confidence");
  double sum = 0;
  for (std::size_t row = 0; row < table.rows(); ++row) sum += table.get<double>(row, column);
  return {.tally = std::nullopt,
          .mean_confidence = table.rows() > 0 ? sum / static_cast<double>(table.rows()) : 0,
          .rows = table.rows()};
}

void add_confidence_options(CLI::App& command, ConfidenceArguments& arguments) {
  constexpr const char* kGroup = "Sampling";
  ensemble::ConfidenceOptions& confidence = arguments.confidence;
  command.add_option("--samples", confidence.samples, "Sampled answers a phrasing")
      ->type_name("N")
      ->check(whole_number(1, 100000))
      ->capture_default_str()
      ->group(kGroup);
  add_sampling_options(command, confidence.sampling, confidence.seed, kGroup);
  add_dataset_options(command, arguments.dataset);
  add_chat_option(command, arguments.prompt);
  add_prompt_options(command, arguments.prompt);
  add_model_options(command, arguments.model);
  command
      .add_option("--output-dir,--output-path", arguments.output_dir,
                  "Results go to DIR/DATASET/MODEL/confidence.feather, .csv, .json (what was run)")
      ->type_name("DIR")
      ->capture_default_str()
      ->group("Results");
  command.add_option("--tag", arguments.tag, "In the result's name")->type_name("WORD")->group("Results");
}

}  // namespace chorus::cli
