#include "model/checkpoint.h"

#include <fmt/format.h>

#include "core/dequantize.h"
#include "core/error.h"
#include "core/safetensors.h"

namespace chorus::model {
namespace {

struct RoleNames {
  Role role;
  const char* gguf;
  const char* hub;
  bool per_layer;
};

constexpr RoleNames kNames[] = {
    {Role::embedding, "token_embd.weight", "model.embed_tokens.weight", false},
    {Role::output_norm, "output_norm.weight", "model.norm.weight", false},
    {Role::output, "output.weight", "lm_head.weight", false},
    {Role::attn_norm, "blk.{}.attn_norm.weight", "model.layers.{}.input_layernorm.weight", true},
    {Role::q, "blk.{}.attn_q.weight", "model.layers.{}.self_attn.q_proj.weight", true},
    {Role::k, "blk.{}.attn_k.weight", "model.layers.{}.self_attn.k_proj.weight", true},
    {Role::v, "blk.{}.attn_v.weight", "model.layers.{}.self_attn.v_proj.weight", true},
    {Role::o, "blk.{}.attn_output.weight", "model.layers.{}.self_attn.o_proj.weight", true},
    {Role::q_bias, "blk.{}.attn_q.bias", "model.layers.{}.self_attn.q_proj.bias", true},
    {Role::k_bias, "blk.{}.attn_k.bias", "model.layers.{}.self_attn.k_proj.bias", true},
    {Role::v_bias, "blk.{}.attn_v.bias", "model.layers.{}.self_attn.v_proj.bias", true},
    {Role::q_norm, "blk.{}.attn_q_norm.weight", "model.layers.{}.self_attn.q_norm.weight", true},
    {Role::k_norm, "blk.{}.attn_k_norm.weight", "model.layers.{}.self_attn.k_norm.weight", true},
    {Role::ffn_norm, "blk.{}.ffn_norm.weight", "model.layers.{}.post_attention_layernorm.weight", true},
    {Role::gate, "blk.{}.ffn_gate.weight", "model.layers.{}.mlp.gate_proj.weight", true},
    {Role::up, "blk.{}.ffn_up.weight", "model.layers.{}.mlp.up_proj.weight", true},
    {Role::down, "blk.{}.ffn_down.weight", "model.layers.{}.mlp.down_proj.weight", true},
};

const RoleNames& names(Role role) {
  for (const RoleNames& entry : kNames)
    if (entry.role == role) return entry;
  throw Error(ErrorKind::model, "a weight role without a name", "a known role", "");
}

std::string name_of(const char* pattern, bool per_layer, std::int64_t layer) {
  return per_layer ? fmt::format(fmt::runtime(pattern), layer) : std::string(pattern);
}

/// Extents a role's tensor must have, [rows] or [rows, cols].
std::vector<std::int64_t> expected_shape(Role role, const ModelConfig& c) {
  const std::int64_t q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
  switch (role) {
    case Role::embedding:
    case Role::output:
      return {c.vocab, c.hidden};
    case Role::output_norm:
    case Role::attn_norm:
    case Role::ffn_norm:
      return {c.hidden};
    case Role::q:
      return {q, c.hidden};
    case Role::k:
    case Role::v:
      return {kv, c.hidden};
    case Role::o:
      return {c.hidden, q};
    case Role::q_bias:
      return {q};
    case Role::k_bias:
    case Role::v_bias:
      return {kv};
    case Role::q_norm:
    case Role::k_norm:
      return {c.head_dim};
    case Role::gate:
    case Role::up:
      return {c.intermediate, c.hidden};
    case Role::down:
      return {c.hidden, c.intermediate};
  }
  return {};
}

}  // namespace

/// Where the tensors lie.
class Checkpoint::Files {
 public:
  Files() = default;
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  virtual ~Files() = default;

  virtual ModelConfig config() const = 0;
  virtual const core::TensorInfo& tensor(Role role, std::int64_t layer) const = 0;
  virtual const core::Gguf* gguf() const { return nullptr; }
};

class Checkpoint::GgufFiles final : public Files {
 public:
  explicit GgufFiles(const std::filesystem::path& path) : file_(path) {}
  ModelConfig config() const override { return config_from_gguf(file_); }
  const core::TensorInfo& tensor(Role role, std::int64_t layer) const override {
    const RoleNames& entry = names(role);
    return file_.tensor(name_of(entry.gguf, entry.per_layer, layer));
  }
  const core::Gguf* gguf() const override { return &file_; }

 private:
  core::Gguf file_;
};

class Checkpoint::HubFiles final : public Files {
 public:
  explicit HubFiles(const std::filesystem::path& folder) : folder_(folder), files_(folder) {}
  ModelConfig config() const override { return config_from_folder(folder_); }
  const core::TensorInfo& tensor(Role role, std::int64_t layer) const override {
    const RoleNames& entry = names(role);
    return files_.tensor(name_of(entry.hub, entry.per_layer, layer));
  }

 private:
  std::filesystem::path folder_;
  core::SafeTensorsFolder files_;
};

Checkpoint::Checkpoint(const std::filesystem::path& path) : path_(path) {
  if (std::filesystem::is_directory(path)) {
    files_ = std::make_unique<HubFiles>(path);
  } else if (std::filesystem::exists(path)) {
    files_ = std::make_unique<GgufFiles>(path);
  } else {
    throw Error(ErrorKind::model, path.string() + " does not exist",
                "a .gguf file or a folder with config.json", "check the path, or see 'chorus models'");
  }
  config_ = files_->config();
  check_all();
}

Checkpoint::~Checkpoint() = default;

const core::Gguf* Checkpoint::gguf() const {
  return files_->gguf();
}

const core::TensorInfo& Checkpoint::checked(Role role, std::int64_t layer) const {
  const core::TensorInfo& info = files_->tensor(role, layer);
  if (const auto expected = expected_shape(role, config_); info.shape != expected)
    throw Error(
        ErrorKind::model,
        fmt::format("{}: tensor {} has shape {}", path_.string(), info.name, core::shape_text(info.shape)),
        core::shape_text(expected) + ", as the configuration says", "download the model again");
  return info;
}

void Checkpoint::check_all() const {
  checked(Role::embedding, 0);
  checked(Role::output_norm, 0);
  if (!config_.tied_embeddings) checked(Role::output, 0);
  std::vector<Role> roles{Role::attn_norm, Role::q,    Role::k,  Role::v,   Role::o,
                          Role::ffn_norm,  Role::gate, Role::up, Role::down};
  if (config_.qkv_bias) roles.insert(roles.end(), {Role::q_bias, Role::k_bias, Role::v_bias});
  if (config_.qk_norm) roles.insert(roles.end(), {Role::q_norm, Role::k_norm});
  for (std::int64_t layer = 0; layer < config_.layers; ++layer)
    for (const Role role : roles) checked(role, layer);
}

std::vector<float> Checkpoint::vector(Role role, std::int64_t layer) const {
  const core::TensorInfo& info = checked(role, layer);
  std::vector<float> values(static_cast<std::size_t>(core::elements(info)));
  core::dequantize(info.dtype, info.data, values);
  return values;
}

RowSource Checkpoint::matrix(Role role, std::int64_t layer) const {
  const core::TensorInfo& info = checked(role, layer);
  const std::int64_t cols = info.shape[1];
  const auto read = [&info, cols](std::int64_t first, std::int64_t count, float* out) {
    core::dequantize_rows(info, first, count, {out, static_cast<std::size_t>(count * cols)});
  };
  // GGUF files of the llama family store q and k rows for interleaved rotary pairs: row 2i + p of a head where half-split
  // rotary embedding wants row p * head_dim / 2 + i.
  const bool interleaved = gguf() != nullptr && config_.family == "llama";
  if (!interleaved || (role != Role::q && role != Role::k)) return read;
  const std::int64_t d = config_.head_dim;
  return [read, cols, d](std::int64_t first, std::int64_t count, float* out) {
    for (std::int64_t r = 0; r < count; ++r) {
      const std::int64_t head = (first + r) / d, in_head = (first + r) % d;
      const std::int64_t p = in_head / (d / 2), i = in_head % (d / 2);
      read(head * d + 2 * i + p, 1, out + r * cols);
    }
  };
}

std::shared_ptr<const Checkpoint> open_checkpoint(const std::filesystem::path& path) {
  return std::make_shared<const Checkpoint>(path);
}

}  // namespace chorus::model
