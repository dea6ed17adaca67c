// The merge's laws: identity, commutative, associative, any split equals unsplit, empty on either or both sides.
#include "flex/softmax_state.h"

#include <gtest/gtest.h>

#include <random>

namespace chorus::flex {
namespace {

constexpr std::size_t kDim = 5;
constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

struct Key {
  float score;
  std::vector<float> value;
};

std::vector<Key> random_keys(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<Key> keys(n);
  for (Key& key : keys) {
    key.score = random() % 7 == 0 ? kMinusInfinity : 20 * normal(random);
    for (std::size_t d = 0; d < kDim; ++d) key.value.push_back(normal(random));
  }
  return keys;
}

SoftmaxState state_of(std::span<const Key> keys) {
  SoftmaxState state(kDim);
  for (const Key& key : keys) state.add(key.score, key.value);
  return state;
}

// Values are of size 4 at most and scores of 80: rounding moves the mean by some units of 2^-24 times either.
void expect_same(const SoftmaxState& a, const SoftmaxState& b) {
  EXPECT_EQ(a.empty(), b.empty());
  if (a.empty()) return;
  EXPECT_NEAR(a.lse().value, b.lse().value, 80 * 0x1p-22);
  std::vector<float> x(kDim), y(kDim);
  a.output(x);
  b.output(y);
  for (std::size_t d = 0; d < kDim; ++d) EXPECT_NEAR(x[d], y[d], 4 * 80 * 0x1p-23);
}

SoftmaxState merged(SoftmaxState a, const SoftmaxState& b) {
  a.merge(b);
  return a;
}

TEST(SoftmaxState, EqualsTheDefinition) {
  const auto keys = random_keys(50, 1);
  double max = -1e300, sum = 0;
  std::vector<double> acc(kDim, 0.0);
  for (const Key& key : keys) max = std::max(max, double{key.score});
  for (const Key& key : keys) {
    sum += std::exp(key.score - max);
    for (std::size_t d = 0; d < kDim; ++d) acc[d] += std::exp(key.score - max) * double{key.value[d]};
  }
  const SoftmaxState state = state_of(keys);
  EXPECT_NEAR(state.lse().value, max + std::log(sum), 80 * 0x1p-22);
  std::vector<float> out(kDim);
  state.output(out);
  for (std::size_t d = 0; d < kDim; ++d) EXPECT_NEAR(out[d], acc[d] / sum, 4 * 80 * 0x1p-23);
}

TEST(SoftmaxState, EmptyIsTheIdentityToTheBit) {
  const SoftmaxState empty(kDim), some = state_of(random_keys(9, 2));
  std::vector<float> want(kDim), got(kDim);
  some.output(want);
  for (const SoftmaxState& state : {merged(empty, some), merged(some, empty)}) {
    state.output(got);
    EXPECT_EQ(got, want);
    EXPECT_EQ(state.lse().value, some.lse().value);
  }
  const SoftmaxState both = merged(empty, empty);
  both.output(got);
  EXPECT_TRUE(both.empty());
  EXPECT_EQ(got, std::vector<float>(kDim, 0.0F));
  EXPECT_EQ(both.lse().value, kMinusInfinity);
  EXPECT_TRUE(state_of(std::vector<Key>{{kMinusInfinity, std::vector<float>(kDim, 1.0F)}}).empty());
}

TEST(SoftmaxState, CommutesAndAssociates) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    const auto a = state_of(random_keys(seed % 4, 3 * seed)), b = state_of(random_keys(7, 3 * seed + 1)),
               c = state_of(random_keys(seed % 11, 3 * seed + 2));
    expect_same(merged(a, b), merged(b, a));
    expect_same(merged(merged(a, b), c), merged(a, merged(b, c)));
  }
}

TEST(SoftmaxState, AnySplitEqualsUnsplit) {
  std::mt19937 random(4);
  for (unsigned seed = 0; seed < 100; ++seed) {
    const auto keys = random_keys(40, 1000 + seed);
    SoftmaxState total(kDim);
    for (std::size_t at = 0; at < keys.size();) {
      const std::size_t count = std::min<std::size_t>(keys.size() - at, random() % 12);
      total.merge(state_of(std::span(keys).subspan(at, count)));
      at += count;
    }
    expect_same(total, state_of(keys));
  }
}

TEST(SoftmaxState, FinishedPartsMergeLikeUnfinishedOnes) {
  const auto keys = random_keys(30, 6);
  const auto finished = [](const SoftmaxState& state) {
    std::vector<float> out(kDim);
    state.output(out);
    return SoftmaxState(state.lse(), out);
  };
  const auto a = state_of(std::span(keys).first(13)), b = state_of(std::span(keys).subspan(13));
  expect_same(merged(finished(a), finished(b)), state_of(keys));
  EXPECT_TRUE(finished(SoftmaxState(kDim)).empty());
}

TEST(SoftmaxState, ScalesItsLogSumExpOnly) {
  for (const float factor : {2.0F, 1.0F, 0.0F, -1.5F}) {
    SoftmaxState state = state_of(random_keys(12, 8)), empty(kDim);
    std::vector<float> before(kDim), after(kDim);
    const float lse = state.lse().value;
    state.output(before);
    state.scale_lse(factor);
    state.output(after);
    EXPECT_EQ(before, after);
    EXPECT_FLOAT_EQ(state.lse().value, lse * factor);
    empty.scale_lse(factor);
    EXPECT_TRUE(empty.empty());
  }
}

}  // namespace
}  // namespace chorus::flex
