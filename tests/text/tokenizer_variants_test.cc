// Tokenizers of many configurations against Hugging Face's `tokenizers`; the data's first line says which version.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>

#include "support/temp_folder.h"
#include "text/tokenizer.h"

namespace chorus::text {
namespace {

using nlohmann::json;
using Ids = std::vector<TokenId>;

struct Variant {
  std::string name;
  json spec, cases;

  friend void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.name; }
};

std::vector<Variant> variants() {
  const json data =
      json::parse(std::ifstream(std::string(CHORUS_SOURCE_DIR) + "/tests/text/data/tokenizer_variants.json"));
  std::vector<Variant> all;
  for (const json& group : data.at("groups")) {
    for (const json& entry : group.at("variants")) {
      json spec = group.at("base");
      spec.merge_patch(entry.at("patch"));
      all.push_back({entry.at("name"), std::move(spec), entry.at("cases")});
    }
  }
  return all;
}

class TokenizerVariants : public testing::TestWithParam<Variant> {
 protected:
  Tokenizer tokenizer() {
    const auto path = folder_ / "tokenizer.json";
    std::ofstream(path) << GetParam().spec.dump();
    return Tokenizer::from_json(path);
  }
  test::TempFolder folder_;
};

TEST_P(TokenizerVariants, EncodesAndDecodesAsTokenizersDoes) {
  const Tokenizer tokenizer = this->tokenizer();
  for (const json& entry : GetParam().cases) {
    const auto text = entry.at(0).get<std::string>();
    const auto ids = entry.at(1).get<Ids>();
    const auto with_special = entry.size() > 4 ? entry.at(4).get<Ids>() : ids;
    EXPECT_EQ(tokenizer.encode(text), ids) << entry;
    EXPECT_EQ(tokenizer.encode(text, true), with_special) << entry;
    EXPECT_EQ(tokenizer.decode(ids, false), entry.at(2).get<std::string>()) << entry;
    EXPECT_EQ(tokenizer.decode(ids, true), entry.at(3).get<std::string>()) << entry;
  }
}

TEST_P(TokenizerVariants, StreamsWhatItDecodes) {
  const Tokenizer tokenizer = this->tokenizer();
  for (const json& entry : GetParam().cases) {
    for (const bool skip_special : {false, true}) {
      StreamDecoder stream(tokenizer, skip_special);
      std::string text;
      for (const TokenId id : entry.at(1).get<Ids>()) text += stream.push(id);
      text += stream.finish();
      EXPECT_EQ(text, entry.at(skip_special ? 3 : 2).get<std::string>()) << entry;
    }
  }
}

std::string name_of(const testing::TestParamInfo<Variant>& variant) {
  std::string name = std::to_string(variant.index) + "_" + variant.param.name;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(OfTokenizers, TokenizerVariants, testing::ValuesIn(variants()), name_of);

}  // namespace
}  // namespace chorus::text
