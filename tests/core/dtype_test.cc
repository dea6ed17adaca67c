// The compiler's own _Float16 is the judge of every half, numpy's bfloat16 rule (round to nearest even) of
// the rest.
#include "core/dtype.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace chorus::core {
namespace {

__extension__ using Half = _Float16;

TEST(F16, EveryBitPatternReadsAsTheCompilerReadsIt) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float expected = static_cast<float>(std::bit_cast<Half>(static_cast<std::uint16_t>(bits)));
    const float got = f16{static_cast<std::uint16_t>(bits)}.to_float();
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(got)) << bits;
    } else {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(got), std::bit_cast<std::uint32_t>(expected)) << bits;
    }
  }
}

void expect_rounds_as_compiler(float value) {
  const Half expected = static_cast<Half>(value);
  const f16 got = f16::from_float(value);
  if (std::isnan(value)) {
    ASSERT_TRUE(std::isnan(got.to_float())) << std::bit_cast<std::uint32_t>(value);
  } else {
    ASSERT_EQ(got.bits, std::bit_cast<std::uint16_t>(expected)) << std::bit_cast<std::uint32_t>(value);
  }
}

TEST(F16, RoundsFloatsAsTheCompilerDoes) {
  // Every half, the midpoint to its neighbour, and the floats next to both.
  for (std::uint32_t half = 0; half < 0x10000; ++half) {
    const std::uint32_t at = std::bit_cast<std::uint32_t>(f16{static_cast<std::uint16_t>(half)}.to_float());
    for (const std::uint32_t step : {0U, 1U, 0xfffU, 0x1000U, 0x1001U})
      expect_rounds_as_compiler(std::bit_cast<float>(at + step));
  }
  // A walk over all of float32 by a stride that shares no factor with 2^32.
  std::uint32_t bits = 0;
  for (int i = 0; i < 1'000'000; ++i) expect_rounds_as_compiler(std::bit_cast<float>(bits += 0x9e3779b1U));
}

TEST(F16, SpecialValues) {
  EXPECT_EQ(f16::from_float(65519.0F).bits, 0x7bff);
  EXPECT_EQ(f16::from_float(65520.0F).bits, 0x7c00);
  EXPECT_EQ(f16::from_float(-std::numeric_limits<float>::infinity()).bits, 0xfc00);
  EXPECT_EQ(f16::from_float(-0.0F).bits, 0x8000);
  EXPECT_EQ(f16::from_float(0x1p-25F).bits, 0x0000);  // a tie goes to even
  EXPECT_EQ(f16::from_float(0x1.8p-24F).bits, 0x0002);
}

TEST(Bf16, RoundsToNearestEvenAndKeepsNan) {
  EXPECT_EQ(bf16::from_float(1.0F).bits, 0x3f80);
  EXPECT_EQ(bf16::from_float(std::bit_cast<float>(0x3f808000U)).bits, 0x3f80);  // a tie, even below
  EXPECT_EQ(bf16::from_float(std::bit_cast<float>(0x3f818000U)).bits, 0x3f82);  // a tie, even above
  EXPECT_EQ(bf16::from_float(std::numeric_limits<float>::max()).bits, 0x7f80);
  EXPECT_TRUE(std::isnan(bf16::from_float(std::bit_cast<float>(0x7f800001U)).to_float()));
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = bf16{static_cast<std::uint16_t>(bits)}.to_float();
    if (std::isnan(value)) continue;
    ASSERT_EQ(bf16::from_float(value).bits, bits);
  }
}

TEST(DType, BlockSizesAreThoseOfGgml) {
  // Bits per weight as llama.cpp's `quantize` lists them.
  const auto bits_per_weight = [](DType type) {
    const DTypeTraits block = traits(type);
    return 8.0 * static_cast<double>(block.block_bytes) / static_cast<double>(block.block_elements);
  };
  EXPECT_EQ(bits_per_weight(DType::q4_0), 4.5);
  EXPECT_EQ(bits_per_weight(DType::q4_1), 5.0);
  EXPECT_EQ(bits_per_weight(DType::q5_0), 5.5);
  EXPECT_EQ(bits_per_weight(DType::q5_1), 6.0);
  EXPECT_EQ(bits_per_weight(DType::q8_0), 8.5);
  EXPECT_EQ(bits_per_weight(DType::q4_k), 4.5);
  EXPECT_EQ(bits_per_weight(DType::q5_k), 5.5);
  EXPECT_EQ(bits_per_weight(DType::q6_k), 6.5625);
  EXPECT_EQ(bits_per_weight(DType::f32), 32.0);
  EXPECT_EQ(bits_per_weight(DType::f16), 16.0);
  EXPECT_EQ(bits_per_weight(DType::bf16), 16.0);
  EXPECT_EQ(traits(DType::q6_k).name, "Q6_K");
}

}  // namespace
}  // namespace chorus::core
