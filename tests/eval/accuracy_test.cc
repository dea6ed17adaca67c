// Vectors: statsmodels 0.14, proportion_confint(c, n, method='wilson') and mcnemar(exact=True).
#include "eval/accuracy.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/error.h"
#include "eval/paired.h"

namespace chorus::eval {
namespace {

TEST(Wilson, EqualsStatsmodels) {
  struct Vector {
    std::int64_t correct, n;
    double lower, upper;
  };
  const std::vector<Vector> vectors = {
      {0, 1, 0, 0.79345068562276266},
      {1, 1, 0.20654931437723739, 1},
      {0, 10, 0, 0.27753279986288926},
      {10, 10, 0.72246720013711063, 1},
      {1, 10, 0.017876213095072924, 0.40415002679523854},
      {5, 10, 0.23659309051256394, 0.76340690948743606},
      {47, 54, 0.75578269777630214, 0.93576279252673722},
      {123, 500, 0.21028099168567069, 0.28559217326879782},
      {250, 500, 0.45634126530248431, 0.54365873469751569},
      {499, 500, 0.98875929329485324, 0.99964686360544075},
      {1219, 2032, 0.57843086649913422, 0.62099527164189006},
      {72, 72, 0.94934882740354221, 1},
      {50000, 100000, 0.49690108435968966, 0.50309891564031028},
  };
  for (const auto& v : vectors) {
    const Interval interval = wilson_interval({v.correct, v.n});
    EXPECT_NEAR(interval.lower, v.lower, 1e-14) << v.correct << " of " << v.n;
    EXPECT_NEAR(interval.upper, v.upper, 1e-14) << v.correct << " of " << v.n;
  }
}

TEST(Wilson, HoldsItsShareAndStaysInside) {
  for (std::int64_t n = 1; n < 120; ++n) {
    for (std::int64_t c = 0; c <= n; ++c) {
      const Accuracy a = accuracy({c, n});
      EXPECT_LE(0.0, a.interval.lower);
      EXPECT_LE(a.interval.lower, a.value);
      EXPECT_LE(a.value, a.interval.upper);
      EXPECT_LE(a.interval.upper, 1.0);
    }
  }
}

TEST(Wilson, NothingScoredSaysNothing) {
  const Accuracy a = accuracy({0, 0});
  EXPECT_EQ(a.n, 0);
  EXPECT_EQ(a.interval.lower, 0.0);
  EXPECT_EQ(a.interval.upper, 1.0);
}

TEST(Wilson, RefusesImpossibleCounts) {
  EXPECT_THROW(wilson_interval({3, 2}), Error);
  EXPECT_THROW(wilson_interval({-1, 2}), Error);
  EXPECT_THROW(accuracy({0, -1}), Error);
}

TEST(Groups, CountOnceWhateverTheirSize) {
  const std::vector<Tally> groups = {{1, 1}, {0, 99}, {0, 0}, {5, 10}};
  EXPECT_DOUBLE_EQ(mean_over_groups(groups), 0.5);
  EXPECT_EQ(mean_over_groups({}), 0.0);
}

TEST(McNemar, EqualsStatsmodels) {
  struct Vector {
    std::int64_t first, second;
    double p;
  };
  const std::vector<Vector> vectors = {
      {0, 0, 1},
      {0, 1, 1},
      {1, 0, 1},
      {3, 3, 1},
      {0, 6, 0.03125},
      {1, 9, 0.021484375},
      {5, 15, 0.04138946533203125},
      {10, 12, 0.83181190490722656},
      {40, 60, 0.056887933640980888},
      {200, 250, 0.020791800247607808},
      {0, 1200, 0},
  };
  for (const auto& v : vectors) {
    EXPECT_NEAR(mcnemar_exact({v.first, v.second}), v.p, 1e-9 * v.p) << v.first << " and " << v.second;
    EXPECT_EQ(mcnemar_exact({v.first, v.second}), mcnemar_exact({v.second, v.first}));
  }
  EXPECT_THROW(mcnemar_exact({-1, 3}), Error);
}

TEST(McNemar, CountsOnlyQuestionsThatDiffer) {
  Discordant d;
  d.add(true, true);
  d.add(false, false);
  d.add(true, false);
  d.add(false, true);
  d.add(true, false);
  EXPECT_EQ(d.first_only, 2);
  EXPECT_EQ(d.second_only, 1);
}

}  // namespace
}  // namespace chorus::eval
