// The matrix product of decode rows: a few rows against a strip of weights read once. Its operands are in the layout
// oneDNN packs weights in here, [strip][k / 2][64][2] for bf16 and [strip][k][64] for f32, so that prefill and decode
// share one copy.
//
//   for (std::int64_t s = 0; s < strips; ++s)
//     decode_product(in, weights + s * cols * kStrip, cols, rows, out + s * kStrip, out_stride, nullptr);
#pragma once

#include <cstdint>

#include "core/dtype.h"

namespace chorus::model::cpu {

/// Output columns of a strip.
inline constexpr std::int64_t kStrip = 64;

/// out[r][64] = in[r][cols] . strip for r < rows, rows <= 16, out rows `out_stride` floats apart. Each sum runs over k in
/// one order, whatever `rows` is. `ahead`: what will be read next, fetched meanwhile; may be null.
/// cols must be even for bf16. Error of a sum: cols * 2^-24 relative to the sum of absolute products.
/// To be called only where has_decode_kernel_*() is true.
void decode_product(const core::bf16* in, const core::bf16* strip, std::int64_t cols, std::int64_t rows,
                    float* out, std::int64_t out_stride, const void* ahead);
void decode_product(const float* in, const float* strip, std::int64_t cols, std::int64_t rows, float* out,
                    std::int64_t out_stride, const void* ahead);

/// Whether this processor has the instructions of the two functions above (AVX-512, and its bf16 dot product).
bool has_decode_kernel_bf16();
bool has_decode_kernel_f32();

}  // namespace chorus::model::cpu
