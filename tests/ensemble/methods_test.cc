// avg and max against their definitions computed directly in double.
#include "ensemble/methods.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "support/errors.h"

namespace chorus::ensemble {
namespace {

struct Group {
  std::vector<std::vector<float>> rows;
  std::vector<std::span<const float>> spans() const { return {rows.begin(), rows.end()}; }
};

Group random_group(std::size_t paraphrases, std::size_t vocab, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 6);
  Group group{std::vector(paraphrases, std::vector<float>(vocab))};
  for (auto& row : group.rows)
    for (float& v : row) v = normal(random);
  return group;
}

double log_sum_exp(const std::vector<double>& values) {
  const double largest = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (const double v : values) sum += std::exp(v - largest);
  return largest + std::log(sum);
}

struct Expected {
  std::size_t token;
  double best, margin;
};
Expected top(const std::vector<double>& values) {
  const auto best = std::max_element(values.begin(), values.end());
  double second = -INFINITY;
  for (auto v = values.begin(); v != values.end(); ++v)
    if (v != best) second = std::max(second, *v);
  return {static_cast<std::size_t>(best - values.begin()), *best, *best - second};
}

std::vector<double> mean_of(const Group& group) {
  std::vector<double> mean(group.rows[0].size());
  for (const auto& row : group.rows)
    for (std::size_t i = 0; i < mean.size(); ++i)
      mean[i] += static_cast<double>(row[i]) / static_cast<double>(group.rows.size());
  return mean;
}

TEST(Methods, ALogitThatIsNoNumberIsAnErrorInEveryOne) {
  for (const Method method : {Method::origin, Method::avg, Method::max, Method::weighted_avg})
    for (const float bad : {NAN, INFINITY})
      for (const std::size_t at : {0U, 15U, 66U}) {
        Group group = random_group(2, 67, 1);
        group.rows[method == Method::origin ? 0 : 1][at] = bad;
        test::expect_error(ErrorKind::model, "NaN or infinite", [&] {
          next_token(method, {0.5F, 0.5F})->choose(group.spans());
        });
      }
}

TEST(Average, IsTheMeanOfLogits) {
  for (const std::size_t vocab : {1U, 7U, 64U, 1003U})
    for (const std::size_t paraphrases : {1U, 2U, 5U}) {
      const Group group = random_group(paraphrases, vocab, static_cast<unsigned>(vocab + paraphrases));
      const auto mean = mean_of(group);
      const Expected expected = top(mean);
      const auto choice = Average().choose(group.spans());
      EXPECT_EQ(choice.token, static_cast<text::TokenId>(expected.token));
      EXPECT_NEAR(choice.logprob, expected.best - log_sum_exp(mean), 1e-5);
      if (vocab == 1) continue;
      EXPECT_NEAR(choice.margin, expected.margin, 1e-5);
    }
}

TEST(Maximum, IsTheLargestProbabilityRenormalised) {
  for (const std::size_t vocab : {1U, 7U, 64U, 1003U})
    for (const std::size_t paraphrases : {1U, 2U, 5U}) {
      const Group group = random_group(paraphrases, vocab, static_cast<unsigned>(3 * vocab + paraphrases));
      std::vector<double> largest(vocab, 0);
      for (const auto& row : group.rows) {
        const double lse = log_sum_exp({row.begin(), row.end()});
        for (std::size_t i = 0; i < vocab; ++i)
          largest[i] = std::max(largest[i], std::exp(static_cast<double>(row[i]) - lse));
      }
      const Expected expected = top(largest);
      double sum = 0;
      for (const double p : largest) sum += p;
      const auto choice = Maximum().choose(group.spans());
      EXPECT_EQ(choice.token, static_cast<text::TokenId>(expected.token));
      EXPECT_NEAR(choice.logprob, std::log(expected.best / sum), 1e-5);
      if (vocab == 1) continue;
      EXPECT_NEAR(choice.margin, expected.margin, 1e-5);
    }
}

TEST(Maximum, AConfidentParaphraseWinsWhereTheMeanDoesNot) {
  const Group group{{{0, 9, 0}, {4, 0, 3.9F}, {4, 0, 3.9F}, {6, 0, 5.9F}}};
  EXPECT_EQ(Average().choose(group.spans()).token, 0);
  EXPECT_EQ(Maximum().choose(group.spans()).token, 1);
}

TEST(WeightedAverage, IsTheWeightedSumOfLogits) {
  for (const std::size_t paraphrases : {1U, 2U, 5U}) {
    const Group group = random_group(paraphrases, 301, static_cast<unsigned>(40 + paraphrases));
    std::vector<float> weights;
    for (std::size_t p = 0; p < paraphrases; ++p) weights.push_back(0.125F * static_cast<float>(p + 1));
    std::vector<double> sum(301, 0);
    for (std::size_t p = 0; p < paraphrases; ++p)
      for (std::size_t i = 0; i < sum.size(); ++i)
        sum[i] += static_cast<double>(weights[p]) * static_cast<double>(group.rows[p][i]);
    const Expected expected = top(sum);
    const auto choice = next_token(Method::weighted_avg, weights)->choose(group.spans());
    EXPECT_EQ(choice.token, static_cast<text::TokenId>(expected.token));
    EXPECT_NEAR(choice.logprob, expected.best - log_sum_exp(sum), 1e-5);
    EXPECT_NEAR(choice.margin, expected.margin, 1e-5);
  }
}

TEST(Maximum, TellsWhatAForcedTokenIsWorthHoweverUnlikely) {
  const Group group{{{0, -150, 1}, {0, -200, 2}}};
  const double first = -150 - std::log(1 + std::exp(1)), best0 = -std::log(1 + std::exp(1)),
               best2 = 2 - std::log(1 + std::exp(2));
  EXPECT_NEAR(Maximum().take(group.spans(), 1).logprob, first - std::log(std::exp(best0) + std::exp(best2)),
              1e-4);
  EXPECT_NEAR(Average().take(group.spans(), 1).logprob, -175 - std::log(1 + std::exp(1.5)), 1e-4);
}

TEST(Methods, LargeLogitsDoNotOverflow) {
  const Group group{{{1e4F, 9e3F}, {-1e4F, 1e4F}}};
  const auto max = Maximum().choose(group.spans());
  EXPECT_EQ(max.token, 0);  // both have probability 1; the first wins
  EXPECT_NEAR(max.logprob, std::log(0.5), 1e-6);
  EXPECT_EQ(max.margin, 0);
  EXPECT_EQ(Average().choose(group.spans()).token, 1);
}

TEST(Methods, NamesReadBackAndEachHasItsRule) {
  for (const auto& entry : data::kMethods) {
    EXPECT_EQ(method_from(entry.name), entry.value);
    EXPECT_EQ(name(entry.value), entry.name);
  }
  EXPECT_EQ(method_from("per-prompt"), Method::per_prompt);
  EXPECT_EQ(method_from("flex_attention"), Method::flex);
  EXPECT_EQ(method_from("weighted-flex"), Method::weighted_flex);
  test::expect_error(ErrorKind::usage,
                     "origin, per_prompt, avg, max, weighted_avg, weighted_max, vote, flex, weighted_flex",
                     [] { method_from("average"); });
  EXPECT_TRUE(next_token(Method::max)->probabilities());
  for (const Method method : {Method::origin, Method::per_prompt, Method::avg, Method::flex})
    EXPECT_FALSE(next_token(method)->probabilities());
}

}  // namespace
}  // namespace chorus::ensemble
