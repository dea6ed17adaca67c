// The operations between matrix products, on one row each, compiled for several instruction sets and chosen at run
// time. Every output is a fixed function of its row: no operation looks at another row.
//
//   rms_norm(row, weight, 1e-5F, normed.data());
//   silu_times(gate, up, out);
#pragma once

#include <cstdint>
#include <span>

#include "core/dtype.h"

namespace chorus::model::cpu {

/// out[i] = x[i] / sqrt(mean(x^2) + eps) * weight[i], one weight a value. Relative error below 1e-6. out may be x.
void rms_norm(std::span<const float> x, std::span<const float> weight, float eps, float* out);
void rms_norm(std::span<const float> x, std::span<const float> weight, float eps, core::bf16* out);

/// out[i] = gate[i] / (1 + exp(-gate[i])) * up[i]. Relative error below 1e-6.
void silu_times(std::span<const float> gate, const float* up, float* out);
void silu_times(std::span<const float> gate, const float* up, core::bf16* out);

/// x[i] += y[i], i < y.size().
void add(std::span<const float> y, float* x);

/// Rotates one head, pairs (i, i + n/2) by angle i: cos and sin have n/2 entries. out may be x.
void rotate(std::span<const float> x, const float* cosine, const float* sine, float* out);

/// Rounds to the narrower type, to nearest, ties to even (a copy for float).
void narrow(std::span<const float> x, float* out);
void narrow(std::span<const float> x, core::bf16* out);

}  // namespace chorus::model::cpu
