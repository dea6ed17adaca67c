// The real tokenizers and the golden texts of ../shared: streams, long texts, bad bytes, many threads. That ids and
// decoded texts are right is the golden runner's business.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "text/tokenizer.h"
#include "text/utf8.h"

namespace chorus::text {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Ids = std::vector<TokenId>;

const fs::path kShared = fs::path(CHORUS_SOURCE_DIR) / ".." / "shared";

class RealTokenizers : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!fs::exists(file())) GTEST_SKIP() << "no " << file();
  }
  static fs::path file() { return kShared / "data" / "tokenizers" / GetParam() / "tokenizer.json"; }
  static json cases() {
    return json::parse(std::ifstream(kShared / "golden" / "tokenizers" / (std::string(GetParam()) + ".json")))
        .at("cases");
  }
};

TEST_P(RealTokenizers, StreamedTextIsTheDecodedText) {
  const auto tokenizer = Tokenizer::from_json(file());
  StreamDecoder stream(tokenizer, false), visible(tokenizer);
  for (const json& entry : cases()) {
    std::string text, visible_text;
    for (const TokenId id : entry.at("ids").get<Ids>()) {
      const std::string piece = stream.push(id);
      EXPECT_TRUE(is_valid_utf8(piece));
      text += piece;
      visible_text += visible.push(id);
    }
    EXPECT_EQ(text + stream.finish(), entry.at("decoded").get<std::string>());
    EXPECT_EQ(visible_text + visible.finish(), entry.at("decoded_skip_special").get<std::string>());
  }
}

TEST_P(RealTokenizers, LongTexts) {
  const auto tokenizer = Tokenizer::from_json(file());
  const std::string spaces(100'000, ' ');
  for (const std::string& text :
       {std::string(100'000, 'a'), spaces, spaces + "x", std::string(100'000, '\n'),
        std::string(100'000, '7'), std::string(100'000, '\''), std::string(100'000, '<')}) {
    const auto ids = tokenizer.encode(text);
    EXPECT_LT(ids.size(), text.size() + 1);
    EXPECT_EQ(tokenizer.decode(ids, false), text);
  }
}

TEST_P(RealTokenizers, BadBytesAreReadAsReplacementCharacters) {
  const auto tokenizer = Tokenizer::from_json(file());
  EXPECT_EQ(tokenizer.encode("a\xFFz\xE2\x82"), tokenizer.encode("a\xEF\xBF\xBDz\xEF\xBF\xBD"));
  EXPECT_EQ(tokenizer.encode(std::string_view("\0", 1)).size(), 1u);
}

TEST_P(RealTokenizers, ThreadsShareOne) {
  const auto tokenizer = Tokenizer::from_json(file());
  const json texts = cases();
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (const json& entry : texts) {
        wrong[t] += tokenizer.encode(entry.at("text").get<std::string>()) != entry.at("ids").get<Ids>();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

// As the models' generation_config.json have them; 128008, <|eom_id|> in Llama 3.1, is a reserved token in this file.
TEST_P(RealTokenizers, EndIds) {
  const std::map<std::string, Ids> expected = {
      {"llama3.1", {128001, 128009}}, {"qwen3", {151643, 151645}}, {"smollm2", {0, 2}}};
  EXPECT_EQ(Tokenizer::from_json(file()).end_ids(), expected.at(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(OfShared, RealTokenizers, testing::Values("llama3.1", "qwen3", "smollm2"),
                         [](const auto& tokenizer) {
                           std::string name = tokenizer.param;
                           std::erase(name, '.');
                           return name;
                         });

}  // namespace
}  // namespace chorus::text
