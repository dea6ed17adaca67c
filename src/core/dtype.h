// Element types of tensors in memory and in model files, and the two 16-bit floating-point formats as value
// types.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace chorus::core {

/// bfloat16: the upper half of a float. Conversion rounds to nearest even; NaN stays NaN.
struct bf16 {
  std::uint16_t bits = 0;

  static constexpr bf16 from_float(float value) {
    const auto u = std::bit_cast<std::uint32_t>(value);
    if ((u & 0x7fffffffU) > 0x7f800000U) return {static_cast<std::uint16_t>((u >> 16) | 0x40U)};
    return {static_cast<std::uint16_t>((u + 0x7fffU + ((u >> 16) & 1U)) >> 16)};
  }
  constexpr float to_float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
  constexpr explicit operator float() const { return to_float(); }
};

/// IEEE 754 binary16. Conversion rounds to nearest even; overflow becomes infinity.
struct f16 {
  std::uint16_t bits = 0;

  static constexpr f16 from_float(float value) {
    const auto u = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = (u >> 16) & 0x8000U;
    const std::uint32_t magnitude = u & 0x7fffffffU;
    if (magnitude > 0x7f800000U)
      return pack(sign | 0x7e00U | ((magnitude >> 13) & 0x3ffU));  // NaN, made quiet
    if (magnitude >= 0x477ff000U) return pack(sign | 0x7c00U);     // 65520 and more round to infinity
    if (magnitude < 0x38800000U) {
      // Below 2^-14 the result is a multiple of 2^-24, which is the spacing of floats at 0.5: the addition
      // rounds.
      const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
      return pack(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3f000000U));
    }
    return pack(sign | ((magnitude - (112U << 23) + 0xfffU + ((magnitude >> 13) & 1U)) >> 13));
  }
  constexpr float to_float() const {
    const std::uint32_t sign = (bits & 0x8000U) << 16;
    const std::uint32_t magnitude = bits & 0x7fffU;
    const std::uint32_t normal = (magnitude << 13) + (magnitude < 0x7c00U ? 112U << 23 : 224U << 23);
    const auto subnormal =
        std::bit_cast<std::uint32_t>(static_cast<float>(static_cast<int>(magnitude)) * 0x1p-24F);
    return std::bit_cast<float>(sign | (magnitude < 0x400U ? subnormal : normal));
  }
  constexpr explicit operator float() const { return to_float(); }

 private:
  static constexpr f16 pack(std::uint32_t value) {
    f16 half;
    half.bits = static_cast<std::uint16_t>(value);
    return half;
  }
};

/// Element types of stored tensors. Quantised types hold `block_elements` weights in `block_bytes`. Those
/// after q6_k are never weights: they occur in files beside the weights.
enum class DType {
  f32,
  f16,
  bf16,
  q4_0,
  q4_1,
  q5_0,
  q5_1,
  q8_0,
  q4_k,
  q5_k,
  q6_k,
  f64,
  i8,
  i16,
  i32,
  i64,
  u8
};

struct DTypeTraits {
  std::string_view name;
  std::size_t block_elements;
  std::size_t block_bytes;
};

/// Name, and size of one block (1 element for the plain types).
DTypeTraits traits(DType type);

}  // namespace chorus::core
