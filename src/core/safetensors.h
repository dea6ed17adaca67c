// safetensors files (github.com/huggingface/safetensors, "Format"), and Hugging Face folders that hold one or
// many. Opening reads the JSON header and checks every length, type, shape and offset against the file;
// tensors are mapped.
//
//   SafeTensorsFolder model("Llama-3.2-1B-Instruct");      // model.safetensors or the shards of its index
//   const TensorInfo& w = model.tensor("model.layers.0.self_attn.q_proj.weight");   // w.shape is [out, in]
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/container.h"
#include "core/mapped_file.h"

namespace chorus::core {

/// One file. As the format demands, the tensors must cover the bytes after the header without holes or
/// overlap. BOOL is read as u8; a tensor of a type that DType lacks is refused.
class SafeTensors {
 public:
  /// Throws Error(io) when the file cannot be opened and Error(model) when its content is not sound.
  explicit SafeTensors(const std::filesystem::path& path);
  /// The same on bytes in memory, which must outlive the object; `name` stands for the path in errors.
  static SafeTensors from_bytes(std::span<const std::byte> bytes, std::string name);

  const TensorInfo* find(std::string_view tensor_name) const { return tensors_.find(tensor_name); }
  /// Throws Error(model) when there is no such tensor.
  const TensorInfo& tensor(std::string_view tensor_name) const { return tensors_.tensor(tensor_name, name_); }
  /// In the order of their bytes in the file.
  const std::vector<TensorInfo>& tensors() const { return tensors_.all(); }
  const std::string& name() const { return name_; }

 private:
  SafeTensors(std::optional<MappedFile> file, std::span<const std::byte> bytes, std::string name);

  std::optional<MappedFile> file_;
  std::string name_;
  TensorTable tensors_;
};

/// The tensors of `folder`/model.safetensors, or else those that model.safetensors.index.json names, each
/// from its shard. Shard names must be plain file names; a shard or a tensor that the index names and that is
/// missing is an error, a tensor that it does not name is left out.
class SafeTensorsFolder {
 public:
  /// Throws Error(model) when the folder has neither file or they are not sound, Error(io) when one cannot be
  /// read.
  explicit SafeTensorsFolder(const std::filesystem::path& folder);

  const TensorInfo* find(std::string_view tensor_name) const { return tensors_.find(tensor_name); }
  /// Throws Error(model) when there is no such tensor.
  const TensorInfo& tensor(std::string_view tensor_name) const { return tensors_.tensor(tensor_name, name_); }
  const std::vector<TensorInfo>& tensors() const { return tensors_.all(); }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::vector<SafeTensors> files_;
  TensorTable tensors_;
};

}  // namespace chorus::core
