#include "text/normalize.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "text/match.h"
#include "text/unicode.h"

namespace chorus::text {
namespace {

using Words = std::vector<std::string>;

TEST(Words, TokensOfSpacyThatBothKeep) {
  EXPECT_EQ(words("Husband for Hire"), (Words{"husband", "for", "hire"}));
  EXPECT_EQ(words("Sus al-Aksa"), (Words{"sus", "al", "-", "aksa"}));
  EXPECT_EQ(words("1,500.5 m, 3."), (Words{"1,500.5", "m", ",", "3", "."}));
  EXPECT_EQ(words("(\"Paris\")!"), (Words{"(", "\"", "paris", "\"", ")", "!"}));
  EXPECT_EQ(words(""), Words{});
  EXPECT_EQ(words(" \n\xC2\xA0"), Words{});
}

TEST(Words, OneSpellingOfAText) {
  EXPECT_EQ(words("CAFE\xCC\x81"), Words{"café"});
  EXPECT_EQ(words("ÅNGSTRÖM"), Words{"ångström"});
  EXPECT_EQ(words("a\xFF"), (Words{"a", "\xEF\xBF\xBD"}));
  EXPECT_EQ(normalize_answer("  The\tUnited  STATES. "), "the united states .");
  EXPECT_EQ(normalize_answer(""), "");
}

// Where an answer stands changes nothing: the match needs it.
TEST(Words, AreTheSameInsideOfASentence) {
  for (const char* answer : {"al-Aksa", "1,500", "O'Brien", "U.S.", "C++", "St. John's", "日本"}) {
    const Words alone = words(answer);
    EXPECT_TRUE(contains_run(alone, words("It is " + std::string(answer) + "."))) << answer;
    EXPECT_TRUE(contains_run(alone, words("(" + std::string(answer) + ", they said)"))) << answer;
  }
}

TEST(ContainsRun, GoldInPrediction) {
  const Words gold = words("New York");
  EXPECT_TRUE(contains_run(gold, words("the new york times")));
  EXPECT_TRUE(contains_run(gold, gold));
  EXPECT_FALSE(contains_run(gold, words("york new")));
  EXPECT_FALSE(contains_run(gold, words("new, york")));
  EXPECT_FALSE(contains_run(gold, words("newyork")));
  EXPECT_FALSE(contains_run(gold, words("new")));
  EXPECT_FALSE(contains_run(gold, {}));
  EXPECT_FALSE(contains_run({}, {}));
  EXPECT_TRUE(contains_run({}, gold));
}

// spaCy keeps "'s", "U.S." and "1976–77" together, which we cut; all else should be the same.
TEST(Words, AgreeWithSpacyOnAnswers) {
  const std::filesystem::path path = std::string(CHORUS_SOURCE_DIR) + "/../shared/golden/lemmas/spacy.jsonl";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << path;
  std::ifstream in(path);
  std::string line;
  int same = 0, all = 0;
  while (std::getline(in, line)) {
    const auto entry = nlohmann::json::parse(line);
    if (entry.value("kind", "") != "answer") continue;
    Words expected;
    for (const auto& token : entry.at("tokens")) {
      std::string word = lower(nfc(token.get<std::string>()));
      if (word.find_first_not_of(' ') != std::string::npos) expected.push_back(std::move(word));
    }
    ++all;
    if (words(entry.at("text").get<std::string>()) == expected) ++same;
  }
  RecordProperty("same", same);
  ASSERT_GT(all, 0);
  EXPECT_GT(same, all * 93 / 100) << same << " of " << all;
}

TEST(Nfc, MarksInAnyOrderAndNumber) {
  EXPECT_EQ(nfc("e\xCC\x81"), "é");
  EXPECT_EQ(nfc("a\xCC\x81\xCC\xA3"), nfc("a\xCC\xA3\xCC\x81"));  // above and below do not interact
  // 200,000 marks, above and below in turn: the canonical order has all that stand below first.
  std::string mixed = "q", below, above;
  for (int i = 0; i < 100'000; ++i) {
    mixed += "\xCC\x81\xCC\xA3";
    above += "\xCC\x81";
    below += "\xCC\xA3";
  }
  EXPECT_EQ(nfc(mixed), "q" + below + above);
}

}  // namespace
}  // namespace chorus::text
