#include "engine/prompt.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"

namespace chorus::engine {

namespace {
// Sums of positions stay in 32 bits.
constexpr std::int32_t kLargestPosition = (1 << 30) - 1;

void check_fusion(const Prompt& prompt) {
  const Fusion& fusion = prompt.fusion;
  const auto refuse = [](std::string got, std::string expected) {
    throw Error(ErrorKind::data, std::move(got), std::move(expected), "check weights and calibration");
  };
  if (!fusion.weights.empty() && fusion.weights.size() != static_cast<std::size_t>(prompt.paraphrases))
    refuse(fmt::format("{} weights for {} paraphrases", fusion.weights.size(), prompt.paraphrases),
           "one for each, or none");
  for (const float weight : fusion.weights)
    if (!(weight >= 0) || !std::isfinite(weight))
      refuse(fmt::format("a paraphrase of weight {}", weight), "a finite number, 0 or more");
  for (const float value : {fusion.temperature, fusion.scale})
    if (!(value > 0) || !std::isfinite(value))
      refuse(fmt::format("context temperature {}, scale {}", fusion.temperature, fusion.scale),
             "finite numbers above 0");
}

}  // namespace

std::int32_t Prompt::next_position() const {
  return positions.empty() ? 0 : 1 + *std::max_element(positions.begin(), positions.end());
}

void check(const Prompt& prompt, std::int64_t vocab) {
  const auto refuse = [](std::string got, std::string expected) {
    throw Error(ErrorKind::data, std::move(got), std::move(expected), "check the layout");
  };
  if (prompt.ids.empty()) refuse("a prompt of no tokens", "at least one");
  if (prompt.segment_of.size() != prompt.ids.size() || prompt.positions.size() != prompt.ids.size())
    refuse(fmt::format("{} tokens, {} segment numbers, {} positions", prompt.ids.size(),
                       prompt.segment_of.size(), prompt.positions.size()),
           "one of each for every token");
  for (const auto id : prompt.ids)
    if (id < 0 || id >= vocab) refuse(fmt::format("token id {}", id), fmt::format("0 to {}", vocab - 1));
  for (const auto segment : prompt.segment_of)
    if (segment < -1 || segment >= prompt.segments)
      refuse(fmt::format("segment {} of {}", segment, prompt.segments), "-1 or a segment's number");
  for (const auto& [a, b] : prompt.sees)
    if (a < 0 || b < 0 || a >= prompt.segments || b >= prompt.segments)
      refuse(fmt::format("segment {} sees {}", a, b), fmt::format("numbers below {}", prompt.segments));
  if (prompt.free_from < 0 || prompt.free_from > prompt.size())
    refuse(fmt::format("free rows from {}", prompt.free_from), fmt::format("0 to {}", prompt.size()));
  if (!prompt.paraphrase_of.empty() &&
      prompt.paraphrase_of.size() != static_cast<std::size_t>(prompt.segments))
    refuse(fmt::format("{} paraphrase marks for {} segments", prompt.paraphrase_of.size(), prompt.segments),
           "one for each");
  for (const auto p : prompt.paraphrase_of)
    if (p < -1 || p >= prompt.paraphrases)
      refuse(fmt::format("a segment of paraphrase {} of {}", p, prompt.paraphrases),
             "-1 or a paraphrase's number");
  for (const auto p : prompt.positions)
    if (p < 0 || p > kLargestPosition)
      refuse(fmt::format("position {}", p), fmt::format("0 to {}", kLargestPosition));
  check_fusion(prompt);
}

Prompt causal_prompt(std::vector<text::TokenId> ids) {
  Prompt prompt;
  prompt.positions.resize(ids.size());
  std::iota(prompt.positions.begin(), prompt.positions.end(), 0);
  prompt.segment_of.assign(ids.size(), 0);
  prompt.segments = 1;
  prompt.ids = std::move(ids);
  prompt.free_from = prompt.size();
  return prompt;
}

std::vector<Run> runs_of(const Prompt& prompt) {
  std::vector<Run> runs;
  for (std::int32_t i = 0; i < prompt.free_from; ++i) {
    const std::int32_t segment = prompt.segment_of[static_cast<std::size_t>(i)];
    if (runs.empty() || runs.back().segment != segment) runs.push_back({segment, i, i});
    runs.back().end = i + 1;
  }
  return runs;
}

std::vector<std::uint8_t> sees_matrix(const Prompt& prompt) {
  const auto n = static_cast<std::size_t>(prompt.segments);
  std::vector<std::uint8_t> matrix(n * n, 0);
  for (std::size_t i = 0; i < n; ++i) matrix[i * n + i] = 1;
  for (const auto& [a, b] : prompt.sees)
    matrix[static_cast<std::size_t>(a) * n + static_cast<std::size_t>(b)] = 1;
  return matrix;
}

std::vector<float> log_weights(const Fusion& fusion) {
  std::vector<float> logs;
  for (const float weight : fusion.weights) logs.push_back(std::log(weight));
  return logs;
}

}  // namespace chorus::engine
