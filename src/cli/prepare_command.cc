// chorus prepare: a data set as a file of questions and phrasings; phrasings that are wanting are written by a model.
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
#include "cli/hub_download.h"
#include "cli/model_options.h"
#include "cli/option_checks.h"
#include "cli/run_options.h"
#include "core/error.h"
#include "core/log.h"
#include "data/digest.h"
#include "data/manifest.h"
#include "data/output.h"
#include "data/result_schema.h"
#include "data/row.h"
#include "ensemble/paraphrase.h"
#include "eval/table.h"

namespace chorus::cli {
namespace {

struct Arguments {
  ModelOptions model;
  data::DatasetOptions dataset;
  ensemble::ParaphraseOptions paraphrases;
  std::optional<int> num_paraphrases;
  std::filesystem::path output;
  std::string output_dir = "results", tag;
  bool download = false, rewrite = false, quiet = false, json = false;
};

/// The usual --batch-size: draws are short and share their prompts.
constexpr int kBatchSize = 64;

/// Sentences with a gap: their phrasings are patterns that people wrote or chose.
bool is_cloze(const std::string& dataset) {
  return dataset == "pararel" || dataset == "myriadlama";
}

/// How many phrasings to make of each question.
int wanted(const Arguments& arguments) {
  const std::string& dataset = arguments.dataset.dataset;
  const int n = arguments.num_paraphrases.value_or(is_cloze(dataset) ? 0 : 5);
  if (n > 0 && is_cloze(dataset))
    throw Error(ErrorKind::usage, fmt::format("--num-paraphrases {} for the data set {}", n, dataset),
                "0: it is written with the phrasings it has", "leave the option out");
  return n;
}

class Preparation {
 public:
  explicit Preparation(Arguments arguments) : arguments_(std::move(arguments)), log_(arguments_.quiet) {
    arguments_.paraphrases.num_paraphrases = wanted(arguments_);
    data::DatasetOptions& options = arguments_.dataset;
    options.num_paraphrases = 1;
    if (!is_cloze(options.dataset)) options.num_few_shot = 0;  // none of theirs are among the questions
    if (with_model()) {
      check(arguments_.paraphrases.sampling);
      choice_ = choose_model(arguments_.model);
    }
    if (arguments_.download) {
      if (!arguments_.output.empty()) data::single_file(arguments_.output);  // its name is looked at before
      options.data = hub_dataset_folder(options.dataset, arguments_.quiet);
    }
    dataset_ = data::load_dataset(options);
    files_ = files();
  }

  void execute() {
    for (const std::string& note : dataset_.notes) log_.info("{}", note);
    if (with_model())
      make_phrasings();
    else
      write_samples();
    report();
  }

 private:
  bool with_model() const { return arguments_.paraphrases.num_paraphrases > 0; }

  data::ResultFiles files() const {
    if (!arguments_.output.empty()) return data::single_file(arguments_.output);
    const std::string stem =
        data::result_stem({.method = with_model() ? "paraphrases" : "samples", .tag = arguments_.tag});
    if (!with_model()) return {std::filesystem::path(arguments_.output_dir) / dataset_.name, stem, {"jsonl"}};
    return {data::result_folder(arguments_.output_dir, dataset_.name, choice_.ref.name), stem, {"jsonl"}};
  }

  data::Configuration configuration() const {
    const ensemble::ParaphraseOptions& o = arguments_.paraphrases;
    if (!with_model()) return source_configuration({{"method", "samples"}}, arguments_.dataset, dataset_);
    data::Json own{{"method", "paraphrases"},
                   {"num_paraphrases", o.num_paraphrases},
                   {"max_draws", o.max_draws},
                   {"temperature", o.sampling.temperature},
                   {"top_k", o.sampling.top_k},
                   {"top_p", o.sampling.top_p},
                   {"seed", o.seed},
                   {"max_new_tokens", o.max_new_tokens}};
    data::Configuration c = source_configuration(std::move(own), arguments_.dataset, dataset_);
    add_model(c, choice_, arguments_.model);
    std::string prompts;
    for (int i = 0; i < o.num_paraphrases; ++i) prompts += ensemble::paraphrase_prompt(i, "").complete();
    c.inputs["prompts"] = data::sha256_hex(prompts);
    return c;
  }

  data::Schema schema(data::ResultKind kind) const {
    return data::result_schema(kind, extra_columns(dataset_));
  }

  void make_phrasings() {
    LoadedModel model = open_model(choice_);
    const ensemble::ParaphraseRun paraphrases(arguments_.paraphrases, dataset_, *model.tokenizer,
                                              model.stop_ids);
    start_backend(model, choice_, arguments_.model.threads);
    DatasetRun run(log_, dataset_,
                   {.files = files_,
                    .configuration = configuration(),
                    .schema = schema(data::ResultKind::paraphrases),
                    .label = "paraphrases",
                    .batch_size = arguments_.model.batch_size,
                    .rewrite = arguments_.rewrite,
                    .quiet = arguments_.quiet});
    if (run.finished()) return;
    const std::vector<std::size_t> missing = run.missing();
    Done done;
    if (!missing.empty()) {
      load_weights(model);
      log_.info("{}: {}", choice_.ref.name, model.decoder->backend().description());
      engine::Engine engine(*model.decoder, model.tokenizer.get(), engine_options(arguments_.model));
      done =
          run.complete(missing, [&](std::span<const std::size_t> samples, const ensemble::RunEvents& events) {
            paraphrases.run(engine, samples, events);
          });
    }
    run.write(done, missing.empty() ? 0 : model.decoder->backend().pool().size(), counts(run.rows()));
  }

  void write_samples() {
    data::Table table(schema(data::ResultKind::samples));
    std::vector<data::Json> rows;
    for (const data::Sample& sample : dataset_.samples) {
      rows.push_back(ensemble::sample_row(sample));
      table.append(data::cells_of(table.schema(), rows.back()));
    }
    data::Manifest manifest{.configuration = configuration(), .versions = {{"chorus", CHORUS_VERSION}}};
    manifest.counts = {{"samples", rows.size()}, {"notes", dataset_.notes}};
    manifest.counts.update(counts(rows));
    const bool is_new = data::write_at_once(files_, table, manifest, arguments_.rewrite);
    log_.info("{}: {}", is_new ? "written" : "finished already, nothing to do", files_.main_table().string());
  }

  /// What the manifest and the summary say of all questions together.
  data::Json counts(const std::vector<data::Json>& rows) const {
    const auto asked = static_cast<std::size_t>(arguments_.paraphrases.num_paraphrases);
    std::size_t phrasings = 0, made = 0, fewer = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::size_t n = rows[i].at("paraphrases").size();
      const std::size_t more = n - dataset_.samples[i].paraphrases.size();
      phrasings += n;
      made += more;
      fewer += more < asked ? 1 : 0;
    }
    data::Json counts{{"paraphrases", phrasings}};
    if (!with_model()) return counts;
    counts["with_fewer_paraphrases"] = fewer;
    counts["paraphrases_wanted"] = asked * rows.size();
    counts["paraphrases_made"] = made;
    for (const char* column :
         {"paraphrases_drawn", "paraphrases_duplicate", "paraphrases_empty", "paraphrases_cut_off"}) {
      std::int64_t sum = 0;
      for (const data::Json& row : rows) sum += row.at(column).get<std::int64_t>();
      counts[column] = sum;
    }
    return counts;
  }

  void report() const {
    const data::Json manifest = data::read_manifest(files_.manifest());
    const data::Json& counts = manifest.at("counts");
    const std::vector<std::pair<const char*, const char*>> columns{
        {"questions", "samples"},
        {"phrasings", "paraphrases"},
        {"wanted", "paraphrases_wanted"},
        {"made", "paraphrases_made"},
        {"drawn", "paraphrases_drawn"},
        {"duplicate", "paraphrases_duplicate"},
        {"empty", "paraphrases_empty"},
        {"cut off", "paraphrases_cut_off"},
        {"questions with fewer", "with_fewer_paraphrases"}};
    std::vector<eval::Table::Column> heads;
    std::vector<std::string> cells;
    for (const auto& [name, key] : columns) {
      if (!counts.contains(key)) continue;
      heads.push_back({name, eval::Table::number});
      cells.push_back(counts.at(key).dump());
    }
    eval::Table table(heads);
    table.add(cells);
    if (arguments_.json) {
      data::Json json = counts;
      json["file"] = files_.main_table().string();
      fmt::print(stdout, "{}\n", json.dump(2));
    } else {
      fmt::print(stdout, "{}", table.text());
    }
    log_.info("ask them: chorus generate {}", how_to_ask());
  }

  std::string how_to_ask() const {
    const std::string file = files_.main_table().string(), form = files_.forms.front();
    if (arguments_.dataset.dataset == "webqa")
      return fmt::format("--dataset webqa --data {} --paraphrases {}{}", arguments_.dataset.data.string(),
                         file,
                         arguments_.dataset.max_samples > 0
                             ? fmt::format(" --max-samples {}", arguments_.dataset.max_samples)
                             : "");
    std::string command = fmt::format("--dataset {} --data {}", form, file);
    if (is_cloze(arguments_.dataset.dataset))
      command += fmt::format(" --instruction '{}'", dataset_.instruction);
    return command;
  }

  Arguments arguments_;
  core::Log log_;
  ModelChoice choice_;
  data::Dataset dataset_;
  data::ResultFiles files_;
};

void add_drawing_options(CLI::App& command, Arguments& arguments) {
  constexpr const char* kGroup = "Phrasings";
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command.add_option(name, value, help)->type_name(type)->capture_default_str()->group(kGroup);
  };
  ensemble::ParaphraseOptions& o = arguments.paraphrases;
  command
      .add_option("--num-paraphrases", arguments.num_paraphrases,
                  "Phrasings to make of each question, beside those it has; 0: none, no model [5; 0 for "
                  "pararel and myriadlama]")
      ->type_name("N")
      ->group(kGroup)
      ->check(whole_number(0, 1000));
  add("--max-draws", o.max_draws, "K",
      "Draws of one phrasing: duplicates, empty and cut-off ones are drawn again so often")
      ->check(whole_number(1, 100000));
  add("--max-new-tokens", o.max_new_tokens, "N", "Longest phrasing, in tokens")
      ->check(whole_number(1, 100000));
  add_sampling_options(command, o.sampling, o.seed, kGroup);
}

void add_output_options(CLI::App& command, Arguments& arguments) {
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command.add_option(name, value, help)->type_name(type)->group("Results");
  };
  add("--output", arguments.output, "FILE",
      "The file, .jsonl, .feather or .csv; manifest and log are written beside it "
      "[DIR/DATASET/MODEL/paraphrases.jsonl, DIR/DATASET/samples.jsonl without a model]");
  add("--output-dir", arguments.output_dir, "DIR", "Where it goes unless --output says so")
      ->capture_default_str();
  add("--tag", arguments.tag, "WORD", "In the file's name, unless --output gives it");
  command
      .add_flag("--rewrite", arguments.rewrite, "Start anew; what is there stays until the new file is whole")
      ->group("Results");
}

}  // namespace

void add_prepare_command(CLI::App& app) {
  auto* command =
      app.add_subcommand("prepare", "Write a data set to a file, with phrasings of its questions by a model");
  const auto arguments = std::make_shared<Arguments>();
  command->add_flag("--quiet", arguments->quiet, "No progress on stderr");
  command->add_flag("--json", arguments->json, "The summary as JSON");
  add_question_options(*command, arguments->dataset);
  command->add_option("SET", arguments->dataset.dataset, "The same as --dataset")
      ->type_name("NAME")
      ->excludes(command->get_option("--dataset"));
  command
      ->add_flag("--download", arguments->download,
                 "webqa, myriadlama: from the hub's cache, into which it is fetched where it is not there")
      ->group("Data")
      ->excludes(command->get_option("--data"));
  add_drawing_options(*command, *arguments);
  arguments->model.batch_size = kBatchSize;
  add_model_options(*command, arguments->model);
  add_output_options(*command, *arguments);
  command->footer(
      "Rows are {uuid, answers, question, paraphrases}; the first of the paraphrases is the question.\n"
      "Examples:\n"
      "  chorus prepare webqa --data DIR --num-paraphrases 5 --max-samples 300 --output webqa.jsonl\n"
      "  chorus prepare webqa --download ...   (in place of --data; HF_ENDPOINT, HF_TOKEN, HF_HUB_CACHE are "
      "read)\n"
      "  chorus generate --dataset webqa --data DIR --paraphrases webqa.jsonl --max-samples 300\n"
      "  chorus prepare pararel --data DIR --relations P36,P19 --output capitals.jsonl   (to look at and "
      "edit)\n"
      "Stop it at any moment and run it again: it goes on where it was, to the same bytes.");
  command->callback([arguments] { Preparation(*arguments).execute(); });
}

}  // namespace chorus::cli
