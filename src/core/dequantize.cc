// Block layouts as in ggml's block_q* structures; see github.com/ggml-org/ggml/blob/master/src/ggml-common.h.
// Each product and sum rounds to float32 once, as numpy's do; no fused multiply-add may be formed here
// (x86-64's baseline has none).
#include "core/dequantize.h"

#include <fmt/format.h>

#include <cstring>

#include "core/error.h"

namespace chorus::core {
namespace {

using Byte = std::uint8_t;

float half_at(const Byte* at) {
  f16 half;
  std::memcpy(&half.bits, at, sizeof(half.bits));
  return half.to_float();
}

// The plain types: blocks of one element.

struct F16 {
  static constexpr int kElements = 1, kBytes = 2;
  static void block(const Byte* in, float* out) { *out = half_at(in); }
};

struct Bf16 {
  static constexpr int kElements = 1, kBytes = 2;
  static void block(const Byte* in, float* out) {
    bf16 value;
    std::memcpy(&value.bits, in, sizeof(value.bits));
    *out = value.to_float();
  }
};

// 32 weights with one scale (and, in the *_1 types, one minimum). Of each byte of 4-bit quants the low halves
// are weights 0..15, the high halves weights 16..31.

struct Q4_0 {
  static constexpr int kElements = 32, kBytes = 18;
  static void block(const Byte* in, float* out) {
    const float scale = half_at(in);
    const Byte* quants = in + 2;
    for (int i = 0; i < 16; ++i) {
      out[i] = scale * static_cast<float>((quants[i] & 0xf) - 8);
      out[i + 16] = scale * static_cast<float>((quants[i] >> 4) - 8);
    }
  }
};

struct Q4_1 {
  static constexpr int kElements = 32, kBytes = 20;
  static void block(const Byte* in, float* out) {
    const float scale = half_at(in);
    const float minimum = half_at(in + 2);
    const Byte* quants = in + 4;
    for (int i = 0; i < 16; ++i) {
      out[i] = scale * static_cast<float>(quants[i] & 0xf) + minimum;
      out[i + 16] = scale * static_cast<float>(quants[i] >> 4) + minimum;
    }
  }
};

/// The fifth bits of 32 quants: bit i of a little-endian word belongs to weight i.
int fifth_bit(std::uint32_t word, int i) {
  return static_cast<int>((word >> i) & 1U) << 4;
}

struct Q5_0 {
  static constexpr int kElements = 32, kBytes = 22;
  static void block(const Byte* in, float* out) {
    const float scale = half_at(in);
    std::uint32_t high;
    std::memcpy(&high, in + 2, sizeof(high));
    const Byte* quants = in + 6;
    for (int i = 0; i < 16; ++i) {
      out[i] = scale * static_cast<float>(((quants[i] & 0xf) | fifth_bit(high, i)) - 16);
      out[i + 16] = scale * static_cast<float>(((quants[i] >> 4) | fifth_bit(high, i + 16)) - 16);
    }
  }
};

struct Q5_1 {
  static constexpr int kElements = 32, kBytes = 24;
  static void block(const Byte* in, float* out) {
    const float scale = half_at(in);
    const float minimum = half_at(in + 2);
    std::uint32_t high;
    std::memcpy(&high, in + 4, sizeof(high));
    const Byte* quants = in + 8;
    for (int i = 0; i < 16; ++i) {
      out[i] = scale * static_cast<float>((quants[i] & 0xf) | fifth_bit(high, i)) + minimum;
      out[i + 16] = scale * static_cast<float>((quants[i] >> 4) | fifth_bit(high, i + 16)) + minimum;
    }
  }
};

struct Q8_0 {
  static constexpr int kElements = 32, kBytes = 34;
  static void block(const Byte* in, float* out) {
    const float scale = half_at(in);
    for (int i = 0; i < 32; ++i) out[i] = scale * static_cast<float>(static_cast<std::int8_t>(in[2 + i]));
  }
};

// 256 weights in groups of 32, each with a scale and a minimum of 6 bits.

struct ScaleMin {
  float scale, minimum;
};

/// Group g of 8. The 12 bytes hold, for groups 0..3, scales in the low 6 bits of bytes 0..3 and minima in
/// those of bytes 4..7; for groups 4..7 the low 4 bits in bytes 8..11 and the upper 2 in the top bits of
/// bytes 0..7.
ScaleMin group_scale(const Byte* packed, int g, float d, float d_min) {
  int scale = packed[g % 4] & 63;
  int minimum = packed[g % 4 + 4] & 63;
  if (g >= 4) {
    scale = (packed[g + 4] & 0xf) | ((packed[g - 4] >> 6) << 4);
    minimum = (packed[g + 4] >> 4) | ((packed[g] >> 6) << 4);
  }
  return {d * static_cast<float>(scale), d_min * static_cast<float>(minimum)};
}

struct Q4K {
  static constexpr int kElements = 256, kBytes = 144;
  static void block(const Byte* in, float* out) {
    const float d = half_at(in);
    const float d_min = half_at(in + 2);
    for (int g = 0; g < 8; ++g) {  // 32 bytes serve two groups, low halves first
      const auto [scale, minimum] = group_scale(in + 4, g, d, d_min);
      const Byte* quants = in + 16 + g / 2 * 32;
      const int shift = g % 2 * 4;
      for (int i = 0; i < 32; ++i)
        out[g * 32 + i] = scale * static_cast<float>((quants[i] >> shift) & 0xf) - minimum;
    }
  }
};

struct Q5K {
  static constexpr int kElements = 256, kBytes = 176;
  static void block(const Byte* in, float* out) {
    const float d = half_at(in);
    const float d_min = half_at(in + 2);
    const Byte* high = in + 16;  // bit g of byte i is the fifth bit of weight i of group g
    for (int g = 0; g < 8; ++g) {
      const auto [scale, minimum] = group_scale(in + 4, g, d, d_min);
      const Byte* quants = in + 48 + g / 2 * 32;
      const int shift = g % 2 * 4;
      for (int i = 0; i < 32; ++i) {
        const int quant = ((quants[i] >> shift) & 0xf) | (((high[i] >> g) & 1) << 4);
        out[g * 32 + i] = scale * static_cast<float>(quant) - minimum;
      }
    }
  }
};

/// 256 weights in groups of 16 with signed 8-bit scales; 4 low bits and 2 high bits apart.
struct Q6K {
  static constexpr int kElements = 256, kBytes = 210;
  static void block(const Byte* in, float* out) {
    const Byte* scales = in + 192;
    const float d = half_at(in + 208);
    for (int g = 0; g < 8;
         ++g) {  // groups of 32 here; each half of 128 weights has 64 low bytes and 32 high ones
      const Byte* low = in + g / 4 * 64 + g % 2 * 32;
      const Byte* high = in + 128 + g / 4 * 32;
      const int low_shift = g % 4 / 2 * 4;
      const int high_shift = g % 4 * 2;
      for (int half = 0; half < 2; ++half) {
        const float scale = d * static_cast<float>(static_cast<std::int8_t>(scales[g * 2 + half]));
        for (int i = half * 16; i < half * 16 + 16; ++i) {
          const int quant = ((low[i] >> low_shift) & 0xf) | (((high[i] >> high_shift) & 3) << 4);
          out[g * 32 + i] = scale * static_cast<float>(quant - 32);
        }
      }
    }
  }
};

template <class Format>
void blocks(std::span<const std::byte> in, std::span<float> out) {
  const auto* bytes = reinterpret_cast<const Byte*>(in.data());
  const std::size_t count = out.size() / Format::kElements;
  for (std::size_t b = 0; b < count; ++b)
    Format::block(bytes + b * Format::kBytes, out.data() + b * Format::kElements);
}

}  // namespace

void dequantize(DType type, std::span<const std::byte> in, std::span<float> out) {
  const DTypeTraits block = traits(type);
  if (out.size() % block.block_elements != 0 ||
      in.size() != out.size() / block.block_elements * block.block_bytes)
    throw Error(ErrorKind::model,
                fmt::format("{} bytes of {} for {} weights", in.size(), block.name, out.size()),
                fmt::format("{} bytes for each {}", block.block_bytes, block.block_elements),
                "check the tensor's shape against its data");
  switch (type) {
    case DType::f32:
      if (!in.empty()) std::memcpy(out.data(), in.data(), in.size());
      return;
    case DType::f16:
      return blocks<F16>(in, out);
    case DType::bf16:
      return blocks<Bf16>(in, out);
    case DType::q4_0:
      return blocks<Q4_0>(in, out);
    case DType::q4_1:
      return blocks<Q4_1>(in, out);
    case DType::q5_0:
      return blocks<Q5_0>(in, out);
    case DType::q5_1:
      return blocks<Q5_1>(in, out);
    case DType::q8_0:
      return blocks<Q8_0>(in, out);
    case DType::q4_k:
      return blocks<Q4K>(in, out);
    case DType::q5_k:
      return blocks<Q5K>(in, out);
    case DType::q6_k:
      return blocks<Q6K>(in, out);
    case DType::f64:
    case DType::i8:
    case DType::i16:
    case DType::i32:
    case DType::i64:
    case DType::u8:
      break;
  }
  throw Error(ErrorKind::model, fmt::format("weights of type {}", block.name),
              "a floating-point or quantised type", "check that this tensor holds weights");
}

void dequantize_rows(const TensorInfo& tensor, std::int64_t first_row, std::int64_t rows,
                     std::span<float> out) {
  const bool inside = tensor.shape.size() == 2 && first_row >= 0 && rows >= 0 &&
                      first_row <= tensor.shape[0] && rows <= tensor.shape[0] - first_row;
  if (!inside || static_cast<std::int64_t>(out.size()) != rows * tensor.shape[1])
    throw Error(ErrorKind::model,
                fmt::format("{} rows from row {} of tensor {} of shape {} into {} floats", rows, first_row,
                            quote_name(tensor.name), shape_text(tensor.shape), out.size()),
                "rows of a two-dimensional tensor and room for exactly them", "check the model's shapes");
  const std::size_t row_bytes =
      tensor.shape[0] == 0 ? 0 : tensor.data.size() / static_cast<std::size_t>(tensor.shape[0]);
  dequantize(tensor.dtype,
             tensor.data.subspan(static_cast<std::size_t>(first_row) * row_bytes,
                                 static_cast<std::size_t>(rows) * row_bytes),
             out);
}

}  // namespace chorus::core
