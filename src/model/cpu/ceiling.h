// The fastest this machine multiplies matrices, measured: the ceiling that benchmarks report against.
//
//   const double percent = 100 * flops / seconds / matrix_product_ceiling(Compute::bf16, threads);
#pragma once

#include "model/backend.h"

namespace chorus::model::cpu {

/// Floating-point operations a second of oneDNN's matrix product, [1536, 576] x [576, 1536] on each thread at once, the
/// best of several rounds.
double matrix_product_ceiling(Compute compute, int threads);

}  // namespace chorus::model::cpu
