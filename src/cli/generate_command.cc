// chorus generate: a method over a data set, into result files; resumable at any moment.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/dataset_run.h"
#include "cli/model_options.h"
#include "cli/option_checks.h"
#include "cli/run_options.h"
#include "cli/summary.h"
#include "cli/tuned.h"
#include "core/log.h"
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
  std::filesystem::path tuned;
  std::string method = "flex", output_dir = "results", tag;
  bool rewrite = false, quiet = false, json = false, lemmaize = false;
};

/// One run: what it is, where its files are, what of it is done.
class Generation {
 public:
  explicit Generation(Arguments arguments);
  void execute();

 private:
  data::Configuration configuration() const;
  data::ResultFiles files() const;
  DatasetRun::Settings settings() const;
  Done answer(const std::vector<std::size_t>& missing);
  void report(const Done& done) const;

  Arguments arguments_;
  core::Log log_;
  ensemble::RunOptions run_;
  ModelChoice choice_;
  data::Dataset dataset_;
  LoadedModel model_;
  data::ResultFiles files_;
  std::optional<ensemble::Experiment> experiment_;
  std::optional<DatasetRun> state_;
};

// Everything that can be wrong with options, data, the model's files and the processor is found before the log is begun.
Generation::Generation(Arguments arguments) : arguments_(std::move(arguments)), log_(arguments_.quiet) {
  const ensemble::Method method = ensemble::method_from(arguments_.method);
  arguments_.prompt.num_paraphrases =
      data::settle(arguments_.dataset.choice, arguments_.prompt.num_paraphrases);
  const std::optional<TunedOptions> tuned = read_tuned(arguments_.tuned, method, arguments_.layout);
  run_ = arguments_.prompt.options(method, arguments_.layout);
  run_.confidences = arguments_.confidence.table(method);
  run_.gold_logprob = arguments_.gold_logprob;
  if (const auto note = unused_layout_note(method, arguments_.layout); !note.empty()) log_.warn("{}", note);
  choice_ = choose_model(arguments_.model);
  arguments_.dataset.num_paraphrases = method == ensemble::Method::origin ? 1 : run_.num_paraphrases;
  dataset_ = tuned ? tuned->remaining(arguments_.dataset) : data::load_dataset(arguments_.dataset);
  data::check_template(run_.prompt_template, dataset_.examples.size());
  model_ = open_model(choice_);
  if (arguments_.prompt.chat_template) run_.chat = ensemble::ChatTemplate::of(*model_.checkpoint);
  files_ = files();
  if (arguments_.lemmaize) return;
  experiment_.emplace(run_, dataset_, *model_.tokenizer, model_.stop_ids);
  start_backend(model_, choice_, arguments_.model.threads);
  state_.emplace(log_, dataset_, settings());
}

data::ResultFiles Generation::files() const {
  data::ResultName name{.method = std::string(ensemble::name(run_.method)),
                        .paraphrases = run_.num_paraphrases,
                        .indexs = arguments_.dataset.choice.indexs,
                        .draw = data::draw_name(arguments_.dataset.choice),
                        .options = data::name_options(arguments_.dataset.choice),
                        .tag = arguments_.tag};
  if (ensemble::is_flex(run_.method)) {
    name.options.merge(layout_settings(run_.layout));
    if (!model_.tokenizer->bos()) name.options.erase("bos-scope");  // there is no BOS whose scope it could be
  }
  return {data::result_folder(arguments_.output_dir, dataset_.name, choice_.ref.name),
          data::result_stem(name)};
}

data::Configuration Generation::configuration() const {
  data::Configuration c =
      dataset_configuration(settings_of(run_), arguments_.dataset, dataset_, choice_, arguments_.model);
  const data::Json digests = input_digests(run_, arguments_.confidence);
  for (const auto& [name, digest] : digests.items()) c.inputs[name] = digest;
  if (!arguments_.tuned.empty()) c.inputs["tuned"] = data::sha256_file(arguments_.tuned);
  return c;
}

DatasetRun::Settings Generation::settings() const {
  return {.files = files_,
          .configuration = configuration(),
          .schema = data::result_schema(data::result_kind(ensemble::name(run_.method)),
                                        extra_columns(dataset_), {.gold_logprob = run_.gold_logprob}),
          .label = arguments_.method,
          .num_paraphrases = arguments_.dataset.num_paraphrases,
          .batch_size = arguments_.model.batch_size,
          .rewrite = arguments_.rewrite,
          .quiet = arguments_.quiet};
}

void Generation::execute() {
  for (const std::string& note : dataset_.notes) log_.info("{}", note);
  if (arguments_.lemmaize) {
    data::renew_lemmas(files_);
    log_.info("lemma columns written: {}", files_.feather().string());
    return report({});
  }
  if (state_->finished()) return report({});
  const std::vector<std::size_t> missing = state_->missing();
  const Done done = missing.empty() ? Done{} : answer(missing);
  state_->write(done, missing.empty() ? 0 : model_.decoder->backend().pool().size());
  report(done);
}

Done Generation::answer(const std::vector<std::size_t>& missing) {
  return state_->answer(
      missing, choice_, model_, arguments_.model,
      [&](engine::Engine& engine, std::span<const std::size_t> samples, const ensemble::RunEvents& events) {
        experiment_->run(engine, samples, events);
      });
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
  add("--tuned", arguments->tuned, "FILE",
      "Layout options that 'chorus tune' picked; the questions it picked them on are left out")
      ->group("Layout (flex)");
  add_chat_option(*command, arguments->prompt);
  add_prompt_options(*command, arguments->prompt);
  add_phrasing_options(*command, arguments->dataset.choice);
  add_model_options(*command, arguments->model);
  add("--output-dir,--output-path", arguments->output_dir, "DIR",
      "Results go to DIR/DATASET/MODEL/ as .feather, .csv, .json (what was run)")
      ->capture_default_str()
      ->group("Results");
  add("--tag", arguments->tag, "WORD", "In the result's name, in place of its layout options")
      ->group("Results");
  command
      ->add_flag("--lemmaize", arguments->lemmaize,
                 "Only add or renew the lemma columns of the result that is there; nothing is generated")
      ->group("Results");
  command
      ->add_flag("--rewrite", arguments->rewrite,
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
  command->callback([arguments] { Generation(*arguments).execute(); });
}

}  // namespace chorus::cli
