// Reductions over logits against double precision, around every vector width, with infinities and NaN.
#include "core/vector_math.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace chorus::core {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity(),
                kNan = std::numeric_limits<float>::quiet_NaN();
constexpr std::size_t kLengths[] = {1,  2,  3,  4,  5,  7,  8,   9,   15,   16,
                                    17, 31, 33, 63, 64, 65, 127, 129, 1000, 49152};

std::vector<float> numbers(std::size_t n, float deviation = 5) {
  std::mt19937 random(static_cast<unsigned>(n));
  std::normal_distribution<float> normal(0, deviation);
  std::vector<float> values(n);
  for (float& v : values) v = normal(random);
  return values;
}

double exact_sum(const std::vector<float>& values, double shift) {
  double sum = 0;
  for (const float v : values) sum += std::exp(static_cast<double>(v) - shift);
  return sum;
}

TEST(TopTwo, FindsTheFirstLargestWhereverItStands) {
  for (const std::size_t n : kLengths)
    for (const std::size_t at : {std::size_t{0}, n / 2, n - 1}) {
      auto values = numbers(n);
      values[at] = 100;
      auto rest = values;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(at));
      const TopTwo top = top_two(values);
      EXPECT_EQ(top.index, static_cast<std::int64_t>(at));
      EXPECT_EQ(top.value, 100);
      EXPECT_EQ(top.second, rest.empty() ? -kInfinity : *std::max_element(rest.begin(), rest.end()));
      if (at + 1 == n) continue;
      values[n - 1] = 100;  // a tie
      const TopTwo tied = top_two(values);
      EXPECT_EQ(tied.index, static_cast<std::int64_t>(at));
      EXPECT_EQ(tied.second, 100);
    }
}

TEST(AllFinite, FindsOneNumberThatIsNot) {
  for (const std::size_t n : kLengths)
    for (const float bad : {kNan, kInfinity, -kInfinity})
      for (const std::size_t at : {std::size_t{0}, n / 2, n - 1}) {
        auto values = numbers(n);
        EXPECT_TRUE(all_finite(values));
        values[at] = bad;
        EXPECT_FALSE(all_finite(values)) << bad << " at " << at << " of " << n;
      }
  EXPECT_TRUE(all_finite({}));
}

TEST(TopTwo, NanIsNeverTheLargest) {
  for (const std::size_t n : kLengths) {
    std::vector<float> values(n, kNan);
    EXPECT_EQ(top_two(values).value, -kInfinity);
    values[n / 2] = -7;
    EXPECT_EQ(top_two(values).index, static_cast<std::int64_t>(n / 2));
    EXPECT_EQ(top_two(values).value, -7);
    EXPECT_EQ(top_two(values).second, -kInfinity);
  }
  EXPECT_EQ(top_two(std::vector<float>{-kInfinity, -kInfinity}).index, 0);
  EXPECT_EQ(top_two(std::vector<float>{1, kInfinity, 2}).index, 1);
}

TEST(LogSumExp, IsThatOfDouble) {
  for (const std::size_t n : kLengths)
    for (const float deviation : {0.0F, 0.1F, 5.0F, 40.0F}) {
      const auto values = numbers(n, deviation);
      const auto shift = static_cast<double>(*std::max_element(values.begin(), values.end()));
      // The stated error is the sum's; a relative error e of it moves the logarithm by e.
      EXPECT_NEAR(log_sum_exp(values), shift + std::log(exact_sum(values, shift)), 1.1e-6)
          << n << " " << deviation;
    }
}

TEST(LogSumExp, ManySmallTermsBesideALargeOneAreNotLost) {
  // Each is half a unit in the last place of 1: added one by one to a float they would vanish.
  std::vector<float> values(49152, -16.7F);
  for (const std::size_t at : {std::size_t{0}, std::size_t{8}, std::size_t{49151}}) {
    auto with_one = values;
    with_one[at] = 0;
    EXPECT_NEAR(log_sum_exp(with_one), std::log(exact_sum(with_one, 0)), 1e-6);
  }
}

TEST(LogSumExp, LimitsAreThemselves) {
  EXPECT_EQ(log_sum_exp({}), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(log_sum_exp(std::vector<float>(5, -kInfinity)), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(log_sum_exp(std::vector<float>{1, kInfinity}), std::numeric_limits<double>::infinity());
  EXPECT_NEAR(log_sum_exp(std::vector<float>{3e38F, 3e38F}), 3e38, 1e32);
  EXPECT_NEAR(log_sum_exp(std::vector<float>{-kInfinity, 2}), 2, 1e-7);
  std::vector<float> masked(100, -kInfinity);
  masked[3] = masked[60] = 2;
  EXPECT_NEAR(log_sum_exp(masked), 2 + std::log(2.0), 1e-6);
  masked[7] = -3e38F;
  EXPECT_NEAR(log_sum_exp(masked), 2 + std::log(2.0), 1e-6);
}

TEST(MaxExp, KeepsTheLargerProbability) {
  for (const std::size_t n : kLengths) {
    const auto values = numbers(n);
    std::vector<float> out(n);
    for (std::size_t i = 0; i < n; ++i) out[i] = i % 2 == 0 ? 0.0F : 0.4F;
    const auto before = out;
    max_exp(values, 3.0F, out);
    for (std::size_t i = 0; i < n; ++i) {
      const double expected =
          std::max(static_cast<double>(before[i]), std::exp(static_cast<double>(values[i]) - 3));
      // One unit in the last place for exp, and the rounded difference times its derivative.
      EXPECT_NEAR(static_cast<double>(out[i]), expected, (2e-7 + 0x1p-24 * 32) * expected);
    }
  }
}

TEST(SumAndAccumulate, AreSums) {
  for (const std::size_t n : kLengths) {
    const auto values = numbers(n);
    double expected = 0;
    for (const float v : values) expected += static_cast<double>(v);
    EXPECT_EQ(sum(values), expected);
    auto out = numbers(n, 2);
    const auto before = out;
    accumulate(values, out);
    for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(out[i], before[i] + values[i]);
  }
  EXPECT_EQ(sum({}), 0);
}

}  // namespace
}  // namespace chorus::core
