// Element types of tensors in memory and in model files, and the two 16-bit floating-point formats as value types.
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

  static f16 from_float(float value);
  float to_float() const;
  explicit operator float() const { return to_float(); }
};

/// Element types of stored tensors. Quantised types hold `block_elements` weights in `block_bytes`.
enum class DType { f32, f16, bf16, q4_0, q4_1, q5_0, q5_1, q8_0, q4_k, q5_k, q6_k };

struct DTypeTraits {
  std::string_view name;
  std::size_t block_elements;
  std::size_t block_bytes;
};

/// Name, and size of one block (1 element for the plain types).
DTypeTraits traits(DType type);

}  // namespace chorus::core
