// Files that are not what they should be: each gives one clear error and nothing else.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/errors.h"
#include "support/temp_folder.h"
#include "text/tokenizer.h"

namespace chorus::text {
namespace {

using nlohmann::json;
using test::expect_error;
using test::write_file;

// "a" + "b" -> "ab", one special token; byte-level, whole text as one pretoken.
json small() {
  return json::parse(R"({
    "added_tokens": [{"id": 3, "content": "<end>", "special": true, "normalized": false,
                      "lstrip": false, "rstrip": false, "single_word": false}],
    "normalizer": null,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false},
    "post_processor": null,
    "decoder": {"type": "ByteLevel"},
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}})");
}

class TokenizerFiles : public testing::Test {
 protected:
  Tokenizer load(const std::string& content) {
    write_file(folder_ / "tokenizer.json", content);
    return Tokenizer::from_json(folder_ / "tokenizer.json");
  }
  void expect_refused(const json& patch, const std::string& part) {
    json file = small();
    file.merge_patch(patch);
    expect_error(ErrorKind::model, part, [&] { load(file.dump()); });
  }
  test::TempFolder folder_;
};

TEST_F(TokenizerFiles, ASoundOne) {
  const Tokenizer tokenizer = load(small().dump());
  EXPECT_EQ(tokenizer.encode("ab<end>ba"), (std::vector<TokenId>{2, 3, 1, 0}));
  EXPECT_EQ(tokenizer.vocab_size(), 4);
  EXPECT_EQ(tokenizer.token_to_id("<end>"), 3);
  EXPECT_EQ(tokenizer.token_bytes(2), "ab");
  EXPECT_TRUE(tokenizer.is_special(3));
  EXPECT_FALSE(tokenizer.is_special(2));
  EXPECT_FALSE(tokenizer.bos().has_value());
}

TEST_F(TokenizerFiles, IdsThatNoTokenHasAreIgnored) {
  const Tokenizer tokenizer = load(small().dump());
  EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{0, -1, 4, 1'000'000, 1}), "ab");
  EXPECT_EQ(tokenizer.token_bytes(-1), "");
  EXPECT_EQ(tokenizer.token_bytes(4), "");
  EXPECT_FALSE(tokenizer.is_special(4));
}

TEST_F(TokenizerFiles, BytesWithoutATokenAreDroppedAsTokenizersDoes) {
  EXPECT_EQ(load(small().dump()).encode("azb"), (std::vector<TokenId>{2}));
}

TEST_F(TokenizerFiles, MissingAndEmpty) {
  expect_error(ErrorKind::io, "cannot be read", [&] { Tokenizer::from_json(folder_ / "nothing.json"); });
  expect_error(ErrorKind::model, "is not JSON", [&] { load(""); });
  expect_error(ErrorKind::model, "model is missing", [&] { load("{}"); });
  expect_error(ErrorKind::model, "expected an object", [&] { load("[1, 2]"); });
}

TEST_F(TokenizerFiles, TruncatedAtEveryByte) {
  const std::string whole = small().dump();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    expect_error(ErrorKind::model, "", [&] { load(whole.substr(0, length)); });
  }
}

TEST_F(TokenizerFiles, LyingVocabularies) {
  expect_refused({{"model", {{"vocab", {{"c", 4'000'000'000}}}}}}, "vocab[\"c\"] is 4000000000");
  expect_refused({{"model", {{"vocab", {{"c", -1}}}}}}, "vocab[\"c\"] is -1");
  expect_refused({{"model", {{"vocab", {{"c", 2}}}}}}, "the id of");
  expect_refused({{"model", {{"vocab", {{"c", "d"}}}}}}, "expected an integer");
  expect_refused({{"model", {{"vocab", {{"a", nullptr}, {"b", nullptr}, {"ab", nullptr}}}}}},
                 "vocab is empty");
  expect_refused({{"model", {{"vocab", json::array()}}}}, "vocab is an array; expected an object");
  expect_refused({{"model", {{"unk_token", "<unk>"}}}}, "unk_token is \"<unk>\"");
}

TEST_F(TokenizerFiles, MergesThatCannotBe) {
  const auto merges = [](json value) { return json{{"model", {{"merges", std::move(value)}}}}; };
  expect_refused(merges({"a c"}), "merges[0] names \"c\"");
  expect_refused(merges({"b a"}), "merges[0] names \"ba\"");
  expect_refused(merges({"ab"}), "expected two tokens");
  expect_refused(merges({"a b c"}), "expected two tokens");
  expect_refused(merges({{"a", "b", "c"}}), "expected two strings");
  expect_refused(merges({1}), "expected an array");
  expect_refused(merges("a b"), "expected an array");
  expect_refused({{"model", {{"merges", nullptr}}}}, "merges is missing");
}

TEST_F(TokenizerFiles, AddedTokensThatContradictTheVocabulary) {
  const auto added = [](TokenId id, const char* content) {
    return json{{"added_tokens", {{{"id", id}, {"content", content}}}}};
  };
  expect_refused(added(0, "<x>"), "\"<x>\" with id 0");
  expect_refused(added(7, "ab"), "\"ab\" with id 7");
  expect_refused(added(-1, "<x>"), "id is -1");
  expect_refused({{"added_tokens", {{{"id", 5}}}}}, "content is missing");
}

TEST_F(TokenizerFiles, UnknownKindsAreNamed) {
  expect_refused({{"model", {{"type", "Unigram"}}}}, "model.type is \"Unigram\"; expected BPE");
  expect_refused({{"model", {{"end_of_word_suffix", "</w>"}}}}, "end_of_word_suffix is \"</w>\"");
  expect_refused({{"model", {{"dropout", 0.1}}}}, "dropout is 0.1");
  expect_refused({{"normalizer", {{"type", "Lowercase"}}}}, "normalizer.type is \"Lowercase\"");
  expect_refused({{"pre_tokenizer", {{"type", "BertPreTokenizer"}}}},
                 "pre_tokenizer.type is \"BertPreTokenizer\"");
  expect_refused({{"decoder", {{"type", "WordPiece"}}}}, "decoder.type is \"WordPiece\"");
  expect_refused({{"decoder", nullptr}}, "expected a decoder ByteLevel");
  expect_refused({{"post_processor", {{"type", "BertProcessing"}}}},
                 "post_processor.type is \"BertProcessing\"");
  expect_refused({{"truncation", {{"max_length", 512}}}}, "truncation is");
}

TEST_F(TokenizerFiles, PatternsThatCannotBe) {
  const auto pattern = [](const char* regex) {
    return json{
        {"pre_tokenizer",
         {{"type", "Split"}, {"pattern", {{"Regex", regex}}}, {"behavior", "Isolated"}, {"invert", false}}}};
  };
  expect_refused(pattern("(a"), "the pattern \"(a\"");
  expect_refused(pattern("[a&&b]"), "\"&&\" in the pattern");
  expect_refused(
      {{"pre_tokenizer", {{"type", "Split"}, {"pattern", {{"String", ""}}}, {"behavior", "Isolated"}}}},
      "pattern is empty");
  expect_refused(
      {{"pre_tokenizer", {{"type", "Split"}, {"pattern", {{"String", "a"}}}, {"behavior", "Kept"}}}},
      "behavior is \"Kept\"");
}

TEST_F(TokenizerFiles, TemplatesThatCannotBe) {
  const auto single = [](json pieces) {
    return json{{"post_processor",
                 {{"type", "TemplateProcessing"},
                  {"single", std::move(pieces)},
                  {"special_tokens", {{"<end>", {{"id", "<end>"}, {"ids", {99}}}}}}}}};
  };
  const json text = {{"Sequence", {{"id", "A"}}}}, end = {{"SpecialToken", {{"id", "<end>"}}}},
             other = {{"SpecialToken", {{"id", "<start>"}}}};
  expect_refused(single({text, text}), "another sequence");
  expect_refused(single({text, end}), "ids[0] is 99");
  expect_refused(single({other, text}), "<start> is missing");
}

TEST_F(TokenizerFiles, TheConfigBesideIt) {
  const auto with_config = [&](const std::string& config) {
    write_file(folder_ / "tokenizer_config.json", config);
    return load(small().dump());
  };
  EXPECT_EQ(with_config(R"({"eos_token": "<end>"})").end_ids(), std::vector<TokenId>{3});
  EXPECT_EQ(with_config(
                R"({"eos_token": {"content": "<end>"}, "model_max_length": 1000000000000000019884624838656})")
                .end_ids(),
            std::vector<TokenId>{3});
  EXPECT_TRUE(with_config(R"({"eos_token": null})").end_ids().empty());
  // Only the Llama class adds what its config says.
  EXPECT_EQ(
      with_config(R"({"bos_token": "<end>", "add_bos_token": true, "tokenizer_class": "LlamaTokenizerFast"})")
          .bos(),
      3);
  EXPECT_FALSE(
      with_config(R"({"bos_token": "<end>", "add_bos_token": true, "tokenizer_class": "Qwen2Tokenizer"})")
          .bos());
  for (const char* broken : {"", "{", "[]", R"({"eos_token": 5})", R"({"eos_token": {}})",
                             R"({"add_bos_token": "yes"})", R"({"eos_token": "<end>")", R"({} {})"}) {
    expect_error(ErrorKind::model, "tokenizer_config.json", [&] { with_config(broken); });
  }
}

}  // namespace
}  // namespace chorus::text
