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
  virtual ~Checkpoint() = default;

  const ModelConfig& config() const { return config_; }
  const std::filesystem::path& path() const { return path_; }
  /// The file as GGUF, null for a folder: the tokenizer is read from it.
  virtual const core::Gguf* gguf() const { return nullptr; }

  /// A vector in float, of the length the configuration says. layer is ignored for roles of the model.
  std::vector<float> vector(Role role, std::int64_t layer) const;
  /// Reads rows of a matrix in float, q and k rows in the order of half-split rotary embedding, from any thread. The
  /// source must not outlive the checkpoint.
  RowSource matrix(Role role, std::int64_t layer) const;

 protected:
  virtual const core::TensorInfo& tensor(Role role, std::int64_t layer) const = 0;
  /// True where q and k rows are stored for interleaved rotary pairs (GGUF files of the llama family).
  virtual bool interleaved_heads() const { return false; }
  /// Every tensor the configuration asks for is there, in its shape.
  void check_all() const;

  ModelConfig config_;
  std::filesystem::path path_;

 private:
  /// Extents a role's tensor must have, [rows] or [rows, cols].
  std::vector<std::int64_t> expected_shape(Role role) const;
  /// tensor(), in the shape expected.
  const core::TensorInfo& checked(Role role, std::int64_t layer) const;
};

/// Opens a .gguf file or a folder with config.json and safetensors. Throws Error(model) when a tensor that the
/// configuration asks for is not there or has another shape.
std::shared_ptr<const Checkpoint> open_checkpoint(const std::filesystem::path& path);

}  // namespace chorus::model
