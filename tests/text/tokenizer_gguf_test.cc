// Tokenizers in GGUF metadata: the kinds, what goes wrong, and SentencePiece's scores against Hugging Face's merges.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/gguf.h"
#include "support/errors.h"
#include "support/gguf_writer.h"
#include "text/tokenizer.h"

namespace chorus::text {
namespace {

using nlohmann::json;
using test::expect_error;
using test::GgufWriter;
using Ids = std::vector<TokenId>;

struct Metadata {
  std::string model = "gpt2", pre = "llama-bpe";
  std::vector<std::string> tokens = {"a", "b", "ab", "1", "11", "<|eot_id|>", "<tool>", "<s>"};
  std::vector<std::int32_t> types = {1, 1, 1, 1, 1, 3, 4, 3};
  std::vector<std::string> merges = {"a b", "1 1"};
  std::vector<std::pair<std::string, std::uint32_t>> ids = {{"bos", 7}};

  Tokenizer load(std::function<void(GgufWriter&)> more = {}) const {
    GgufWriter writer;
    if (!model.empty()) writer.text("tokenizer.ggml.model", model);
    if (!pre.empty()) writer.text("tokenizer.ggml.pre", pre);
    if (!tokens.empty()) writer.texts("tokenizer.ggml.tokens", tokens);
    if (!types.empty()) writer.i32s("tokenizer.ggml.token_type", types);
    if (!merges.empty()) writer.texts("tokenizer.ggml.merges", merges);
    for (const auto& [name, id] : ids) writer.u32("tokenizer.ggml." + name + "_token_id", id);
    if (more) more(writer);
    const auto bytes = writer.bytes();
    return Tokenizer::from_gguf(core::Gguf::from_bytes(bytes, "m.gguf"));
  }
};

TEST(TokenizerGguf, KindsOfPreTokenizers) {
  Metadata m;
  EXPECT_EQ(m.load().encode("ab11"), (Ids{2, 4}));
  m.pre = "smollm";  // single digits
  EXPECT_EQ(m.load().encode("ab11"), (Ids{2, 3, 3}));
  m.pre = "qwen2";
  EXPECT_EQ(m.load().encode("ab11"), (Ids{2, 3, 3}));
  m.pre = "gpt-2";
  EXPECT_EQ(m.load().encode("ab11"), (Ids{2, 4}));
  m.pre = "";
  EXPECT_EQ(m.load().encode("ab11"), (Ids{2, 4}));
}

TEST(TokenizerGguf, TokenTypesAndEnds) {
  Metadata m;
  m.ids = {{"bos", 7}, {"eos", 2}, {"eom", 6}};
  const Tokenizer tokenizer = m.load();
  EXPECT_EQ(tokenizer.encode("<tool><|eot_id|>ab"), (Ids{6, 5, 2}));
  EXPECT_TRUE(tokenizer.is_special(5));
  EXPECT_FALSE(tokenizer.is_special(6));
  EXPECT_EQ(tokenizer.end_ids(), (Ids{2, 5, 6}));
}

TEST(TokenizerGguf, WhoAddsABos) {
  Metadata m;
  EXPECT_EQ(m.load().bos(), 7);  // Llama 3's kind does unless told otherwise
  EXPECT_EQ(m.load([](GgufWriter& w) { w.flag("tokenizer.ggml.add_bos_token", false); }).bos(), std::nullopt);
  m.pre = "qwen2";
  EXPECT_EQ(m.load().bos(), std::nullopt);
  EXPECT_EQ(m.load([](GgufWriter& w) { w.flag("tokenizer.ggml.add_bos_token", true); }).encode("ab", true),
            (Ids{7, 2}));
}

TEST(TokenizerGguf, Refusals) {
  const auto refuse = [](auto change, const std::string& part) {
    Metadata m;
    change(m);
    expect_error(ErrorKind::model, part, [&] { m.load(); });
  };
  refuse([](Metadata& m) { m.model = ""; }, "tokenizer.ggml.model is missing");
  refuse([](Metadata& m) { m.model = "t5"; }, "tokenizer.ggml.model is \"t5\"");
  refuse([](Metadata& m) { m.pre = "tekken"; }, "tokenizer.ggml.pre is \"tekken\"");
  refuse([](Metadata& m) { m.tokens.clear(); }, "tokenizer.ggml.tokens is missing");
  refuse([](Metadata& m) { m.types.pop_back(); }, "7 values");
  refuse([](Metadata& m) { m.merges.clear(); }, "tokenizer.ggml.merges is missing");
  refuse([](Metadata& m) { m.merges = {"a b", "a c"}; }, "merges[1] is \"a c\"");
  refuse([](Metadata& m) { m.merges = {"ab"}; }, "merges[0] is \"ab\"");
  refuse([](Metadata& m) { m.ids = {{"bos", 8}}; }, "bos_token_id is 8");
  refuse([](Metadata& m) { m.ids = {{"eos", 4'000'000'000u}}; }, "eos_token_id is 4000000000");
  refuse([](Metadata& m) { m.ids.clear(); }, "bos_token_id is missing");
  refuse([](Metadata& m) { m.model = "llama"; }, "tokenizer.ggml.scores is 0 values");
}

// The vocabulary of a small `tokenizer.json` of Llama 2's kind. Its merges, first rank first, as scores: what
// SentencePiece makes of those is what `tokenizers` made of these.
TEST(TokenizerGguf, ScoresOfSentencePiece) {
  const json data =
      json::parse(std::ifstream(std::string(CHORUS_SOURCE_DIR) + "/tests/text/data/tokenizer_variants.json"));
  const json& group = data.at("groups").at(1);
  const json& model = group.at("base").at("model");
  Metadata m;
  m.model = "llama";
  m.pre = "";
  m.merges.clear();
  m.ids = {{"unknown", 0}, {"bos", 1}, {"eos", 2}};
  m.tokens.assign(model.at("vocab").size(), "");
  for (const auto& [spelling, id] : model.at("vocab").items()) m.tokens[id.get<std::size_t>()] = spelling;
  m.types.assign(m.tokens.size(), 1);
  m.types[0] = 2;
  m.types[1] = m.types[2] = 3;
  for (std::size_t id = 3; id < 259; ++id) m.types[id] = 6;
  std::vector<float> scores(m.tokens.size(), -1e6F);
  float score = 0;
  for (const json& merge : model.at("merges")) {
    const auto joined = merge.at(0).get<std::string>() + merge.at(1).get<std::string>();
    scores[static_cast<std::size_t>(std::find(m.tokens.begin(), m.tokens.end(), joined) - m.tokens.begin())] =
        --score;
  }
  const Tokenizer tokenizer = m.load([&](GgufWriter& w) { w.f32s("tokenizer.ggml.scores", scores); });
  ASSERT_EQ(group.at("variants").at(0).at("name"), "llama 2");
  for (const json& entry : group.at("variants").at(0).at("cases")) {
    const auto text = entry.at(0).get<std::string>();
    if (text.find("<unk>") != std::string::npos) continue;  // added there, of type `unknown` here
    EXPECT_EQ(tokenizer.encode(text), entry.at(1).get<Ids>()) << entry;
    EXPECT_EQ(tokenizer.decode(entry.at(1).get<Ids>()), entry.at(3).get<std::string>()) << entry;
    EXPECT_EQ(tokenizer.encode(text, true).front(), 1);
  }
}

}  // namespace
}  // namespace chorus::text
