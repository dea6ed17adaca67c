// What a decoder is made of, read from a GGUF file's metadata or a Hugging Face config.json.
//
//   ModelConfig c = config_from_gguf(gguf);
//   fmt::print("{} layers of {} x {}\n", c.layers, c.heads, c.head_dim);
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/gguf.h"

namespace chorus::model {

/// Rotary position embedding. Frequencies are theta^(-2i/head_dim), i < head_dim / 2, then scaled.
struct RopeConfig {
  enum class Scaling { none, linear, llama3, factors };
  double theta = 10000;
  Scaling scaling = Scaling::none;
  double factor = 1;               // linear, llama3
  double low_freq_factor = 1;      // llama3
  double high_freq_factor = 4;     // llama3
  double original_context = 8192;  // llama3
  std::vector<float> factors;      // factors: each frequency is divided by its own (GGUF's rope_freqs.weight)
};

struct ModelConfig {
  std::string family;  // llama, qwen2, qwen3
  std::int64_t layers = 0;
  std::int64_t hidden = 0;
  std::int64_t intermediate = 0;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;
  std::int64_t vocab = 0;
  std::int64_t context = 0;  // longest position + 1 the model was made for
  double norm_eps = 1e-5;
  bool tied_embeddings = false;
  bool qkv_bias = false;
  bool qk_norm = false;
  RopeConfig rope;
  std::vector<std::int32_t> stop_ids;  // generation_config.json and config.json; the tokenizer adds its own
};

/// Throw Error(model) that names the key when something is missing, out of range or not supported.
ModelConfig config_from_gguf(const core::Gguf& file);
ModelConfig config_from_folder(const std::filesystem::path& folder);

/// What holds for every model chorus runs, wherever its description came from: a family that is known; numbers positive and
/// finite, heads a multiple of the kv heads, head_dim a multiple of 8 up to 256. Throw Error(model) that names `file`.
void check_family(const std::string& family, const std::string& file);
void check(const ModelConfig& config, const std::string& file);

/// inv_freq[i] for i < head_dim / 2, computed in double precision.
/// Source: RoPE (arXiv 2104.09864); llama3 scaling as published with Llama 3.1.
std::vector<double> inverse_frequencies(const RopeConfig& rope, std::int64_t head_dim);

}  // namespace chorus::model
