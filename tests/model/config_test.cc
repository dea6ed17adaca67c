// config.json and GGUF metadata: both spellings of the rotary settings, and one clear error for each bad value.
#include "model/config.h"

#include <gtest/gtest.h>

#include <functional>

#include "core/error.h"
#include "support/errors.h"
#include "support/tiny_model.h"

namespace chorus::model {
namespace {

using nlohmann::json;
using test::expect_error;
using Scaling = RopeConfig::Scaling;

json llama() {
  return {{"model_type", "llama"},    {"num_hidden_layers", 2},
          {"hidden_size", 64},        {"intermediate_size", 96},
          {"num_attention_heads", 4}, {"num_key_value_heads", 2},
          {"vocab_size", 300},        {"max_position_embeddings", 2048},
          {"rms_norm_eps", 1e-5},     {"tie_word_embeddings", true},
          {"rope_theta", 5e5}};
}

ModelConfig read(const json& config, const std::string& generation = "") {
  const test::TempFolder folder;
  test::write_file(folder / "config.json", config.dump());
  if (!generation.empty()) test::write_file(folder / "generation_config.json", generation);
  return config_from_folder(folder.path());
}

TEST(ConfigFromFolder, ReadsWhatAModelIs) {
  const ModelConfig c = read(llama());
  EXPECT_EQ(c.family, "llama");
  EXPECT_EQ(c.layers, 2);
  EXPECT_EQ(c.hidden, 64);
  EXPECT_EQ(c.intermediate, 96);
  EXPECT_EQ(c.heads, 4);
  EXPECT_EQ(c.kv_heads, 2);
  EXPECT_EQ(c.head_dim, 16);
  EXPECT_EQ(c.vocab, 300);
  EXPECT_EQ(c.context, 2048);
  EXPECT_EQ(c.norm_eps, 1e-5);
  EXPECT_TRUE(c.tied_embeddings);
  EXPECT_EQ(c.rope.theta, 5e5);
  EXPECT_EQ(c.rope.scaling, Scaling::none);
  EXPECT_FALSE(c.qkv_bias || c.qk_norm);
}

TEST(ConfigFromFolder, FamiliesDifferInBiasesAndNorms) {
  json config = llama();
  config["model_type"] = "qwen2";
  EXPECT_TRUE(read(config).qkv_bias);
  config["model_type"] = "qwen3";
  config["head_dim"] = 32;
  EXPECT_TRUE(read(config).qk_norm);
  EXPECT_EQ(read(config).head_dim, 32);
}

TEST(ConfigFromFolder, AbsentAndNullMeanTheUsualValue) {
  json config = llama();
  config.erase("num_key_value_heads");
  config.erase("rope_theta");
  config["head_dim"] = nullptr;
  config["tie_word_embeddings"] = nullptr;
  const ModelConfig c = read(config);
  EXPECT_EQ(c.kv_heads, 4);
  EXPECT_EQ(c.head_dim, 16);
  EXPECT_EQ(c.rope.theta, 10000);
  EXPECT_FALSE(c.tied_embeddings);
}

TEST(ConfigFromFolder, BothSpellingsOfRotarySettingsAreOne) {
  const json scaling = {{"rope_type", "llama3"},
                        {"factor", 32},
                        {"low_freq_factor", 1.0},
                        {"high_freq_factor", 4.0},
                        {"original_max_position_embeddings", 8192}};
  json apart = llama(), together = llama();
  apart["rope_scaling"] = scaling;
  together.erase("rope_theta");
  together["rope_parameters"] = scaling;
  together["rope_parameters"]["rope_theta"] = 5e5;
  for (const json& config : {apart, together}) {
    const RopeConfig rope = read(config).rope;
    EXPECT_EQ(rope.theta, 5e5);
    EXPECT_EQ(rope.scaling, Scaling::llama3);
    EXPECT_EQ(rope.factor, 32);
    EXPECT_EQ(rope.low_freq_factor, 1);
    EXPECT_EQ(rope.high_freq_factor, 4);
    EXPECT_EQ(rope.original_context, 8192);
  }
  json linear = llama();
  linear["rope_scaling"] = {{"type", "linear"}, {"factor", 2.5}};  // the old name of rope_type
  EXPECT_EQ(read(linear).rope.scaling, Scaling::linear);
  EXPECT_EQ(read(linear).rope.factor, 2.5);
  json plain = llama();
  plain["rope_scaling"] = {{"rope_type", "default"}};
  EXPECT_EQ(read(plain).rope.scaling, Scaling::none);
  plain["rope_scaling"] = nullptr;
  EXPECT_EQ(read(plain).rope.scaling, Scaling::none);
}

TEST(ConfigFromFolder, StopIdsComeFromBothFilesOnce) {
  json config = llama();
  config["eos_token_id"] = 7;
  EXPECT_EQ(read(config).stop_ids, (std::vector<std::int32_t>{7}));
  EXPECT_EQ(read(config, R"({"eos_token_id": [7, 8, 9]})").stop_ids, (std::vector<std::int32_t>{7, 8, 9}));
  EXPECT_EQ(read(config, R"({"eos_token_id": null})").stop_ids, (std::vector<std::int32_t>{7}));
  EXPECT_TRUE(read(llama()).stop_ids.empty());
}

TEST(ConfigFromFolder, EachBadValueIsNamed) {
  const auto refused = [](const std::string& part, const std::function<void(json&)>& change) {
    json config = llama();
    change(config);
    expect_error(ErrorKind::model, part, [&] { read(config); });
  };
  refused("model family 'gpt2'", [](json& c) { c["model_type"] = "gpt2"; });
  refused("model family ''", [](json& c) { c.erase("model_type"); });
  refused("'model_type' is no string", [](json& c) { c["model_type"] = 3; });
  for (const char* key :
       {"num_hidden_layers", "hidden_size", "intermediate_size", "num_attention_heads", "vocab_size"}) {
    refused(fmt::format("'{}' is missing", key), [&](json& c) { c.erase(key); });
    refused(fmt::format("'{}' is 0", key), [&](json& c) { c[key] = 0; });
    refused(fmt::format("'{}' is -4", key), [&](json& c) { c[key] = -4; });
    refused(fmt::format("'{}' is 2147483648", key), [&](json& c) { c[key] = 2147483648; });
    refused(fmt::format("'{}' is \"4\"", key), [&](json& c) { c[key] = "4"; });
    refused(fmt::format("'{}' is 4.5", key), [&](json& c) { c[key] = 4.5; });
  }
  refused("4 heads and 3 key/value heads", [](json& c) { c["num_key_value_heads"] = 3; });
  refused("head dim 12", [](json& c) { c["head_dim"] = 12; });
  refused("head dim 264", [](json& c) { c["head_dim"] = 264; });
  refused("head dim 0", [](json& c) { c["hidden_size"] = 2; });  // fewer than there are heads
  refused("'rms_norm_eps' is 0", [](json& c) { c["rms_norm_eps"] = 0; });
  refused("'rope_theta' is -1", [](json& c) { c["rope_theta"] = -1; });
  refused("hidden_act 'gelu'", [](json& c) { c["hidden_act"] = "gelu"; });
  refused("use_sliding_window", [](json& c) { c["use_sliding_window"] = true; });
  refused("mlp_bias", [](json& c) { c["mlp_bias"] = true; });
  refused("attention_bias", [](json& c) { c["attention_bias"] = true; });
  refused("'tie_word_embeddings' is no boolean", [](json& c) { c["tie_word_embeddings"] = "yes"; });
  refused("'rope_scaling' is no object", [](json& c) { c["rope_scaling"] = 2; });
  refused("rotary scaling 'yarn'", [](json& c) {
    c["rope_scaling"] = {{"rope_type", "yarn"}, {"factor", 4}};
  });
  refused("'factor' is missing", [](json& c) { c["rope_scaling"] = {{"rope_type", "linear"}}; });
  refused("'low_freq_factor' is missing", [](json& c) {
    c["rope_scaling"] = {{"rope_type", "llama3"}, {"factor", 4}};
  });
  refused("low_freq_factor", [](json& c) {
    c["rope_scaling"] = {
        {"rope_type", "llama3"}, {"factor", 4}, {"low_freq_factor", 4}, {"high_freq_factor", 4}};
  });
  refused("eos_token_id is \"x\"", [](json& c) { c["eos_token_id"] = "x"; });
  refused("eos_token_id is -1", [](json& c) { c["eos_token_id"] = {3, -1}; });
}

TEST(ConfigFromFolder, FilesThatAreNoJsonObject) {
  const test::TempFolder folder;
  expect_error(ErrorKind::model, "config.json", [&] { config_from_folder(folder.path()); });
  for (const char* content : {"", "{", "[]", "3", R"({"model_type": "llama",)", "\xFF\xFE"}) {
    test::write_file(folder / "config.json", content);
    expect_error(ErrorKind::model, "config.json", [&] { config_from_folder(folder.path()); });
  }
  test::write_file(folder / "config.json", llama().dump());
  test::write_file(folder / "generation_config.json", "{");
  expect_error(ErrorKind::model, "generation_config.json", [&] { config_from_folder(folder.path()); });
}

TEST(ConfigFromGguf, EachBadValueIsNamed) {
  const auto refused = [](const std::string& part, const std::function<void(test::GgufWriter&)>& write) {
    test::GgufWriter writer;
    write(writer);
    const auto bytes = writer.bytes();
    expect_error(ErrorKind::model, part, [&] { config_from_gguf(core::Gguf::from_bytes(bytes, "m.gguf")); });
  };
  /// The keys of a small llama, with some changed; 0 leaves one out.
  const auto keys = [](std::map<std::string, std::uint32_t> changed) {
    std::map<std::string, std::uint32_t> all = {
        {"block_count", 2},          {"embedding_length", 64},       {"feed_forward_length", 96},
        {"attention.head_count", 4}, {"attention.head_count_kv", 2}, {"context_length", 128}};
    for (const auto& [key, value] : changed) all[key] = value;
    return [all](test::GgufWriter& w) {
      w.text("general.architecture", "llama");
      for (const auto& [key, value] : all)
        if (value != 0) w.u32("llama." + key, value);
    };
  };
  refused("no metadata key general.architecture", [](auto&) {});
  refused("model family 'mamba'", [](auto& w) { w.text("general.architecture", "mamba"); });
  for (const char* key :
       {"block_count", "embedding_length", "feed_forward_length", "attention.head_count", "context_length"}) {
    refused(fmt::format("no metadata key llama.{}", key), keys({{key, 0}}));
    refused(fmt::format("llama.{} is 4294967295", key), keys({{key, 4294967295U}}));
  }
  refused("4 heads and 3 key/value heads", keys({{"attention.head_count_kv", 3}}));
  refused("embedding length 63 and 4 heads", keys({{"embedding_length", 63}}));
  refused("head dim 20", keys({{"attention.key_length", 20}}));
  refused("head dim 512", keys({{"attention.key_length", 512}}));
  refused("token_embd.weight", keys({}));  // no tensor at all
  const auto with_embedding = [&](auto&& more) {
    return [=](test::GgufWriter& w) {
      keys({})(w);
      w.f32_tensor("token_embd.weight", {3, 64}, std::vector<float>(3 * 64));
      more(w);
    };
  };
  refused("rope.dimension_count is 8",
          with_embedding([](auto& w) { w.u32("llama.rope.dimension_count", 8); }));
  refused("rotary base 0", with_embedding([](auto& w) { w.f32("llama.rope.freq_base", 0); }));
  refused("rope.scaling.type is 'yarn'",
          with_embedding([](auto& w) { w.text("llama.rope.scaling.type", "yarn"); }));
  refused("rope_freqs.weight has 7 values",
          with_embedding([](auto& w) { w.f32_tensor("rope_freqs.weight", {7}, std::vector<float>(7, 1)); }));
  refused("rope_freqs.weight holds 0",
          with_embedding([](auto& w) { w.f32_tensor("rope_freqs.weight", {8}, std::vector<float>(8, 0)); }));
  refused("norm epsilon -1",
          with_embedding([](auto& w) { w.f32("llama.attention.layer_norm_rms_epsilon", -1); }));
}

/// Computed in Python by the formula of Llama 3.1: theta 500000, factor 32, low 1, high 4.
TEST(InverseFrequencies, Llama3ScalingIsThatOfPython) {
  const std::vector<double> tiny = {1.0,
                                    0.0671330375110499,
                                    0.001175188466589498,
                                    0.00022789577303803464,
                                    4.419417382415922e-05,
                                    8.570255489881478e-06,
                                    1.661967467795309e-06,
                                    3.2229329303788936e-07};
  const std::vector<double> real = {1.0,
                                    0.6636012376960885,
                                    0.44036660267178046,
                                    0.2922278225730151,
                                    0.19392274474868576,
                                    0.12868737343265052,
                                    0.08539710028576561,
                                    0.056669621445291044,
                                    0.03760603093086393,
                                    0.024955408670558694,
                                    0.016560440080994446,
                                    0.010989528534539826,
                                    0.0072926647372171085,
                                    0.004839421345719893,
                                    0.0032114459947525913,
                                    0.001290547928209264,
                                    0.00042955679655936815,
                                    9.70828780262767e-05,
                                    1.9461638184831125e-05,
                                    1.291476718704739e-05,
                                    8.570255489881478e-06,
                                    5.687232150457046e-06,
                                    3.7740542941082826e-06,
                                    2.5044671007024935e-06,
                                    1.661967467795309e-06,
                                    1.102883668639601e-06,
                                    7.318749675440419e-07,
                                    4.856731343010108e-07,
                                    3.2229329303788936e-07,
                                    2.138742281610915e-07,
                                    1.4192720251899592e-07,
                                    9.418306725434909e-08};
  const auto expect = [](double original_context, const std::vector<double>& expected) {
    const RopeConfig rope{
        .theta = 5e5, .scaling = Scaling::llama3, .factor = 32, .original_context = original_context};
    const auto got = inverse_frequencies(rope, 2 * static_cast<std::int64_t>(expected.size()));
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-14 * expected[i]);
  };
  expect(64, tiny);
  expect(8192, real);
}

TEST(InverseFrequencies, NoneLinearAndFactors) {
  EXPECT_EQ(inverse_frequencies({.theta = 10000}, 4), (std::vector<double>{1, 0.01}));
  EXPECT_EQ(inverse_frequencies({.theta = 10000, .scaling = Scaling::linear, .factor = 4}, 4),
            (std::vector<double>{0.25, 0.0025}));
  EXPECT_EQ(inverse_frequencies({.theta = 10000, .scaling = Scaling::factors, .factors = {2, 8}}, 4),
            (std::vector<double>{0.5, 0.00125}));
}

}  // namespace
}  // namespace chorus::model
