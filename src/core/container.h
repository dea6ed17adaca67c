// What GGUF and safetensors files have in common: a table of named tensors whose bytes lie in a mapped file.
//
//   const TensorInfo& w = gguf.tensor("blk.0.attn_q.weight");
//   std::vector<float> values(static_cast<std::size_t>(elements(w)));
//   dequantize(w.dtype, w.data, values);
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/dtype.h"

namespace chorus::core {

/// One stored tensor. `data` lives as long as the container it came from and has exactly the bytes of the
/// shape.
struct TensorInfo {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;  // outermost first, as PyTorch prints it: GGUF's reversed ne
  std::span<const std::byte> data;
};

/// Product of the extents; 1 for a scalar (empty shape). The containers have checked that it does not
/// overflow.
std::int64_t elements(const TensorInfo& tensor);

/// Bytes of a tensor of this type and shape (outermost first); none if an extent is negative, a row is not
/// made of whole blocks, or a product overflows 63 bits.
std::optional<std::size_t> tensor_bytes(DType type, std::span<const std::int64_t> shape);

/// "[3, 64]"
std::string shape_text(std::span<const std::int64_t> shape);

/// A name out of a file, fit for an error message: in quotes, unprintable bytes escaped, shortened when very
/// long.
std::string quote_name(std::string_view name);

/// The tensors of one container in file order, found by name. Moving it keeps references and names valid.
class TensorTable {
 public:
  /// False, and nothing added, when a tensor of this name is there already.
  bool add(TensorInfo tensor);
  const TensorInfo* find(std::string_view name) const;
  /// Throws Error(model) that names `container` when there is no such tensor.
  const TensorInfo& tensor(std::string_view name, std::string_view container) const;
  const std::vector<TensorInfo>& all() const { return tensors_; }

 private:
  std::vector<TensorInfo> tensors_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

}  // namespace chorus::core
