// What the fuzzers do with one input, and the unit tests with each seed: open it, and if it opens, use all of
// it. Anything but success or one Error(model) is a finding.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "core/dequantize.h"
#include "core/error.h"
#include "core/gguf.h"
#include "core/safetensors.h"

namespace chorus::fuzz {

/// Reads every byte of every tensor, and dequantises those that hold weights.
inline void use(const std::vector<core::TensorInfo>& tensors) {
  unsigned sum = 0;
  for (const core::TensorInfo& tensor : tensors) {
    for (const std::byte value : tensor.data) sum += std::to_integer<unsigned>(value);
    if (tensor.dtype > core::DType::q6_k) continue;
    std::vector<float> weights(static_cast<std::size_t>(core::elements(tensor)));
    core::dequantize(tensor.dtype, tensor.data, weights);
    if (tensor.shape.size() == 2) core::dequantize_rows(tensor, 0, tensor.shape[0], weights);
  }
  [[maybe_unused]] const volatile unsigned kept = sum;
}

/// Whether `body` ends without an error. An Error of another kind, or any other exception, passes through.
template <class Body>
bool sound(Body&& body) {
  try {
    body();
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::model) throw;
    return false;
  }
}

inline bool open_gguf(std::span<const std::byte> bytes) {
  return sound([&] {
    const core::Gguf file = core::Gguf::from_bytes(bytes, "fuzz.gguf");
    for (const std::string_view key : file.keys()) {
      sound([&] { file.integer(key); });
      sound([&] { file.number(key); });
      sound([&] { file.flag(key); });
      sound([&] { file.text(key); });
      sound([&] { file.texts(key); });
      sound([&] { file.integers(key); });
      sound([&] { file.floats(key); });
    }
    use(file.tensors());
  });
}

inline bool open_safetensors(std::span<const std::byte> bytes) {
  return sound([&] { use(core::SafeTensors::from_bytes(bytes, "fuzz.safetensors").tensors()); });
}

}  // namespace chorus::fuzz
