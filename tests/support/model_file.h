// A model's weights in memory, to be written as a GGUF file or as a Hugging Face folder: the same model both ways.
//
//   const ModelFile file = read_folder("golden/models/qwen3_qknorm");
//   write_file(folder / "m.gguf", gguf_of(file).bytes());
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <string>
#include <vector>

#include "core/dequantize.h"
#include "core/safetensors.h"
#include "model/config.h"
#include "support/gguf_writer.h"
#include "support/temp_folder.h"

namespace chorus::test {

/// A tensor by its name in Hugging Face folders, q and k rows in half-split order.
struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

struct ModelFile {
  model::ModelConfig config;
  std::vector<NamedTensor> tensors;
};

inline ModelFile read_folder(const std::filesystem::path& folder) {
  ModelFile file{model::config_from_folder(folder), {}};
  const core::SafeTensorsFolder tensors(folder);
  for (const core::TensorInfo& info : tensors.tensors()) {
    std::vector<float> values(static_cast<std::size_t>(core::elements(info)));
    core::dequantize(info.dtype, info.data, values);
    file.tensors.push_back({std::string(info.name), info.shape, std::move(values)});
  }
  return file;
}

/// What GGUF files call a tensor of a Hugging Face folder.
inline std::string gguf_name(const std::string& hub) {
  static const std::vector<std::pair<std::string, std::string>> parts = {
      {"model.embed_tokens.", "token_embd."},
      {"model.norm.", "output_norm."},
      {"lm_head.", "output."},
      {"model.layers.", "blk."},
      {"post_attention_layernorm", "ffn_norm"},
      {"input_layernorm", "attn_norm"},
      {"self_attn.q_norm", "attn_q_norm"},
      {"self_attn.k_norm", "attn_k_norm"},
      {"self_attn.q_proj", "attn_q"},
      {"self_attn.k_proj", "attn_k"},
      {"self_attn.v_proj", "attn_v"},
      {"self_attn.o_proj", "attn_output"},
      {"mlp.gate_proj", "ffn_gate"},
      {"mlp.up_proj", "ffn_up"},
      {"mlp.down_proj", "ffn_down"}};
  std::string name = hub;
  for (const auto& [from, to] : parts)
    if (const auto at = name.find(from); at != std::string::npos) name.replace(at, from.size(), to);
  return name;
}

/// Rows of q or k as GGUF files of the llama family keep them: row 2i + p of a head is row p * head_dim / 2 + i here.
inline std::vector<float> interleaved(const NamedTensor& tensor, std::int64_t head_dim) {
  const auto rows = tensor.shape[0], cols = static_cast<std::int64_t>(tensor.values.size()) / rows;
  std::vector<float> out(tensor.values.size());
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t head = row / head_dim, p = row % 2, i = row % head_dim / 2;
    const std::int64_t from = head * head_dim + p * (head_dim / 2) + i;
    std::copy_n(tensor.values.begin() + from * cols, cols, out.begin() + row * cols);
  }
  return out;
}

/// Divisors of the rotary frequencies that are llama3 scaling, as converters write them into rope_freqs.weight.
inline std::vector<float> llama3_factors(const model::ModelConfig& c) {
  std::vector<float> factors;
  for (std::int64_t i = 0; i < c.head_dim / 2; ++i) {
    const double wave =
        2 * std::numbers::pi *
        std::pow(c.rope.theta, 2.0 * static_cast<double>(i) / static_cast<double>(c.head_dim));
    const double low = c.rope.original_context / c.rope.low_freq_factor,
                 high = c.rope.original_context / c.rope.high_freq_factor;
    double factor = wave > low ? c.rope.factor : 1.0;
    if (wave >= high && wave <= low) {
      const double smooth = (c.rope.original_context / wave - c.rope.low_freq_factor) /
                            (c.rope.high_freq_factor - c.rope.low_freq_factor);
      factor = 1 / ((1 - smooth) / c.rope.factor + smooth);
    }
    factors.push_back(static_cast<float>(factor));
  }
  return factors;
}

/// Rounded to Q8_0: blocks of 32, one f16 scale each.
inline std::vector<std::byte> as_q8_0(const std::vector<float>& values) {
  ByteSink sink;
  for (std::size_t at = 0; at < values.size(); at += 32) {
    float largest = 0;
    for (std::size_t i = 0; i < 32; ++i) largest = std::max(largest, std::abs(values[at + i]));
    const float scale = largest / 127;
    sink.put(core::f16::from_float(scale).bits);
    for (std::size_t i = 0; i < 32; ++i)
      sink.put(static_cast<std::int8_t>(std::lround(scale > 0 ? values[at + i] / scale : 0)));
  }
  return sink.bytes();
}

/// Rounded to Q4_1: blocks of 32, an f16 step and an f16 minimum each.
inline std::vector<std::byte> as_q4_1(const std::vector<float>& values) {
  ByteSink sink;
  for (std::size_t at = 0; at < values.size(); at += 32) {
    const auto [low, high] = std::minmax_element(values.begin() + static_cast<std::ptrdiff_t>(at),
                                                 values.begin() + static_cast<std::ptrdiff_t>(at + 32));
    const float step = (*high - *low) / 15, least = *low;
    const auto level = [&](std::size_t i) {
      return static_cast<unsigned>(
          std::clamp(std::lround(step > 0 ? (values[at + i] - least) / step : 0), 0L, 15L));
    };
    sink.put(core::f16::from_float(step).bits).put(core::f16::from_float(least).bits);
    for (std::size_t i = 0; i < 16; ++i) sink.put(static_cast<std::uint8_t>(level(i) | level(i + 16) << 4));
  }
  return sink.bytes();
}

/// The model as GGUF, without a tokenizer. quantised: embedding and lm_head Q8_0, gate Q4_1, down Q8_0, the rest F32.
inline GgufWriter gguf_of(const ModelFile& file, bool quantised = false) {
  const model::ModelConfig& c = file.config;
  const auto key = [&](const char* name) { return c.family + "." + name; };
  const auto u32 = [](std::int64_t value) { return static_cast<std::uint32_t>(value); };
  GgufWriter w;
  w.text("general.architecture", c.family)
      .u32(key("block_count"), u32(c.layers))
      .u32(key("embedding_length"), u32(c.hidden));
  w.u32(key("feed_forward_length"), u32(c.intermediate)).u32(key("attention.head_count"), u32(c.heads));
  w.u32(key("attention.head_count_kv"), u32(c.kv_heads)).u32(key("attention.key_length"), u32(c.head_dim));
  w.u32(key("context_length"), u32(c.context))
      .f32(key("attention.layer_norm_rms_epsilon"), static_cast<float>(c.norm_eps));
  w.f32(key("rope.freq_base"), static_cast<float>(c.rope.theta))
      .u32(key("rope.dimension_count"), u32(c.head_dim));
  if (c.rope.scaling == model::RopeConfig::Scaling::llama3)
    w.f32_tensor("rope_freqs.weight", {c.head_dim / 2}, llama3_factors(c));
  for (const NamedTensor& tensor : file.tensors) {
    const std::string name = gguf_name(tensor.name);
    const bool rotated = name.ends_with("attn_q.weight") || name.ends_with("attn_k.weight");
    const auto values = rotated && c.family == "llama" ? interleaved(tensor, c.head_dim) : tensor.values;
    const bool q8 =
        name == "token_embd.weight" || name == "output.weight" || name.ends_with("ffn_down.weight");
    if (quantised && q8) {
      w.tensor(name, GgufWriter::kQ8_0, tensor.shape, as_q8_0(values));
    } else if (quantised && name.ends_with("ffn_gate.weight")) {
      w.tensor(name, GgufWriter::kQ4_1, tensor.shape, as_q4_1(values));
    } else {
      w.f32_tensor(name, tensor.shape, values);
    }
  }
  return w;
}

/// The model as config.json and model.safetensors. Rotary scaling: none.
inline void write_folder(const ModelFile& file, const std::filesystem::path& folder) {
  const model::ModelConfig& c = file.config;
  const nlohmann::json config = {{"model_type", c.family},
                                 {"num_hidden_layers", c.layers},
                                 {"hidden_size", c.hidden},
                                 {"intermediate_size", c.intermediate},
                                 {"num_attention_heads", c.heads},
                                 {"num_key_value_heads", c.kv_heads},
                                 {"head_dim", c.head_dim},
                                 {"vocab_size", c.vocab},
                                 {"max_position_embeddings", c.context},
                                 {"rms_norm_eps", c.norm_eps},
                                 {"tie_word_embeddings", c.tied_embeddings},
                                 {"rope_theta", c.rope.theta}};
  write_file(folder / "config.json", config.dump());
  nlohmann::ordered_json header;
  ByteSink data;
  for (const NamedTensor& tensor : file.tensors) {
    const std::size_t begin = data.bytes().size();
    data.append(std::as_bytes(std::span(tensor.values)));
    header[tensor.name] = {
        {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, data.bytes().size()}}};
  }
  const std::string text = header.dump();
  ByteSink whole;
  whole.put(static_cast<std::uint64_t>(text.size()))
      .append(std::as_bytes(std::span(text)))
      .append(data.bytes());
  write_file(folder / "model.safetensors", whole.bytes());
}

}  // namespace chorus::test
