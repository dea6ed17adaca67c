// Draws: the distribution against Transformers' rules in double precision (data/make_sampler.py), the numbers against the
// published generator, the frequencies against the distribution.
#include "engine/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <set>

#include "core/vector_math.h"
#include "support/errors.h"

namespace chorus::engine {
namespace {

nlohmann::json cases() {
  std::ifstream in(std::string(CHORUS_SOURCE_DIR) + "/tests/engine/data/sampler.json");
  return nlohmann::json::parse(in).at("cases");
}

SamplingOptions options_of(const nlohmann::json& entry) {
  return {.temperature = entry.at("temperature"), .top_k = entry.at("top_k"), .top_p = entry.at("top_p")};
}

TEST(Sampler, LeavesWhatTransformersWouldLeave) {
  for (const auto& entry : cases()) {
    SCOPED_TRACE(entry.at("top_k").dump() + " " + entry.at("top_p").dump());
    const auto logits = entry.at("logits").get<std::vector<float>>();
    const auto expected = entry.at("probabilities").get<std::vector<double>>();
    const std::vector<std::span<const float>> rows{logits};
    std::vector<float> scratch;
    const auto scores = Sampler(options_of(entry), 1).scores(rows, scratch);
    const double total = core::sum(scores);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(scores[i] == 0.0F, expected[i] == 0) << i;
      EXPECT_NEAR(static_cast<double>(scores[i]) / total, expected[i], 3e-6) << i;
    }
  }
}

TEST(Sampler, DrawsAsOftenAsIsLikely) {
  const auto entry = cases()[8];
  const auto logits = entry.at("logits").get<std::vector<float>>();
  const auto expected = entry.at("probabilities").get<std::vector<double>>();
  const std::vector<std::span<const float>> rows{logits};
  constexpr int kDraws = 20000;
  std::vector<int> counts(expected.size(), 0);
  for (int i = 0; i < kDraws; ++i) {
    const Choice choice = Sampler(options_of(entry), draw_key(3, {"q", std::to_string(i)}))
                              .choose(rows, static_cast<std::size_t>(i % 7));
    const auto token = static_cast<std::size_t>(choice.token);
    EXPECT_NEAR(choice.logprob, std::log(expected[token]), 1e-5);
    ++counts[token];
  }
  double chi = 0;
  int kept = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] == 0) {
      EXPECT_EQ(counts[i], 0);
      continue;
    }
    ++kept;
    chi += std::pow(counts[i] - kDraws * expected[i], 2) / (kDraws * expected[i]);
  }
  // Mean k, deviation sqrt(2 k): five deviations.
  EXPECT_LT(chi, kept - 1 + 5 * std::sqrt(2.0 * (kept - 1)));
}

TEST(Sampler, NumbersAreSplitMix64) {
  // The generator's published first outputs from seed 0.
  const std::uint64_t outputs[] = {0xE220A8397B1DCDAFULL, 0x6E789E6AA1B965F4ULL, 0x06C45D188009454FULL};
  for (std::size_t step = 0; step < 3; ++step)
    EXPECT_EQ(uniform(0, step), static_cast<double>(outputs[step] >> 11) * 0x1p-53);
}

TEST(Sampler, KeysDifferByEveryPart) {
  const std::set<std::uint64_t> keys{
      draw_key(0, {}),         draw_key(1, {}),         draw_key(0, {""}),       draw_key(0, {"a", "b"}),
      draw_key(0, {"ab", ""}), draw_key(0, {"", "ab"}), draw_key(0, {"b", "a"}), draw_key(1, {"a", "b"})};
  EXPECT_EQ(keys.size(), 8U);
  EXPECT_EQ(draw_key(7, {"x"}), draw_key(7, {"x"}));
}

TEST(Sampler, RefusesWhatCannotBeDrawn) {
  test::expect_error(ErrorKind::usage, "--temperature 0", [] { check(SamplingOptions{.temperature = 0}); });
  test::expect_error(ErrorKind::usage, "--top-k -1", [] { check(SamplingOptions{.top_k = -1}); });
  for (const double p : {0.0, 1.01, std::nan("")})
    test::expect_error(ErrorKind::usage, "--top-p", [&] { check(SamplingOptions{.top_p = p}); });
  const std::vector<float> nan(4, NAN);
  const std::vector<std::span<const float>> rows{nan};
  test::expect_error(ErrorKind::model, "NaN or infinite", [&] { Sampler({}, 1).choose(rows); });
}

}  // namespace
}  // namespace chorus::engine
