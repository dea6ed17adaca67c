// Writes safetensors bytes (github.com/huggingface/safetensors, "Format"), for results that numpy and PyTorch read.
//
//   SafeTensorsWriter file;
//   file.add("logits", {steps, vocab}, logits);              // std::span<const float>
//   data::write_durable("trace.safetensors", file.bytes());
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace chorus::core {

class SafeTensorsWriter {
 public:
  /// A row-major tensor, outermost extent first; `values` has the product of the extents. Throws Error(data) for another number of
  /// values, or a name given twice.
  void add(const std::string& name, const std::vector<std::int64_t>& shape, std::span<const float> values);
  void add(const std::string& name, const std::vector<std::int64_t>& shape,
           std::span<const std::int32_t> values);
  /// A text beside the tensors (__metadata__).
  void note(const std::string& name, const std::string& text);

  /// The whole file: tensors in the order they were added.
  std::string bytes() const;

 private:
  void add(const std::string& name, const char* dtype, const std::vector<std::int64_t>& shape,
           std::span<const std::byte> bytes);

  std::string tensors_;  // of the header
  std::map<std::string, std::string> notes_;
  std::vector<std::string> names_;
  std::string data_;
};

}  // namespace chorus::core
