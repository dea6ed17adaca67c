#include "model/config.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "core/dequantize.h"
#include "core/error.h"

namespace chorus::model {
namespace {

constexpr std::int64_t kLargest = std::int64_t{1} << 31;

[[noreturn]] void refuse(const core::Gguf& file, const std::string& got, const std::string& expected) {
  throw Error(ErrorKind::model, fmt::format("{}: {}", file.name(), got), expected,
              "use a GGUF file of a supported family");
}

std::int64_t positive(const core::Gguf& file, const std::string& key) {
  const auto value = file.integer(key);
  if (!value) refuse(file, fmt::format("no metadata key {}", key), "a positive integer");
  if (*value <= 0 || *value >= kLargest)
    refuse(file, fmt::format("{} is {}", key, *value), "a positive integer");
  return *value;
}

RopeConfig rope_from_gguf(const core::Gguf& file, const std::string& arch, std::int64_t head_dim) {
  RopeConfig rope;
  rope.theta = file.number(arch + ".rope.freq_base").value_or(10000.0);
  const std::int64_t dims = file.integer(arch + ".rope.dimension_count").value_or(head_dim);
  if (dims != head_dim)
    refuse(file, fmt::format("{}.rope.dimension_count is {}", arch, dims),
           fmt::format("the head size, {}", head_dim));
  if (const core::TensorInfo* factors = file.find("rope_freqs.weight")) {
    if (core::elements(*factors) != head_dim / 2)
      refuse(file, fmt::format("rope_freqs.weight has {} values", core::elements(*factors)),
             fmt::format("{}", head_dim / 2));
    rope.scaling = RopeConfig::Scaling::factors;
    rope.factors.resize(static_cast<std::size_t>(head_dim / 2));
    core::dequantize(factors->dtype, factors->data, rope.factors);
    for (const float factor : rope.factors)
      if (!(factor > 0) || !std::isfinite(factor))
        refuse(file, fmt::format("rope_freqs.weight holds {}", factor), "positive numbers");
    return rope;
  }
  const auto kind = file.text(arch + ".rope.scaling.type").value_or("none");
  if (kind == "linear") {
    rope.scaling = RopeConfig::Scaling::linear;
    rope.factor = file.number(arch + ".rope.scaling.factor").value_or(1.0);
  } else if (kind != "none") {
    refuse(file, fmt::format("{}.rope.scaling.type is '{}'", arch, kind),
           "none or linear, or a rope_freqs.weight tensor");
  }
  return rope;
}

}  // namespace

ModelConfig config_from_gguf(const core::Gguf& file) {
  const auto arch_text = file.text("general.architecture");
  if (!arch_text) refuse(file, "no metadata key general.architecture", "the name of a model family");
  const std::string arch(*arch_text);

  ModelConfig c;
  c.family = arch;
  check_family(arch, file.name());
  c.layers = positive(file, arch + ".block_count");
  c.hidden = positive(file, arch + ".embedding_length");
  c.intermediate = positive(file, arch + ".feed_forward_length");
  c.heads = positive(file, arch + ".attention.head_count");
  c.kv_heads = file.has(arch + ".attention.head_count_kv") ? positive(file, arch + ".attention.head_count_kv")
                                                           : c.heads;
  if (file.has(arch + ".attention.key_length")) {
    c.head_dim = positive(file, arch + ".attention.key_length");
  } else {
    if (c.hidden % c.heads != 0)
      refuse(file, fmt::format("embedding length {} and {} heads", c.hidden, c.heads),
             "a length that is a multiple of the heads");
    c.head_dim = c.hidden / c.heads;
  }
  c.context = positive(file, arch + ".context_length");
  c.norm_eps = file.number(arch + ".attention.layer_norm_rms_epsilon").value_or(1e-5);
  c.rope = rope_from_gguf(file, arch, c.head_dim);
  check(c, file.name());
  const core::TensorInfo& embedding = file.tensor("token_embd.weight");
  if (embedding.shape.size() != 2) refuse(file, "token_embd.weight is not a matrix", "[vocabulary, hidden]");
  c.vocab = embedding.shape[0];
  if (c.vocab <= 0 || c.vocab >= kLargest)
    refuse(file, fmt::format("token_embd.weight has {} rows", c.vocab), "one for each token");
  c.tied_embeddings = file.find("output.weight") == nullptr;
  c.qkv_bias = file.find("blk.0.attn_q.bias") != nullptr;
  c.qk_norm = file.find("blk.0.attn_q_norm.weight") != nullptr;
  // Its q and k rows are stored for interleaved rotary pairs; what goes with them would be too.
  if (arch == "llama" && (c.qkv_bias || c.qk_norm))
    refuse(file, "a llama file with attention biases or norms", "neither in this family");
  return c;
}

void check_family(const std::string& family, const std::string& file) {
  if (family != "llama" && family != "qwen2" && family != "qwen3")
    throw Error(ErrorKind::model, fmt::format("{}: model family '{}'", file, family), "llama, qwen2 or qwen3",
                "use a model of a supported family");
}

void check(const ModelConfig& c, const std::string& file) {
  const auto require = [&](bool holds, const std::string& got, const std::string& expected) {
    if (!holds)
      throw Error(ErrorKind::model, fmt::format("{}: {}", file, got), expected,
                  "use a model of a supported family");
  };
  require(c.heads % c.kv_heads == 0, fmt::format("{} heads and {} key/value heads", c.heads, c.kv_heads),
          "heads that are a multiple of the key/value heads");
  require(c.head_dim > 0 && c.head_dim % 8 == 0 && c.head_dim <= 256, fmt::format("head dim {}", c.head_dim),
          "a multiple of 8 of at most 256");
  const auto positive = [&](double value, const char* what) {
    require(value > 0 && std::isfinite(value), fmt::format("{} {}", what, value), "a positive number");
  };
  positive(c.norm_eps, "norm epsilon");
  positive(c.rope.theta, "rotary base");
  positive(c.rope.factor, "rotary scaling factor");
}

std::vector<double> inverse_frequencies(const RopeConfig& rope, std::int64_t head_dim) {
  std::vector<double> frequencies(static_cast<std::size_t>(head_dim / 2));
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    double f = std::pow(rope.theta, -2.0 * static_cast<double>(i) / static_cast<double>(head_dim));
    if (rope.scaling == RopeConfig::Scaling::linear) f /= rope.factor;
    if (rope.scaling == RopeConfig::Scaling::factors) f /= static_cast<double>(rope.factors[i]);
    if (rope.scaling == RopeConfig::Scaling::llama3) {
      // Wavelengths short against the original context stay, long ones are stretched by `factor`, between them a blend.
      const double wavelength = 2 * std::numbers::pi / f;
      const double turns = rope.original_context / wavelength;
      if (turns < rope.low_freq_factor) {
        f /= rope.factor;
      } else if (turns <= rope.high_freq_factor) {
        const double smooth = (turns - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
        f = (1 - smooth) * f / rope.factor + smooth * f;
      }
    }
    frequencies[i] = f;
  }
  return frequencies;
}

}  // namespace chorus::model
