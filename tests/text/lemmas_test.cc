// Vectors: spaCy 3.6.1's en_core_web_sm, of golden/lemmas and of its documentation, less its slips.
#include "text/lemmas.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "text/english_tokens.h"
#include "text/utf8.h"
#include "text/wordnet.h"

namespace chorus::text {
namespace {

using Strings = std::vector<std::string>;

TEST(EnglishTokens, AsSpacyCutsThem) {
  const std::vector<std::pair<const char*, Strings>> cases = {
      {"", {}},
      {" \n\t", {}},
      {"Sus al-Aksa", {"Sus", "al", "-", "Aksa"}},
      {"It isn't, they're John's.", {"It", "is", "n't", ",", "they", "'re", "John", "'s", "."}},
      {"Queens Park Rangers F.C.", {"Queens", "Park", "Rangers", "F.C."}},
      {"St. Louis, U.S.", {"St.", "Louis", ",", "U.S."}},
      {"\"(Mr. J. Smith)\"", {"\"", "(", "Mr.", "J.", "Smith", ")", "\""}},
      {"Bill Gates' house", {"Bill", "Gates", "'", "house"}},
      {"1,500.5 m and 10km", {"1,500.5", "m", "and", "10", "km"}},
      {"1995–96 at 11:14 on 10/3/2000", {"1995–96", "at", "11:14", "on", "10/3/2000"}},
      {"AT&T UTC+8 $5 50%", {"AT&T", "UTC+8", "$", "5", "50", "%"}},
      {"wait...", {"wait", "..."}},
      {"O'Hare cannot", {"O'Hare", "can", "not"}},
      {"it’s…", {"it", "’s", "…"}},
      {"...", {"..."}},
      {"東京。", {"東京", "。"}}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(english_tokens(text), expected) << text;
}

TEST(EnglishTokens, LoseNothingButWhiteSpace) {
  const Strings texts = {"a--b---c-", "'''",     "n't 's 're", "\"", "+5 + 5", "..a..b..",
                         "U.S.A.",    "x:y/z=w", "a,b 1,2",    "-",  "’s’",    "cannot."};
  for (const std::string& text : texts) {
    std::string joined, expected;
    for (const std::string& token : english_tokens(text)) joined += token;
    for (const char c : text)
      if (c != ' ') expected += c;
    EXPECT_EQ(joined, expected);
  }
  EXPECT_EQ(english_tokens("a\xFFz"), Strings{std::string("a") + std::string(kReplacement) + "z"});
}

TEST(WordNet, KnowsWordsAndTheirUses) {
  EXPECT_TRUE(word_use("dog").is_noun());
  EXPECT_TRUE(word_use("dog").is_verb());
  EXPECT_FALSE(word_use("dogz").is_noun());
  EXPECT_FALSE(word_use("").is_noun());
  EXPECT_TRUE(word_use("a").is_noun());
  EXPECT_GT(word_use("zygote").noun, WordUse::kUnknown);
  EXPECT_GT(word_use("have").verb, word_use("have").noun);
  EXPECT_EQ(noun_exception("children"), "child");
  EXPECT_EQ(noun_exception("aardwolves"), "aardwolf");
  EXPECT_EQ(verb_exception("won"), "win");
  EXPECT_EQ(verb_exception("zzz"), "");
}

TEST(Lemmas, OfPluralsVerbsAndFunctionWords) {
  const std::vector<std::pair<const char*, Strings>> cases = {
      {"Women were dancing.", {"woman", "be", "dance", "."}},
      {"the dodgers won two championships", {"the", "dodger", "win", "two", "championship"}},
      {"it's John's", {"it", "be", "john", "'s"}},
      {"he didn’t run", {"he", "do", "not", "run"}},
      {"churches, buses, boxes and parties", {"church", ",", "bus", ",", "box", "and", "party"}},
      {"she stopped planning", {"she", "stop", "plan"}},
      {"glass is news", {"glass", "be", "news"}},
      {"Gymnastik", {"gymnastik"}},
      {"ÉCOLE", {"école"}}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(lemmas(text), expected) << text;
}

TEST(Lemmas, PartsOfNamesStayAsTheyAre) {
  EXPECT_EQ(lemmas("Bill Gates"), (Strings{"bill", "gates"}));
  EXPECT_EQ(lemmas("United States"), (Strings{"united", "states"}));
  EXPECT_EQ(lemmas("Robots"), (Strings{"robot"}));
  EXPECT_EQ(lemmas("Churches of Christ"), (Strings{"church", "of", "christ"}));
}

TEST(Lemmas, AgreeWithSpacyOn98Percent) {
  const std::filesystem::path path = std::string(CHORUS_SOURCE_DIR) + "/../shared/golden/lemmas/spacy.jsonl";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << path;
  std::ifstream in(path);
  std::map<std::string, std::pair<int, int>> kinds;  // same, all
  for (std::string line; std::getline(in, line);) {
    const auto entry = nlohmann::json::parse(line);
    if (!entry.contains("kind")) continue;
    auto& [same, all] = kinds[entry.at("kind").get<std::string>()];
    const auto expected = entry.at("lemmas").get<Strings>();
    const Strings ours = lemmas(entry.at("tokens").get<Strings>());
    ASSERT_EQ(ours.size(), expected.size());
    for (std::size_t i = 0; i < ours.size(); ++i) same += ours[i] == expected[i];
    all += static_cast<int>(ours.size());
  }
  ASSERT_EQ(kinds.size(), 2U);
  for (const auto& [kind, counts] : kinds) EXPECT_GT(counts.first, 0.98 * counts.second) << kind;
}

}  // namespace
}  // namespace chorus::text
