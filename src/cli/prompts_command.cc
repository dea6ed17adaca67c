// chorus prompts: what exactly a model would read: texts, token ids, segments. Needs a tokenizer, no weights.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/model_options.h"
#include "cli/option_checks.h"
#include "cli/run_options.h"
#include "core/log.h"
#include "data/json.h"
#include "report/mask_view.h"

namespace chorus::cli {
namespace {

struct Arguments {
  ModelOptions model;
  LayoutArguments layout;
  PromptArguments prompt;
  data::DatasetOptions dataset;
  std::string method = "flex", mask = "none";
  bool json = false;
};

/// A stretch of a prompt: a segment, tokens of no segment, or free rows.
struct Stretch {
  std::string label;  // as chorus mask calls it; "-": of no segment
  std::int32_t begin = 0, end = 0;
};

std::vector<Stretch> stretches_of(const engine::Prompt& prompt) {
  const report::MaskView view(prompt, 0);
  std::vector<Stretch> stretches;
  std::int32_t end = 0;
  for (const report::MaskSegment& s : view.segments()) {
    if (s.begin > end) stretches.push_back({"-", end, s.begin});
    stretches.push_back({s.label, s.begin, s.end});
    end = s.end;
  }
  if (end < prompt.size()) stretches.push_back({"-", end, prompt.size()});
  return stretches;
}

std::span<const text::TokenId> ids_of(const engine::Prompt& prompt, const Stretch& stretch) {
  return std::span(prompt.ids)
      .subspan(static_cast<std::size_t>(stretch.begin),
               static_cast<std::size_t>(stretch.end - stretch.begin));
}

void print_prompt(const engine::Prompt& prompt, const text::Tokenizer& tokenizer) {
  for (const Stretch& stretch : stretches_of(prompt)) {
    const auto ids = ids_of(prompt, stretch);
    fmt::print(stdout, "segment {}, tokens {}-{}, positions {}-{}\n{}\n  ids {}\n", stretch.label,
               stretch.begin, stretch.end - 1, prompt.positions[static_cast<std::size_t>(stretch.begin)],
               prompt.positions[static_cast<std::size_t>(stretch.end - 1)], tokenizer.decode(ids, false),
               fmt::join(ids, " "));
  }
}

void print_mask(const engine::Prompt& prompt, const std::string& by) {
  if (by == "none") return;
  constexpr std::int32_t kGenerated = 5;
  const report::MaskView view(prompt, kGenerated);
  fmt::print(stdout, "{}\n{}", by == "segment" ? view.by_segment() : view.text(), view.legend());
}

data::Json json_of(const engine::Prompt& prompt, const text::Tokenizer& tokenizer) {
  data::Json segments = data::Json::array();
  for (const Stretch& stretch : stretches_of(prompt))
    segments.push_back({{"segment", stretch.label},
                        {"begin", stretch.begin},
                        {"end", stretch.end},
                        {"text", tokenizer.decode(ids_of(prompt, stretch), false)}});
  return {{"ids", prompt.ids}, {"positions", prompt.positions}, {"segments", segments}};
}

void prompts(Arguments arguments) {
  const core::Log log(arguments.json);
  const ensemble::Method method = ensemble::method_from(arguments.method);
  arguments.prompt.num_paraphrases = data::settle(arguments.dataset.choice, arguments.prompt.num_paraphrases);
  arguments.dataset.num_paraphrases = arguments.prompt.num_paraphrases;
  const ensemble::RunOptions options = arguments.prompt.options(method, arguments.layout);
  const data::Dataset dataset = data::load_dataset(arguments.dataset);
  for (const std::string& note : dataset.notes) log.info("{}", note);
  const LoadedModel model = open_model(choose_model(arguments.model));
  const ensemble::Experiment experiment(options, dataset, *model.tokenizer, model.stop_ids);
  data::Json all = data::Json::array();
  for (std::size_t sample = 0; sample < dataset.samples.size(); ++sample) {
    const std::string& uuid = dataset.samples[sample].uuid;
    data::Json of_sample = data::Json::array();
    for (const engine::Request& request : experiment.requests(sample))
      for (const engine::Prompt& prompt : request.prompts) {
        of_sample.push_back(json_of(prompt, *model.tokenizer));
        if (arguments.json) continue;
        fmt::print(stdout, "{}question {}, prompt {}: {} tokens\n",
                   sample == 0 && of_sample.size() == 1 ? "" : "\n", uuid, of_sample.size(), prompt.size());
        print_prompt(prompt, *model.tokenizer);
        print_mask(prompt, arguments.mask);
      }
    all.push_back({{"uuid", uuid}, {"prompts", of_sample}});
  }
  if (arguments.json) fmt::print(stdout, "{}\n", all.dump(2));
}

}  // namespace

void add_prompts_command(CLI::App& app) {
  auto* command =
      app.add_subcommand("prompts", "Print the exact prompts of a data set: text, token ids, segments");
  const auto arguments = std::make_shared<Arguments>();
  arguments->dataset.max_samples = 3;
  command->add_flag("--json", arguments->json, "As JSON");
  command->add_option("--method", arguments->method, "flex: one sequence; others: each phrasing alone")
      ->type_name("NAME")
      ->capture_default_str()
      ->group("Method");
  command->add_option("--mask", arguments->mask, "The mask of each prompt: none, segment or token")
      ->type_name("WHAT")
      ->check(one_of({"none", "segment", "token"}))
      ->capture_default_str();
  add_layout_options(*command, arguments->layout);
  add_dataset_options(*command, arguments->dataset);
  add_prompt_options(*command, arguments->prompt);
  add_phrasing_options(*command, arguments->dataset.choice);
  add_model_options(*command, arguments->model);
  command->footer("Example:\n  chorus prompts --limit 1 --num-paraphrases 2 --num-few-shot 1");
  command->callback([arguments] { prompts(*arguments); });
}

}  // namespace chorus::cli
