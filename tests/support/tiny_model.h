// A tiny random decoder with a byte-level tokenizer, written as GGUF and opened as any model is.
//
//   const TinyModel model({.family = "qwen3"});
//   const auto decoder = model.decoder(model::Compute::f32, 2);
//   engine::Engine engine(*decoder, &model.tokenizer(), {});
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "model/decoder.h"
#include "support/model_file.h"
#include "text/byte_alphabet.h"
#include "text/tokenizer.h"

namespace chorus::test {

struct TinyOptions {
  std::string family = "llama";  // llama, qwen2 (biases), qwen3 (q/k norms)
  bool quantised = false;        // some matrices Q8_0 and Q4_1
  bool tied = true;
  bool bos = true;  // whether the tokenizer adds one
  std::int64_t layers = 2;
  std::int64_t context = 512;
  unsigned seed = 1;
  std::function<void(ModelFile& file)> change = {};  // to its weights, before they are written
};

/// What the tokenizer joins beyond single bytes, in this order; each joins two tokens that are there before it.
inline const std::vector<std::pair<std::string, std::string>>& tiny_merges() {
  static const std::vector<std::pair<std::string, std::string>> merges = {
      {"\n", "\n"}, {"t", "h"},     {"th", "e"}, {" ", "the"}, {" ", "a"},
      {"i", "n"},   {"\n\n", "\n"}, {"b", "\n"}, {"b\n", "c"}};
  return merges;
}
inline constexpr std::int32_t kFirstMerge = 256;
inline std::int32_t tiny_bos() {
  return kFirstMerge + static_cast<std::int32_t>(tiny_merges().size());
}
inline std::int32_t tiny_eos() {
  return tiny_bos() + 1;
}
/// The model's vocabulary is padded, as many are: three ids have no token.
inline std::int64_t tiny_vocab() {
  return tiny_eos() + 4;
}

inline void add_tiny_tokenizer(GgufWriter& w, bool bos) {
  std::vector<std::string> tokens, merges;
  for (int byte = 0; byte < 256; ++byte)
    tokens.push_back(text::byte_alphabet_spelling(std::string(1, static_cast<char>(byte))));
  for (const auto& [left, right] : tiny_merges()) {
    merges.push_back(text::byte_alphabet_spelling(left) + " " + text::byte_alphabet_spelling(right));
    tokens.push_back(text::byte_alphabet_spelling(left + right));
  }
  std::vector<std::int32_t> types(tokens.size(), 1);
  tokens.insert(tokens.end(), {"<s>", "</s>"});
  types.insert(types.end(), {3, 3});
  w.text("tokenizer.ggml.model", "gpt2")
      .text("tokenizer.ggml.pre", "llama-bpe")
      .texts("tokenizer.ggml.tokens", tokens);
  w.i32s("tokenizer.ggml.token_type", types)
      .texts("tokenizer.ggml.merges", merges)
      .flag("tokenizer.ggml.add_bos_token", bos);
  w.u32("tokenizer.ggml.bos_token_id", static_cast<std::uint32_t>(tiny_bos()));
  w.u32("tokenizer.ggml.eos_token_id", static_cast<std::uint32_t>(tiny_eos()));
}

/// The values of one of its tensors, by the name that Hugging Face folders have for it.
inline std::vector<float>& values_of(ModelFile& file, const std::string& name) {
  const auto found = std::find_if(file.tensors.begin(), file.tensors.end(),
                                  [&](const NamedTensor& tensor) { return tensor.name == name; });
  if (found == file.tensors.end()) throw std::invalid_argument("no tensor " + name);
  return found->values;
}

inline model::ModelConfig tiny_config(const TinyOptions& options) {
  model::ModelConfig c;
  c.family = options.family;
  c.layers = options.layers;
  c.hidden = 32;
  c.intermediate = 64;
  c.heads = 4;
  c.kv_heads = 2;
  c.head_dim = 16;  // heads * head_dim is not the hidden size
  c.vocab = tiny_vocab();
  c.context = options.context;
  c.norm_eps = 1e-5;
  c.tied_embeddings = options.tied;
  c.qkv_bias = options.family == "qwen2";
  c.qk_norm = options.family == "qwen3";
  return c;
}

/// Weights large enough that attention is peaked and one token differs clearly from another.
inline ModelFile tiny_file(const TinyOptions& options) {
  const model::ModelConfig c = tiny_config(options);
  ModelFile file{c, {}};
  std::mt19937 random(options.seed);
  std::normal_distribution<float> normal;
  const auto add = [&](const std::string& name, std::vector<std::int64_t> shape, float mean,
                       float deviation) {
    std::size_t size = 1;
    for (const std::int64_t n : shape) size *= static_cast<std::size_t>(n);
    std::vector<float> values(size);
    for (float& v : values) v = mean + deviation * normal(random);
    file.tensors.push_back({name, std::move(shape), std::move(values)});
  };
  const std::int64_t q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
  add("model.embed_tokens.weight", {c.vocab, c.hidden}, 0, 1);
  for (std::int64_t layer = 0; layer < c.layers; ++layer) {
    const std::string at = fmt::format("model.layers.{}.", layer);
    const std::pair<const char*, std::int64_t> projections[] = {{"q", q}, {"k", kv}, {"v", kv}};
    add(at + "input_layernorm.weight", {c.hidden}, 1, 0.1F);
    for (const auto& [name, rows] : projections) {
      add(at + "self_attn." + name + "_proj.weight", {rows, c.hidden}, 0, 0.25F);
      if (c.qkv_bias) add(at + "self_attn." + name + "_proj.bias", {rows}, 0, 0.3F);
      if (c.qk_norm && *name != 'v') add(at + "self_attn." + name + "_norm.weight", {c.head_dim}, 1, 0.2F);
    }
    add(at + "self_attn.o_proj.weight", {c.hidden, q}, 0, 0.25F);
    add(at + "post_attention_layernorm.weight", {c.hidden}, 1, 0.1F);
    add(at + "mlp.gate_proj.weight", {c.intermediate, c.hidden}, 0, 0.25F);
    add(at + "mlp.up_proj.weight", {c.intermediate, c.hidden}, 0, 0.25F);
    add(at + "mlp.down_proj.weight", {c.hidden, c.intermediate}, 0, 0.25F);
  }
  add("model.norm.weight", {c.hidden}, 1, 0.1F);
  if (!c.tied_embeddings) add("lm_head.weight", {c.vocab, c.hidden}, 0, 1);
  if (options.change) options.change(file);
  return file;
}

class TinyModel {
 public:
  explicit TinyModel(const TinyOptions& options = {})
      : checkpoint_(write(options, folder_ / "tiny.gguf")),
        tokenizer_(text::Tokenizer::from_gguf(*checkpoint_->gguf())) {}

  std::unique_ptr<model::Decoder> decoder(model::Compute compute = model::Compute::f32,
                                          int threads = 1) const {
    return decoder_on(model::make_cpu_backend(checkpoint_->config(), compute, threads));
  }
  std::unique_ptr<model::Decoder> decoder_on(std::unique_ptr<model::Backend> backend) const {
    return std::make_unique<model::Decoder>(checkpoint_, std::move(backend));
  }
  const text::Tokenizer& tokenizer() const { return tokenizer_; }
  const model::ModelConfig& config() const { return checkpoint_->config(); }
  std::filesystem::path path() const { return folder_ / "tiny.gguf"; }

 private:
  static std::shared_ptr<const model::Checkpoint> write(const TinyOptions& options,
                                                        const std::filesystem::path& path) {
    GgufWriter w = gguf_of(tiny_file(options), options.quantised);
    add_tiny_tokenizer(w, options.bos);
    write_file(path, w.bytes());
    return model::open_checkpoint(path);
  }

  TempFolder folder_;
  std::shared_ptr<const model::Checkpoint> checkpoint_;
  text::Tokenizer tokenizer_;
};

}  // namespace chorus::test
