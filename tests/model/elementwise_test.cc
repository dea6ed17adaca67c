// The operations between matrix products against double precision, within the errors their header states.
#include "model/cpu/elementwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace chorus::model::cpu {
namespace {

using core::bf16;

// Around every vector width there is, and what real rows have.
constexpr std::size_t kLengths[] = {0,  1,  2,  3,  4,  5,  7,  8,   9,   15,   16,
                                    17, 31, 32, 33, 63, 64, 65, 127, 576, 1000, 4096};

std::vector<float> numbers(std::size_t n, unsigned seed, float deviation = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, deviation);
  std::vector<float> values(n);
  for (float& v : values) v = normal(random);
  return values;
}

/// Near in relative terms; for bf16 the float's error and the rounding to nearest.
void expect_near(float got, double expected) {
  EXPECT_NEAR(static_cast<double>(got), expected, 1e-6 * std::abs(expected) + 1e-38);
}
void expect_near(bf16 got, double expected) {
  EXPECT_NEAR(static_cast<double>(got.to_float()), expected, (1e-6 + 0x1p-8) * std::abs(expected) + 1e-38);
}

template <class T>
class Elementwise : public testing::Test {
 protected:
  /// n values and one more behind them that nothing may touch.
  static std::vector<T> room(std::size_t n) { return std::vector<T>(n + 1, T(kGuard)); }
  static void expect_untouched(const std::vector<T>& out) {
    EXPECT_EQ(static_cast<float>(out.back()), static_cast<float>(T(kGuard)));
  }
  static constexpr T kGuard = [] {
    if constexpr (std::is_same_v<T, float>) return 123.0F;
    if constexpr (std::is_same_v<T, bf16>) return bf16::from_float(123.0F);
  }();
};
using Types = testing::Types<float, bf16>;
TYPED_TEST_SUITE(Elementwise, Types);

TYPED_TEST(Elementwise, RmsNorm) {
  for (const std::size_t n : kLengths)
    for (const float deviation : {1.0F, 1e-4F, 300.0F}) {
      const auto x = numbers(n, 1, deviation), w = numbers(n, 2);
      auto out = this->room(n);
      rms_norm(x, w, 1e-5F, out.data());
      double sum = 0;
      for (const float v : x) sum += static_cast<double>(v) * static_cast<double>(v);
      const double scale = 1 / std::sqrt(sum / static_cast<double>(n) + static_cast<double>(1e-5F));
      for (std::size_t i = 0; i < n; ++i)
        expect_near(out[i], static_cast<double>(x[i]) * scale * static_cast<double>(w[i]));
      this->expect_untouched(out);
    }
}

TYPED_TEST(Elementwise, SiluTimes) {
  for (const std::size_t n : kLengths)
    for (const float deviation : {0.01F, 3.0F, 20.0F}) {
      const auto gate = numbers(n, 3, deviation), up = numbers(n, 4);
      auto out = this->room(n);
      silu_times(gate, up.data(), out.data());
      for (std::size_t i = 0; i < n; ++i) {
        const auto g = static_cast<double>(gate[i]);
        expect_near(out[i], g / (1 + std::exp(-g)) * static_cast<double>(up[i]));
      }
      this->expect_untouched(out);
    }
}

TYPED_TEST(Elementwise, SiluOfExtremesIsTheGateOrNothing) {
  const std::vector<float> gate = {0.0F,   -0.0F,   88.0F,   1e4F,    3e38F,   -89.0F,
                                   -95.0F, -100.0F, -104.0F, -105.0F, -200.0F, -1e30F},
                           up(gate.size(), 1.0F);
  auto out = this->room(gate.size());
  silu_times(gate, up.data(), out.data());
  for (std::size_t i = 0; i < 5; ++i) expect_near(out[i], static_cast<double>(std::max(gate[i], 0.0F)));
  for (std::size_t i = 5; i < gate.size(); ++i) EXPECT_NEAR(static_cast<float>(out[i]), 0, 1e-30);
}

TYPED_TEST(Elementwise, NarrowRoundsToNearestEven) {
  std::vector<float> special = {0.0F,       -0.0F,        1.0F,     1.00390625F, 1.01171875F,
                                1.0039063F, -1.00390625F, 65280.0F, 1e-40F};
  for (const std::size_t n : kLengths) {
    auto x = numbers(n, 5, 10);
    for (std::size_t i = 0; i < n && i < special.size(); ++i) x[i] = special[i];
    auto out = this->room(n);
    narrow(x, out.data());
    for (std::size_t i = 0; i < n; ++i) {
      if constexpr (std::is_same_v<TypeParam, float>) {
        EXPECT_EQ(out[i], x[i]);
      } else {
        EXPECT_EQ(out[i].bits, bf16::from_float(x[i]).bits) << x[i];
      }
    }
    this->expect_untouched(out);
  }
}

TEST(ElementwiseInPlace, RmsNormMayOverwriteItsInput) {
  for (const std::size_t n : kLengths) {
    auto x = numbers(n, 6);
    const auto w = numbers(n, 7);
    std::vector<float> apart(n);
    rms_norm(x, w, 1e-6F, apart.data());
    rms_norm(x, w, 1e-6F, x.data());
    EXPECT_EQ(x, apart);
  }
}

TEST(Add, IsTheSumOfFloats) {
  for (const std::size_t n : kLengths) {
    const auto y = numbers(n, 8);
    auto x = numbers(n, 9);
    const auto before = x;
    add(y, x.data());
    for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(x[i], before[i] + y[i]);
  }
}

TEST(Rotate, TurnsPairsOfTheTwoHalves) {
  for (const std::size_t half : kLengths) {
    const auto x = numbers(2 * half, 10), angle = numbers(half, 11, 3);
    std::vector<float> cosine(half), sine(half), out(2 * half);
    for (std::size_t i = 0; i < half; ++i) {
      cosine[i] = std::cos(angle[i]);
      sine[i] = std::sin(angle[i]);
    }
    rotate(x, cosine.data(), sine.data(), out.data());
    for (std::size_t i = 0; i < half; ++i) {
      const auto a = static_cast<double>(x[i]), b = static_cast<double>(x[half + i]);
      const auto c = static_cast<double>(cosine[i]), s = static_cast<double>(sine[i]);
      const double bound = 3 * 0x1p-24 * (std::abs(a) + std::abs(b));  // three roundings
      EXPECT_NEAR(static_cast<double>(out[i]), a * c - b * s, bound);
      EXPECT_NEAR(static_cast<double>(out[half + i]), b * c + a * s, bound);
    }
    auto in_place = x;
    rotate(in_place, cosine.data(), sine.data(), in_place.data());
    EXPECT_EQ(in_place, out);
  }
}

}  // namespace
}  // namespace chorus::model::cpu
