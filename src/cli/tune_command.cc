// chorus tune: picks layout and calibration on questions that are then left out of what is scored.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/dataset_run.h"
#include "cli/interrupt.h"
#include "cli/option_checks.h"
#include "cli/tuned.h"
#include "core/error.h"
#include "core/progress.h"
#include "data/durable_file.h"
#include "data/python_random.h"
#include "eval/score.h"
#include "eval/table.h"

namespace chorus::cli {
namespace {

constexpr std::size_t kDevSamples = 100;  // unless that is more than a third of the set

struct Arguments {
  ModelOptions model;
  PromptArguments prompt;
  data::DatasetOptions dataset;
  std::string output_dir = "results", objective = "accuracy";
  std::optional<std::size_t> dev_samples;
  std::uint64_t seed = 0;
  bool quiet = false, json = false;
};

struct Candidate {
  LayoutArguments layout;
  double accuracy = 0, gold_logprob = 0;
};

class Tuning {
 public:
  explicit Tuning(Arguments arguments) : arguments_(std::move(arguments)), log_(arguments_.quiet) {
    arguments_.prompt.options(ensemble::Method::flex, {});
    choice_ = choose_model(arguments_.model);
    arguments_.dataset.num_paraphrases = arguments_.prompt.num_paraphrases;
    dataset_ = data::load_dataset(arguments_.dataset);
    take_split();
    model_ = load_model(choice_, arguments_.model.threads);
  }

  void execute() {
    for (const std::string& note : dataset_.notes) log_.info("{}", note);
    log_.info("{} questions to tune on; {}: {}", dataset_.samples.size(), choice_.ref.name,
              model_.decoder->backend().description());
    for (const char* layout : {"shared", "concat"})
      for (const char* positions : {"aligned", "sequential"}) try_layout(layout, positions);
    const LayoutArguments base = best().layout;
    for (const double temperature : {1.0, 0.9, 0.8})
      for (const double scale : {1.0, 0.9, 0.8})
        if (temperature != 1 || scale != 1) try_calibration(base, temperature, scale);
    write();
  }

 private:
  /// The development split: a seeded draw over the whole data set, in its order.
  void take_split() {
    const std::size_t n = dataset_.samples.size();
    const std::size_t k = arguments_.dev_samples.value_or(std::clamp<std::size_t>(n / 3, 1, kDevSamples));
    if (k >= n)
      throw Error(ErrorKind::data, fmt::format("--dev-samples {} of {} questions", k, n),
                  "fewer than there are: the others are for scoring",
                  n > 1 ? "lower --dev-samples" : "use a data set of more questions");
    std::vector<std::size_t> picked = data::PythonRandom(arguments_.seed).sample(n, k);
    std::sort(picked.begin(), picked.end());
    std::vector<data::Sample> split;
    for (const std::size_t i : picked) split.push_back(std::move(dataset_.samples[i]));
    dataset_.samples = std::move(split);
  }

  void try_layout(const char* layout, const char* positions) {
    LayoutArguments arguments;
    arguments.layout = layout;
    arguments.cue = "fused";
    arguments.positions = positions;
    arguments.calibration = "none";
    evaluate(std::move(arguments));
  }
  void try_calibration(LayoutArguments arguments, double temperature, double scale) {
    arguments.calibration = "ape";
    arguments.context_temperature = temperature;
    arguments.context_scale = scale;
    evaluate(std::move(arguments));
  }

  void evaluate(LayoutArguments layout) {
    ensemble::RunOptions run = arguments_.prompt.options(ensemble::Method::flex, layout);
    run.gold_logprob = true;
    if (arguments_.prompt.chat_template) run.chat = ensemble::ChatTemplate::of(*model_.checkpoint);
    const ensemble::Experiment experiment(run, dataset_, *model_.tokenizer, model_.stop_ids);
    engine::Engine engine(*model_.decoder, model_.tokenizer.get(), engine_options(arguments_.model));
    std::vector<std::size_t> all(dataset_.samples.size());
    std::vector<double> right(all.size()), gold(all.size());  // summed in the data set's order
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    core::Progress progress(fmt::format("candidate {}", candidates_.size() + 1),
                            static_cast<std::int64_t>(all.size()), arguments_.quiet);
    experiment.run(engine, all,
                   {.rows =
                        [&](std::size_t i, const std::vector<data::Json>& rows) {
                          const data::Json& row = rows.front();
                          right[i] = eval::is_match(row.at("prediction").get<std::string>(),
                                                    dataset_.samples[i].answers)
                                         ? 1
                                         : 0;
                          gold[i] = best_of(row.at("gold_logprob"));
                          progress.advance(1);
                        },
                    .cancelled = interrupted});
    progress.finish();
    Candidate candidate{.layout = std::move(layout)};
    for (std::size_t i = 0; i < all.size(); ++i) {
      candidate.accuracy += right[i] / static_cast<double>(all.size());
      candidate.gold_logprob += gold[i] / static_cast<double>(all.size());
    }
    candidates_.push_back(std::move(candidate));
  }
  static double best_of(const data::Json& logprobs) {
    double best = -std::numeric_limits<double>::infinity();
    for (const auto& value : logprobs) best = std::max(best, value.get<double>());
    return best;
  }

  /// By the objective, ties by the other figure; the first of equals.
  const Candidate& best() const {
    const bool by_gold = arguments_.objective == "gold-logprob";
    return *std::max_element(
        candidates_.begin(), candidates_.end(), [&](const Candidate& a, const Candidate& b) {
          const std::pair left{by_gold ? a.gold_logprob : a.accuracy, by_gold ? a.accuracy : a.gold_logprob};
          const std::pair right{by_gold ? b.gold_logprob : b.accuracy, by_gold ? b.accuracy : b.gold_logprob};
          return left < right;
        });
  }

  void write() const {
    data::Json json{{"dataset", dataset_.name},
                    {"dataset_sha256", dataset_.digest},
                    {"model", choice_.ref.name},
                    {"num_paraphrases", arguments_.prompt.num_paraphrases},
                    {"objective", arguments_.objective},
                    {"seed", arguments_.seed},
                    {"options", layout_json(best().layout)}};
    eval::Table table({{"layout", eval::Table::words},
                       {"positions", eval::Table::words},
                       {"T", eval::Table::number},
                       {"s", eval::Table::number},
                       {"accuracy", eval::Table::number},
                       {"gold logprob", eval::Table::number}});
    for (const Candidate& c : candidates_) {
      table.add({*c.layout.layout, *c.layout.positions,
                 fmt::format("{}", c.layout.context_temperature.value_or(1)),
                 fmt::format("{}", c.layout.context_scale.value_or(1)), fmt::format("{:.3f}", c.accuracy),
                 fmt::format("{:.4f}", c.gold_logprob)});
      json["candidates"].push_back(
          {{"options", layout_json(c.layout)}, {"accuracy", c.accuracy}, {"gold_logprob", c.gold_logprob}});
    }
    for (const data::Sample& sample : dataset_.samples) json["questions"].push_back(sample.uuid);
    const auto folder = data::result_folder(arguments_.output_dir, dataset_.name, choice_.ref.name);
    const auto file = folder / fmt::format("tuned-{}.json", arguments_.prompt.num_paraphrases);
    data::make_folder(folder);
    data::write_durable(file, json.dump(2) + "\n");
    if (arguments_.json) {
      fmt::print(stdout, "{}\n", json.dump(2));
    } else {
      fmt::print(stdout, "{}picked: {}\n", table.text(), json["options"].dump());
    }
    log_.info("written: {}; use it with 'chorus generate --tuned {}'", file.string(), file.string());
  }

  Arguments arguments_;
  core::Log log_;
  ModelChoice choice_;
  data::Dataset dataset_;
  LoadedModel model_;
  std::vector<Candidate> candidates_;
};

}  // namespace

void add_tune_command(CLI::App& app) {
  auto* command =
      app.add_subcommand("tune", "Pick layout and calibration of flex on questions that are then not scored");
  const auto arguments = std::make_shared<Arguments>();
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command->add_option(name, value, help)->type_name(type)->capture_default_str()->group("Tuning");
  };
  command->add_flag("--quiet", arguments->quiet, "No progress on stderr");
  command->add_flag("--json", arguments->json, "Print what is written");
  command
      ->add_option("--dev-samples", arguments->dev_samples,
                   "Questions to tune on, drawn from the whole data set [100, at most a third of it]")
      ->type_name("K")
      ->group("Tuning")
      ->check(whole_number(1, 1000000));
  add("--seed", arguments->seed, "K", "Of the draw");
  add("--objective", arguments->objective, "WHAT",
      "accuracy, or gold-logprob: the mean log-probability of the likeliest accepted answer. The other "
      "breaks ties")
      ->check(one_of({"accuracy", "gold-logprob"}));
  add("--output-dir,--output-path", arguments->output_dir, "DIR",
      "The result goes to DIR/DATASET/MODEL/tuned-N.json");
  add_dataset_options(*command, arguments->dataset);
  add_chat_option(*command, arguments->prompt);
  add_prompt_options(*command, arguments->prompt);
  add_model_options(*command, arguments->model);
  command->footer(
      "Tries shared and concat with aligned and sequential positions, then the calibrations of the best of "
      "them: 12 "
      "runs.\n"
      "Example:\n  chorus tune --dev-samples 30\n"
      "  chorus generate --tuned results/builtin/smollm2-135m/tuned-5.json");
  command->callback([arguments] { Tuning(*arguments).execute(); });
}

}  // namespace chorus::cli
