#include "golden/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "support/recorder.h"

namespace chorus::golden {
namespace {

/// Segments named P0, P1, ... are those that weights and calibration speak of.
void mark_paraphrases(const nlohmann::json& entry, engine::Prompt& prompt) {
  const auto given = [&](const char* key) { return entry.contains(key) && !entry[key].is_null(); };
  if (!given("weights") && !given("calibration")) return;
  for (const std::string name : entry.at("segments")) {
    const bool paraphrase = name.starts_with('P');
    prompt.paraphrase_of.push_back(paraphrase ? std::stoi(name.substr(1)) : -1);
    prompt.paraphrases += paraphrase ? 1 : 0;
  }
  if (given("weights")) prompt.fusion.weights = entry["weights"].get<std::vector<float>>();
  if (!given("calibration")) return;
  prompt.fusion.temperature = entry["calibration"].at(0);
  prompt.fusion.scale = entry["calibration"].at(1);
}

}  // namespace

std::vector<Replay> replay(model::Decoder& decoder, engine::Execution execution,
                           const std::vector<Played>& groups, std::int32_t new_tokens) {
  std::vector<Replay> replays(groups.size());
  engine::Engine engine(decoder, nullptr, {.execution = execution, .kv_memory = std::size_t{256} << 20});
  std::size_t taken = 0;
  engine.run(
      [&]() -> std::optional<engine::Request> {
        if (taken == groups.size()) return std::nullopt;
        engine::Request request;
        request.index = static_cast<std::int64_t>(taken);
        request.id = fmt::format("case {}", taken);
        request.prompts = groups[taken].prompts;
        request.next = std::make_shared<test::Recorder>(groups[taken].next, replays[taken].first_scores);
        request.stop = {.max_new_tokens = new_tokens};
        ++taken;
        return request;
      },
      {.done = [&](engine::Result result) {
        replays[static_cast<std::size_t>(result.index)].tokens = std::move(result.tokens);
      }});
  return replays;
}

engine::Prompt prompt_from(const nlohmann::json& entry) {
  engine::Prompt prompt;
  prompt.ids = entry.at("input_ids").get<std::vector<text::TokenId>>();
  prompt.segment_of = entry.at("segment_of").get<std::vector<std::int32_t>>();
  for (const std::int32_t s : prompt.segment_of) prompt.segments = std::max(prompt.segments, s + 1);
  if (entry.contains("segments")) prompt.segments = static_cast<std::int32_t>(entry["segments"].size());
  for (const auto& pair : entry.at("sees")) prompt.sees.emplace_back(pair.at(0), pair.at(1));
  const auto& positions = entry.at("position_ids");
  if (positions.is_string()) {
    prompt.positions.resize(prompt.ids.size());
    std::iota(prompt.positions.begin(), prompt.positions.end(), 0);
  } else {
    prompt.positions = positions.get<std::vector<std::int32_t>>();
  }
  prompt.free_from = entry.value("cue_start", prompt.size());
  mark_paraphrases(entry, prompt);
  return prompt;
}

double relative_error(std::span<const float> got, std::span<const double> expected) {
  double difference = 0, norm = 0;
  if (got.size() != expected.size()) return std::nan("");
  for (std::size_t i = 0; i < got.size(); ++i) {
    difference += std::pow(static_cast<double>(got[i]) - expected[i], 2);
    norm += expected[i] * expected[i];
  }
  return std::sqrt(difference / norm);
}

std::string compare_tokens(const std::vector<text::TokenId>& got, const nlohmann::json& expected,
                           const nlohmann::json& margins, double least) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (margins.at(i).get<double>() < least) return "";
    if (i >= got.size() || got[i] != expected.at(i).get<text::TokenId>())
      return fmt::format("token {} is {}, expected {} (margin {})", i, i < got.size() ? got[i] : -1,
                         expected.at(i).get<text::TokenId>(), margins.at(i).get<double>());
  }
  return "";
}

const char* name(engine::Execution execution) {
  return execution == engine::Execution::packed ? "packed" : "shared";
}

}  // namespace chorus::golden
