// A model's weights by role, out of a GGUF file or a Hugging Face folder, whatever they are called there.
//
//   auto checkpoint = open_checkpoint("SmolLM2-135M-Instruct.Q4_1.gguf");
//   std::vector<float> w = checkpoint->vector(Role::attn_norm, 0);
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "core/gguf.h"
#include "model/backend.h"
#include "model/config.h"

namespace chorus::model {

enum class Role {
  // of the model
  embedding,
  output_norm,
  output,
  // of a layer
  attn_norm,
  q,
  k,
  v,
  o,
  q_bias,
  k_bias,
  v_bias,
  q_norm,
  k_norm,
  ffn_norm,
  gate,
  up,
  down
};

class Checkpoint {
 public:
  /// Opens a .gguf file or a folder with config.json and safetensors. Throws Error(model) when it is not there, or when a tensor
  /// that the configuration asks for is missing or has another shape.
  explicit Checkpoint(const std::filesystem::path& path);
  ~Checkpoint();
  Checkpoint(const Checkpoint&) = delete;
  Checkpoint& operator=(const Checkpoint&) = delete;

  const ModelConfig& config() const { return config_; }
  const std::filesystem::path& path() const { return path_; }
  /// The file as GGUF, null for a folder: the tokenizer is read from it.
  const core::Gguf* gguf() const;

  /// A vector in float, of the length the configuration says. layer is ignored for roles of the model.
  std::vector<float> vector(Role role, std::int64_t layer) const;
  /// Reads rows of a matrix in float, q and k rows in the order of half-split rotary embedding, from any thread. The
  /// source must not outlive the checkpoint.
  RowSource matrix(Role role, std::int64_t layer) const;

 private:
  class Files;
  class GgufFiles;
  class HubFiles;
  void check_all() const;
  /// The tensor, in the shape expected.
  const core::TensorInfo& checked(Role role, std::int64_t layer) const;

  std::filesystem::path path_;
  std::unique_ptr<const Files> files_;
  ModelConfig config_;
};

/// The same, shared by those who read from it.
std::shared_ptr<const Checkpoint> open_checkpoint(const std::filesystem::path& path);

}  // namespace chorus::model
