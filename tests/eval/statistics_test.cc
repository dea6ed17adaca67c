// Vectors: statsmodels' Holm and scipy's bootstrap, by tests/eval/data/make_vectors.py.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "eval/bootstrap.h"
#include "eval/paired.h"
#include "tests/support/errors.h"

namespace chorus::eval {
namespace {

const nlohmann::json& vectors() {
  static const auto all = [] {
    std::ifstream in(std::string(CHORUS_SOURCE_DIR) + "/tests/eval/data/statistics.json");
    return nlohmann::json::parse(in);
  }();
  return all;
}

TEST(Holm, EqualsStatsmodels) {
  for (const auto& entry : vectors().at("holm")) {
    const auto p = entry.at("p").get<std::vector<double>>(),
               expected = entry.at("adjusted").get<std::vector<double>>();
    const auto adjusted = holm(p);
    for (std::size_t i = 0; i < p.size(); ++i) EXPECT_NEAR(adjusted[i], expected[i], 1e-14);
  }
}

// By Python's math.comb: the smallest a - b with 2 sum_{i <= b} C(a + b, i) / 2^(a + b) <= 0.05.
TEST(SmallestLead, IsThatOfTheExactTest) {
  const std::pair<std::int64_t, std::int64_t> leads[] = {{0, 0},   {5, 0},    {6, 6},    {10, 8},
                                                         {30, 12}, {100, 22}, {1000, 64}};
  for (const auto& [discordant, lead] : leads) EXPECT_EQ(smallest_lead(discordant), lead) << discordant;
}

TEST(Holm, LeavesOutWhatWasNotTested) {
  const double none = std::nan("");
  const auto adjusted = holm(std::vector<double>{0.02, none, 0.03});
  EXPECT_DOUBLE_EQ(adjusted[0], 0.04);
  EXPECT_TRUE(std::isnan(adjusted[1]));
  EXPECT_DOUBLE_EQ(adjusted[2], 0.04);
  EXPECT_TRUE(holm({}).empty());
}

// A percentile of B resamples of a normal-like distribution has a standard error of sqrt(q (1 - q) / B) / density: with
// B = 10,000 and density 0.058 / sigma at 1.96 that is 0.027 sigma; four of them, and a step of the grid of means.
TEST(Bootstrap, EqualsScipyToItsOwnNoise) {
  for (const auto& entry : vectors().at("bootstrap")) {
    const auto values = entry.at("values").get<std::vector<double>>();
    const auto cluster = entry.at("cluster").get<std::vector<std::size_t>>();
    const double lower = entry.at("lower").get<double>(), upper = entry.at("upper").get<double>();
    const Estimate e = bootstrap(values, cluster);
    const double sigma = (upper - lower) / 3.92, step = 1.0 / static_cast<double>(values.size());
    EXPECT_NEAR(e.interval.lower, lower, 0.11 * sigma + step);
    EXPECT_NEAR(e.interval.upper, upper, 0.11 * sigma + step);
    EXPECT_NEAR(e.value,
                std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size()),
                1e-12);
  }
}

TEST(Bootstrap, TheSameSeedGivesTheSameAndAConstantHasNoWidth) {
  const std::vector<double> values = {0, 1, 1, 0, 1}, constant(7, 0.25);
  EXPECT_EQ(bootstrap(values).interval.lower, bootstrap(values).interval.lower);
  EXPECT_EQ(bootstrap(constant).interval.lower, 0.25);
  EXPECT_EQ(bootstrap(constant).interval.upper, 0.25);
  EXPECT_EQ(bootstrap({}).value, 0);
  const std::vector<std::size_t> one_cluster(5, 3);
  EXPECT_EQ(bootstrap(values, one_cluster).interval.upper, 0.6);
  test::expect_error(ErrorKind::data, "3 clusters for 5 values", [&] {
    bootstrap(values, std::vector<std::size_t>{1, 2, 3});
  });
  test::expect_error(ErrorKind::usage, "5 resamples", [&] { bootstrap(values, {}, {.resamples = 5}); });
}

}  // namespace
}  // namespace chorus::eval
