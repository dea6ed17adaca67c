// golden/models: the logits of every prompt token and 8 greedy tokens, packed and shared, float32.
#include <fmt/format.h>

#include <algorithm>

#include "core/dequantize.h"
#include "core/safetensors.h"
#include "golden/replay.h"

namespace chorus::golden {
namespace {

namespace fs = std::filesystem;

engine::Prompt prompt_of_case(const nlohmann::json& entry) {
  engine::Prompt prompt = engine::causal_prompt(entry.at("input_ids").get<std::vector<text::TokenId>>());
  std::fill(prompt.segment_of.begin(), prompt.segment_of.end(), -1);
  prompt.segments = 0;
  for (const auto& range : entry.at("segments")) {
    for (auto i = range.at(0).get<std::size_t>(); i < range.at(1).get<std::size_t>(); ++i)
      prompt.segment_of[i] = prompt.segments;
    ++prompt.segments;
  }
  prompt.free_from = entry.at("original_length").get<std::int32_t>();
  return prompt;
}

/// The first `tokens` tokens: what predicts the next one is then the last prompt row.
engine::Prompt truncated(engine::Prompt prompt, std::int32_t tokens) {
  const auto n = static_cast<std::size_t>(tokens);
  prompt.ids.resize(n);
  prompt.segment_of.resize(n);
  prompt.positions.resize(n);
  prompt.free_from = std::min(prompt.free_from, tokens);
  return prompt;
}

std::string run_case(model::Decoder& decoder, engine::Execution execution, const nlohmann::json& entry,
                     const std::vector<float>& logits, double& worst) {
  const engine::Prompt prompt = prompt_of_case(entry);
  const auto greedy = std::make_shared<engine::Greedy>();
  const auto generated =
      replay(decoder, execution, {{{prompt}, greedy}}, static_cast<std::int32_t>(entry["generated"].size()));
  if (auto differs = compare_tokens(generated[0].tokens, entry["generated"], entry["top2_margin"], kMargin);
      !differs.empty())
    return differs;
  std::vector<Played> prefixes;
  for (std::int32_t n = 1; n <= prompt.size(); ++n) prefixes.push_back({{truncated(prompt, n)}, greedy});
  const auto rows = replay(decoder, execution, prefixes, 1);
  const auto vocab = static_cast<std::size_t>(decoder.config().vocab);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::vector<double> expected(logits.begin() + static_cast<std::ptrdiff_t>(i * vocab),
                                       logits.begin() + static_cast<std::ptrdiff_t>((i + 1) * vocab));
    const double error = relative_error(rows[i].first_scores, expected);
    worst = std::max(worst, error);
    if (!(error <= kLogitsTolerance))
      return fmt::format("logits of prompt token {} differ by {:.2e} of their norm", i, error);
  }
  return "";
}

void run_model(const fs::path& folder, Report& report) {
  const std::string name = "models/" + folder.filename().string();
  const auto checkpoint = model::open_checkpoint(folder);
  model::Decoder decoder(checkpoint, model::make_cpu_backend(checkpoint->config(), model::Compute::f32, 0));
  const nlohmann::json cases = read_json(folder / "expected.json").at("cases");
  const core::SafeTensors tensors(folder / "expected.safetensors");
  double worst = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const core::TensorInfo& info = tensors.tensor(cases[i].at("logits_key").get<std::string>());
    std::vector<float> logits(static_cast<std::size_t>(core::elements(info)));
    core::dequantize(info.dtype, info.data, logits);
    std::string failure;
    for (const auto execution : {engine::Execution::packed, engine::Execution::shared})
      if (failure.empty())
        if (failure = run_case(decoder, execution, cases[i], logits, worst); !failure.empty())
          failure = fmt::format("{}: {}", golden::name(execution), failure);
    const std::string label = fmt::format("{} case {}", name, i);
    failure.empty() ? report.passed(label) : report.failed(label, failure);
  }
  report.note(fmt::format("{}: largest error {:.1e} of the logits' norm, allowed {:.0e}", name, worst,
                          kLogitsTolerance));
}

}  // namespace

void run_models(const Context& context, Report& report) {
  for_each_file(context, "models", report, [&](const fs::path& folder) { run_model(folder, report); });
}

}  // namespace chorus::golden
