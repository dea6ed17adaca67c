// Small sums that the machine computes and this file computes again in double precision: does the processor do what the
// kernels expect of it?
//
//   const SelfTest attention = test_attention();
//   if (!attention.passed()) fmt::print("attention is wrong by {}\n", attention.error);
#pragma once

#include <cstdint>
#include <string>

#include "model/backend.h"

namespace chorus::model {

struct SelfTest {
  double error = 0;      // norm of the difference over the norm of the reference
  double tolerance = 0;  // what rounding may make of it

  bool passed() const { return error <= tolerance; }
};

/// Masked attention of 2 query heads on one kv head, 100 rows, against flex's double-precision reference.
SelfTest test_attention();

/// RMSNorm and a matrix product of prefill and decode rows as a decoder runs them. Throws Error(device) where the processor has no
/// such product.
SelfTest test_product(Compute compute, int threads);

/// "oneDNN 2.6.3"
std::string matrix_library();

/// Numbers in all weight matrices of such a model; a backend keeps them in 2 (bf16) or 4 bytes each.
std::int64_t weight_count(const ModelConfig& config);

}  // namespace chorus::model
