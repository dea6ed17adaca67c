#include "cli/generation.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "cli/summary.h"
#include "cli/tuned.h"
#include "data/digest.h"
#include "data/table_file.h"

namespace chorus::cli {

Generation::Generation(GenerateArguments arguments, Session& session)
    : Run(session, arguments.quiet), arguments_(std::move(arguments)) {
  const ensemble::Method method = ensemble::method_from(arguments_.method);
  arguments_.prompt.num_paraphrases =
      data::settle(arguments_.dataset.choice, arguments_.prompt.num_paraphrases);
  const std::optional<TunedOptions> tuned = read_tuned(arguments_.tuned, method, arguments_.layout);
  run_ = arguments_.prompt.options(method, arguments_.layout);
  run_.confidences = arguments_.confidence.table(method);
  run_.gold_logprob = arguments_.gold_logprob;
  if (auto note = unused_layout_note(method, arguments_.layout); !note.empty())
    warnings_.push_back(std::move(note));
  model_options_ = arguments_.model;
  choice_ = choose_model(model_options_);
  arguments_.dataset.num_paraphrases = method == ensemble::Method::origin ? 1 : run_.num_paraphrases;
  dataset_ = tuned ? std::make_shared<const data::Dataset>(tuned->remaining(arguments_.dataset))
                   : session_.dataset(arguments_.dataset);
  data::check_template(run_.prompt_template, dataset_->examples.size());
  const LoadedModel& model = session_.open(choice_, model_options_);
  if (arguments_.prompt.chat_template) run_.chat = ensemble::ChatTemplate::of(*model.checkpoint);
  experiment_.emplace(run_, *dataset_, *model.tokenizer, model.stop_ids);
  settings_ = {.files = result_files(model),
               .configuration = result_configuration(),
               .schema = data::result_schema(data::entry(run_.method).kind, extra_columns(*dataset_),
                                             {.gold_logprob = run_.gold_logprob}),
               .label = arguments_.method,
               .num_paraphrases = arguments_.dataset.num_paraphrases,
               .batch_size = arguments_.model.batch_size,
               .rewrite = arguments_.rewrite,
               .quiet = arguments_.quiet};
}

data::ResultFiles Generation::result_files(const LoadedModel& model) const {
  data::ResultName name{.method = std::string(ensemble::name(run_.method)),
                        .paraphrases = run_.num_paraphrases,
                        .indexs = arguments_.dataset.choice.indexs,
                        .draw = data::draw_name(arguments_.dataset.choice),
                        .options = data::name_options(arguments_.dataset.choice),
                        .tag = arguments_.tag};
  if (ensemble::is_flex(run_.method)) {
    name.options.merge(layout_settings(run_.layout));
    if (!model.tokenizer->bos()) name.options.erase("bos-scope");  // there is no BOS whose scope it could be
  }
  return {data::result_folder(arguments_.output_dir, dataset_->name, choice_.ref.name),
          data::result_stem(name)};
}

data::Configuration Generation::result_configuration() const {
  data::Configuration c =
      dataset_configuration(settings_of(run_), arguments_.dataset, *dataset_, choice_, arguments_.model);
  const data::Json digests = input_digests(run_, arguments_.confidence);
  for (const auto& [name, digest] : digests.items()) c.inputs[name] = digest;
  if (!arguments_.tuned.empty()) c.inputs["tuned"] = data::sha256_file(arguments_.tuned);
  return c;
}

void Generation::compute(engine::Engine& engine, std::span<const std::size_t> samples,
                         const ensemble::RunEvents& events) {
  experiment_->run(engine, samples, events);
}

RunScore Generation::score() const {
  const data::Table table = data::read_table(files().feather());
  return {.tally = score_table(table),
          .mean_confidence = std::nullopt,
          .rows = table.rows(),
          .empty = empty_predictions(table)};
}

void add_generate_options(CLI::App& command, GenerateArguments& arguments) {
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command.add_option(name, value, help)->type_name(type);
  };
  add_method_option(command, arguments.method);
  add_confidence_option(command, arguments.confidence);
  command
      .add_flag("--gold-logprob", arguments.gold_logprob,
                "Also how likely each accepted answer is under the method (column gold_logprob)")
      ->group("Method");
  add_layout_options(command, arguments.layout);
  add_dataset_options(command, arguments.dataset);
  add("--tuned", arguments.tuned, "FILE",
      "Layout options that 'chorus tune' picked; the questions it picked them on are left out")
      ->group("Layout (flex)");
  add_chat_option(command, arguments.prompt);
  add_prompt_options(command, arguments.prompt);
  add_phrasing_options(command, arguments.dataset.choice);
  add_model_options(command, arguments.model);
  add("--output-dir,--output-path", arguments.output_dir, "DIR",
      "Results go to DIR/DATASET/MODEL/ as .feather, .csv, .json (what was run)")
      ->capture_default_str()
      ->group("Results");
  add("--tag", arguments.tag, "WORD", "In the result's name, in place of its layout options")
      ->group("Results");
}

}  // namespace chorus::cli
