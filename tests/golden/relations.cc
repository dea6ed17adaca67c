// golden/relations: layouts, weights, calibration and random sees-relations on the tiny models, packed and shared, float32.
#include <fmt/format.h>

#include <algorithm>

#include "golden/replay.h"

namespace chorus::golden {
namespace {

namespace fs = std::filesystem;

std::string run_case(model::Decoder& decoder, const nlohmann::json& entry, double& worst) {
  const Played played{{prompt_from(entry)}, std::make_shared<engine::Greedy>()};
  const auto expected = entry.at("last_logits").get<std::vector<double>>();
  for (const auto execution : {engine::Execution::packed, engine::Execution::shared}) {
    const char* how = name(execution);
    const Replay got =
        replay(decoder, execution, {played}, static_cast<std::int32_t>(entry.at("generated").size())).front();
    const double error = relative_error(got.first_scores, expected);
    worst = std::max(worst, error);
    if (!(error <= kLogitsTolerance))
      return fmt::format("{}: the last row's logits differ by {:.2e} of their norm", how, error);
    if (const auto differs =
            compare_tokens(got.tokens, entry.at("generated"), entry.at("top2_margin"), kMargin);
        !differs.empty())
      return fmt::format("{}: {}", how, differs);
  }
  return "";
}

void run_file(const fs::path& file, const fs::path& folder, Report& report) {
  const nlohmann::json cases = read_json(file).at("cases");
  const std::string name = "relations/" + file.stem().string();
  if (!fs::exists(folder / "config.json")) {
    for (const auto& entry : cases)
      report.skipped(fmt::format("{} {}", name, entry.value("name", "")), folder.string());
    return;
  }
  const auto checkpoint = model::open_checkpoint(folder);
  model::Decoder decoder(checkpoint, model::make_cpu_backend(checkpoint->config(), model::Compute::f32, 0));
  double worst = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const std::string label = fmt::format("{} case {} ({})", name, i, cases[i].value("name", ""));
    const std::string failure = run_case(decoder, cases[i], worst);
    failure.empty() ? report.passed(label) : report.failed(label, failure);
  }
  report.note(fmt::format("{}: largest error {:.1e} of the logits' norm, allowed {:.0e}", name, worst,
                          kLogitsTolerance));
}

}  // namespace

void run_relations(const Context& context, Report& report) {
  for_each_file(context, "relations", report,
                [&](const fs::path& file) { run_file(file, context.dir / "models" / file.stem(), report); });
}

}  // namespace chorus::golden
