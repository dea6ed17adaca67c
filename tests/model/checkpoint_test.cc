// Weights by role: the same out of a GGUF file and a folder, and clear errors for tensors that are missing or misshapen.
#include "model/checkpoint.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/errors.h"
#include "support/tiny_model.h"

namespace chorus::model {
namespace {

using test::expect_error;

/// [rows, cols] of a role in tiny_file().
std::pair<std::int64_t, std::int64_t> shape(const ModelConfig& c, Role role) {
  const std::int64_t q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
  if (role == Role::embedding || role == Role::output) return {c.vocab, c.hidden};
  if (role == Role::q) return {q, c.hidden};
  if (role == Role::o) return {c.hidden, q};
  if (role == Role::down) return {c.hidden, c.intermediate};
  return {role == Role::k || role == Role::v ? kv : c.intermediate, c.hidden};
}

std::vector<float> rows(const Checkpoint& checkpoint, Role role, std::int64_t layer, std::int64_t first,
                        std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count * shape(checkpoint.config(), role).second));
  checkpoint.matrix(role, layer)(first, count, values.data());
  return values;
}

class CheckpointTest : public testing::TestWithParam<std::string> {};

TEST_P(CheckpointTest, FolderAndGgufHoldTheSameModel) {
  const test::TempFolder folder;
  const test::ModelFile file = test::tiny_file({.family = GetParam(), .tied = false});
  test::write_folder(file, folder.path());
  test::write_file(folder / "m.gguf", test::gguf_of(file).bytes());
  const auto hub = open_checkpoint(folder.path()), gguf = open_checkpoint(folder / "m.gguf");
  EXPECT_EQ(hub->gguf(), nullptr);
  EXPECT_NE(gguf->gguf(), nullptr);
  for (const Checkpoint* c : {hub.get(), gguf.get()}) {
    EXPECT_EQ(c->config().family, GetParam());
    EXPECT_EQ(c->config().head_dim, 16);
    EXPECT_EQ(c->config().qkv_bias, GetParam() == "qwen2");
    EXPECT_EQ(c->config().qk_norm, GetParam() == "qwen3");
    EXPECT_FALSE(c->config().tied_embeddings);
  }
  for (const Role role :
       {Role::embedding, Role::output, Role::q, Role::k, Role::v, Role::o, Role::gate, Role::up, Role::down})
    for (std::int64_t layer = 0; layer < 2; ++layer) {
      const std::int64_t n = shape(hub->config(), role).first;
      const auto expected = rows(*hub, role, layer, 0, n);
      EXPECT_EQ(rows(*gguf, role, layer, 0, n), expected) << static_cast<int>(role);
      // Any range of rows is that part of the whole.
      const auto part = rows(*gguf, role, layer, n / 3, n / 2);
      const auto cols = static_cast<std::ptrdiff_t>(shape(hub->config(), role).second);
      EXPECT_TRUE(std::equal(part.begin(), part.end(), expected.begin() + n / 3 * cols));
    }
  std::vector<Role> vectors{Role::output_norm, Role::attn_norm, Role::ffn_norm};
  if (GetParam() == "qwen2") vectors.insert(vectors.end(), {Role::q_bias, Role::k_bias, Role::v_bias});
  if (GetParam() == "qwen3") vectors.insert(vectors.end(), {Role::q_norm, Role::k_norm});
  for (const Role role : vectors) EXPECT_EQ(gguf->vector(role, 1), hub->vector(role, 1));
  // The values are those that were written, in half-split order.
  for (const auto& tensor : file.tensors)
    if (tensor.name == "model.layers.1.self_attn.k_proj.weight") {
      EXPECT_EQ(rows(*hub, Role::k, 1, 0, tensor.shape[0]), tensor.values);
    }
}

INSTANTIATE_TEST_SUITE_P(Families, CheckpointTest, testing::Values("llama", "qwen2", "qwen3"),
                         [](const auto& of) { return of.param; });

TEST(Checkpoint, QuantisedTensorsAreNearWhatWasWritten) {
  const test::TempFolder folder;
  const test::ModelFile file = test::tiny_file({});
  test::write_file(folder / "m.gguf", test::gguf_of(file, true).bytes());
  const auto checkpoint = open_checkpoint(folder / "m.gguf");
  const auto error = [&](Role role, const std::string& name) {
    double largest = 0;
    for (const auto& tensor : file.tensors) {
      if (tensor.name != name) continue;
      const auto got = rows(*checkpoint, role, 0, 0, tensor.shape[0]);
      for (std::size_t i = 0; i < got.size(); ++i)
        largest = std::max(largest, static_cast<double>(std::abs(got[i] - tensor.values[i])));
      EXPECT_NE(got, tensor.values);
    }
    return largest;
  };
  // Half a step of a block's largest value (5 deviations and less), and the rounding of the f16 scale.
  EXPECT_LT(error(Role::embedding, "model.embed_tokens.weight"), 5.0 / 127 / 2 + 0.003);
  EXPECT_LT(error(Role::gate, "model.layers.0.mlp.gate_proj.weight"), 2 * 5 * 0.25 / 15 / 2 + 0.003);
}

TEST(Checkpoint, MissingAndMisshapenTensorsAreNamed) {
  const auto refused = [](const std::string& part, const std::string& family, auto&& change) {
    const test::TempFolder folder;
    test::ModelFile file = test::tiny_file({.family = family, .tied = false});
    change(file.tensors);
    test::write_file(folder / "m.gguf", test::gguf_of(file).bytes());
    expect_error(ErrorKind::model, part, [&] { open_checkpoint(folder / "m.gguf"); });
    test::write_folder(file, folder.path());
    EXPECT_THROW(open_checkpoint(folder.path()), Error);
  };
  const auto without = [](const std::string& name) {
    return [name](auto& tensors) { std::erase_if(tensors, [&](const auto& t) { return t.name == name; }); };
  };
  const auto shaped = [](const std::string& name, std::vector<std::int64_t> shape) {
    return [name, shape](auto& tensors) {
      for (auto& t : tensors)
        if (t.name == name) {
          t.shape = shape;
          t.values.assign(static_cast<std::size_t>(shape[0] * (shape.size() > 1 ? shape[1] : 1)), 0.5F);
        }
    };
  };
  refused("output_norm.weight", "llama", without("model.norm.weight"));
  refused("blk.1.ffn_down.weight", "llama", without("model.layers.1.mlp.down_proj.weight"));
  refused("blk.0.attn_k.bias", "qwen2", without("model.layers.0.self_attn.k_proj.bias"));
  refused("blk.1.attn_q_norm.weight", "qwen3", without("model.layers.1.self_attn.q_norm.weight"));
  refused("blk.0.attn_q.weight has shape", "llama",
          shaped("model.layers.0.self_attn.q_proj.weight", {32, 32}));
  refused("blk.1.ffn_norm.weight has shape", "llama",
          shaped("model.layers.1.post_attention_layernorm.weight", {33}));
  refused("output.weight has shape", "llama", shaped("lm_head.weight", {16, 32}));
  refused("attn_norm.weight has shape", "llama", shaped("model.layers.0.input_layernorm.weight", {32, 1}));
}

TEST(Checkpoint, AnEmbeddingAloneDecidesTheVocabularyOfAGguf) {
  const test::TempFolder folder;
  test::ModelFile file = test::tiny_file({});
  file.tensors[0].shape = {32 * file.config.vocab};
  test::write_file(folder / "m.gguf", test::gguf_of(file).bytes());
  expect_error(ErrorKind::model, "token_embd.weight is not a matrix",
               [&] { open_checkpoint(folder / "m.gguf"); });
}

TEST(Checkpoint, WhatIsNoModelIsRefused) {
  const test::TempFolder folder;
  expect_error(ErrorKind::model, "does not exist", [&] { open_checkpoint(folder / "none.gguf"); });
  EXPECT_THROW(open_checkpoint(folder.path()), Error);
  test::write_file(folder / "empty.gguf", "");
  EXPECT_THROW(open_checkpoint(folder / "empty.gguf"), Error);
  test::write_file(folder / "text.gguf", "this is no model");
  EXPECT_THROW(open_checkpoint(folder / "text.gguf"), Error);
}

}  // namespace
}  // namespace chorus::model
