// golden/smollm2: real questions on the real weights against a float64 reference, for layouts and output ensembles.
#include <fmt/format.h>

#include <algorithm>

#include "ensemble/layout.h"
#include "ensemble/methods.h"
#include "golden/replay.h"

namespace chorus::golden {
namespace {

namespace fs = std::filesystem;

constexpr std::int32_t kSteps = 8;  // tokens the golden files hold

/// One expected outcome of a case: a layout run or an output ensemble.
struct Expected {
  std::string name;
  Played played;
  const nlohmann::json* entry = nullptr;
  double least_margin = kMargin;
};

std::vector<engine::Prompt> single_prompts(const nlohmann::json& entry, std::size_t count) {
  std::vector<engine::Prompt> prompts;
  for (const auto& ids : entry.at("prompt_ids"))
    if (prompts.size() < count)
      prompts.push_back(engine::causal_prompt(ids.get<std::vector<text::TokenId>>()));
  return prompts;
}

std::vector<Expected> expectations(const nlohmann::json& entry) {
  std::vector<Expected> list;
  for (const auto& run : entry.at("runs")) {
    const std::string name = fmt::format("{} scope={} cue={} positions={}", run.value("layout", ""),
                                         run.value("separator_scope", "-"), run.value("cue_mode", ""),
                                         run.value("positions", "sequential"));
    list.push_back({name, {{prompt_from(run)}, std::make_shared<engine::Greedy>()}, &run});
  }
  for (const auto method : {ensemble::Method::origin, ensemble::Method::avg, ensemble::Method::max}) {
    const std::string name(ensemble::name(method));
    if (!entry.contains(name)) continue;
    const std::size_t prompts = method == ensemble::Method::origin ? 1 : entry.at("prompt_ids").size();
    list.push_back({name,
                    {single_prompts(entry, prompts), ensemble::next_token(method)},
                    &entry.at(name),
                    method == ensemble::Method::max ? kProbabilityMargin : kMargin});
  }
  return list;
}

/// The 20 golden values of the first step against ours at the same ids.
double first_step_error(const Replay& got, const nlohmann::json& top) {
  std::vector<float> ours;
  std::vector<double> theirs;
  for (const auto& pair : top) {
    ours.push_back(got.first_scores.at(pair.at(0).get<std::size_t>()));
    theirs.push_back(pair.at(1).get<double>());
  }
  return relative_error(ours, theirs);
}

struct Agreement {
  std::size_t equal = 0, tokens = 0;
};

std::string check_case(model::Decoder& decoder, engine::Execution execution,
                       const std::vector<Expected>& expected, double& worst) {
  const char* how = name(execution);
  std::vector<Played> groups;
  for (const Expected& e : expected) groups.push_back(e.played);
  const auto got = replay(decoder, execution, groups, kSteps);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const nlohmann::json& entry = *expected[i].entry;
    const double error = first_step_error(got[i], entry.at("first_top20"));
    worst = std::max(worst, error);
    if (!(error <= kLogitsTolerance))
      return fmt::format("{} {}: first step differs by {:.2e} of its norm", how, expected[i].name, error);
    const auto differs = compare_tokens(got[i].tokens, entry.at("generated"), entry.at("top2_margin"),
                                        expected[i].least_margin);
    if (!differs.empty()) return fmt::format("{} {}: {}", how, expected[i].name, differs);
  }
  return "";
}

void count_equal(model::Decoder& decoder, const std::vector<Expected>& expected, Agreement& agreement) {
  std::vector<Played> groups;
  for (const Expected& e : expected) groups.push_back(e.played);
  const auto got = replay(decoder, engine::Execution::shared, groups, kSteps);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto tokens = expected[i].entry->at("generated").get<std::vector<text::TokenId>>();
    for (std::size_t t = 0; t < tokens.size(); ++t, ++agreement.tokens)
      agreement.equal += got[i].tokens.at(t) == tokens[t];
  }
}

/// What chorus builds from the case's texts: complete prompts, and the sequence of every layout run.
std::string check_prompts(const nlohmann::json& entry, const text::Tokenizer& tokenizer) {
  std::vector<data::PromptParts> parts;
  for (const auto& phrasing : entry.at("phrasings"))
    parts.push_back({entry.at("prefix").get<std::string>(), "Q: " + phrasing.get<std::string>(),
                     entry.at("cue").get<std::string>()});
  for (std::size_t p = 0; p < parts.size(); ++p)
    if (ensemble::build_single(tokenizer, parts[p]).ids !=
        entry.at("prompt_ids").at(p).get<std::vector<text::TokenId>>())
      return fmt::format("the ids of prompt {} differ", p);
  for (const auto& run : entry.at("runs")) {
    ensemble::LayoutOptions options;
    options.kind = ensemble::layout_kind_from(run.at("layout").get<std::string>());
    if (!options.is_concat()) options.bos_scope = ensemble::BosScope::all;
    options.separator_scope = ensemble::separator_scope_from(run.value("separator_scope", "none"));
    options.cue = ensemble::cue_from(run.at("cue_mode").get<std::string>());
    options.positions = ensemble::positions_from(run.value("positions", "sequential"));
    const engine::Prompt ours = ensemble::build_layout(options, tokenizer, parts), theirs = prompt_from(run);
    const std::string name =
        fmt::format("{} {}", run.at("layout").get<std::string>(), run.at("cue_mode").get<std::string>());
    if (ours.ids != theirs.ids) return name + ": the ids of the sequence differ";
    if (ours.positions != theirs.positions) return name + ": the positions differ";
    for (std::int32_t i = 0; i < ours.free_from; ++i)
      if (ours.segment_of[static_cast<std::size_t>(i)] != theirs.segment_of[static_cast<std::size_t>(i)])
        return fmt::format("{}: token {} is of another segment", name, i);
  }
  return "";
}

void run_file(const fs::path& file, const Context& context, Report& report) {
  const nlohmann::json golden = read_json(file);
  const std::string name = "smollm2/" + file.stem().string();
  const auto& cases = golden.at("cases");
  if (!fs::exists(context.smollm2)) {
    for (std::size_t i = 0; i < cases.size(); ++i)
      report.skipped(fmt::format("{} case {}", name, i), context.smollm2.string());
    return;
  }
  const auto checkpoint = model::open_checkpoint(context.smollm2);
  const text::Tokenizer tokenizer = text::Tokenizer::from_gguf(*checkpoint->gguf());
  model::Decoder exact(checkpoint, model::make_cpu_backend(checkpoint->config(), model::Compute::f32, 0));
  double worst = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto expected = expectations(cases[i]);
    std::string failure = check_prompts(cases[i], tokenizer);
    for (const auto execution : {engine::Execution::packed, engine::Execution::shared})
      if (failure.empty()) failure = check_case(exact, execution, expected, worst);
    const std::string label = fmt::format("{} case {} ({})", name, i, cases[i].value("subject", ""));
    failure.empty() ? report.passed(label) : report.failed(label, failure);
  }
  report.note(fmt::format("{}: largest error {:.1e} of the first step's norm, allowed {:.0e}", name, worst,
                          kLogitsTolerance));
  if (model::fastest_compute() != model::Compute::bf16)
    return report.note(name + ": no bf16 multiplication on this processor");
  model::Decoder narrow(checkpoint, model::make_cpu_backend(checkpoint->config(), model::Compute::bf16, 0));
  Agreement agreement;
  for (const auto& entry : cases) count_equal(narrow, expectations(entry), agreement);
  report.note(fmt::format("{}: bf16: {} of {} tokens equal ({:.1f} %)", name, agreement.equal,
                          agreement.tokens,
                          100.0 * static_cast<double>(agreement.equal) /
                              static_cast<double>(std::max<std::size_t>(1, agreement.tokens))));
}

}  // namespace

void run_smollm2(const Context& context, Report& report) {
  for_each_file(context, "smollm2", report, [&](const fs::path& file) { run_file(file, context, report); });
}

}  // namespace chorus::golden
