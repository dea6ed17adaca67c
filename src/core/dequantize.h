// Stored weights to float32, whole blocks at a time.
//
//   std::vector<float> w(elements(tensor));
//   dequantize(tensor.dtype, tensor.data, w);
//   dequantize_rows(tensor, token, 1, row);            // one row of an embedding table
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/container.h"
#include "core/dtype.h"

namespace chorus::core {

/// out[i] = weight i, in f32 arithmetic: bit-equal to the `gguf` Python package. `in` must hold exactly
/// out.size() weights in whole blocks and need not be aligned. Throws Error(model) when the sizes differ or
/// the type is one that never holds weights (f64 and the integers).
void dequantize(DType type, std::span<const std::byte> in, std::span<float> out);

/// Rows [first_row, first_row + rows) of a tensor [R, C] into out[rows * C]. Throws Error(model) when the
/// tensor is not two-dimensional, the rows are not in it, or `out` is of another size.
void dequantize_rows(const TensorInfo& tensor, std::int64_t first_row, std::int64_t rows,
                     std::span<float> out);

}  // namespace chorus::core
