// Which draws stand: keys against Python's (data/make_phrasing_keys.py), the book-keeping by hand-written rounds.
#include "ensemble/paraphrase_draws.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace chorus::ensemble {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Texts = std::vector<PhrasingDraws::Text>;

TEST(PhrasingKey, IsPythons) {
  std::ifstream in(std::string(CHORUS_SOURCE_DIR) + "/tests/ensemble/data/phrasing_keys.json");
  for (const auto& entry : nlohmann::json::parse(in))
    EXPECT_EQ(phrasing_key(entry.at("text").get<std::string>()), entry.at("key").get<std::string>()) << entry;
}

void expect_counts(const PhrasingDraws& draws, DrawCounts expected) {
  EXPECT_EQ(draws.counts().drawn, expected.drawn);
  EXPECT_EQ(draws.counts().duplicates, expected.duplicates);
  EXPECT_EQ(draws.counts().empties, expected.empties);
  EXPECT_EQ(draws.counts().cut_off, expected.cut_off);
}

TEST(PhrasingDraws, WhatDoesNotStandIsDrawnAgain) {
  const std::vector<std::string> given{"Who wrote Hamlet?"};
  PhrasingDraws draws(given, 5, 3);
  EXPECT_THAT(draws.open(), ElementsAre(0, 1, 2, 3, 4));
  draws.take(
      Texts{{"who wrote hamlet"}, {"By whom is Hamlet?"}, {"by whom is hamlet"}, {""}, {"Whose", true}});
  EXPECT_EQ(draws.round(), 1);
  EXPECT_THAT(draws.open(), ElementsAre(0, 2, 3, 4));
  expect_counts(draws, {.drawn = 5, .duplicates = 2, .empties = 1, .cut_off = 1});
  draws.take(Texts{{"Whose is Hamlet?"}, {"Hamlet's author?"}, {"?!"}, {"Whose", false}});
  EXPECT_THAT(draws.open(), ElementsAre(3));
  draws.take(Texts{{"by whom is HAMLET"}});
  EXPECT_THAT(draws.open(), IsEmpty());  // three rounds were the most
  EXPECT_THAT(draws.phrasings(),
              ElementsAre("Whose is Hamlet?", "By whom is Hamlet?", "Hamlet's author?", "Whose"));
  expect_counts(draws, {.drawn = 10, .duplicates = 3, .empties = 2, .cut_off = 1});
}

TEST(PhrasingDraws, WhatWasCutOffTakesNoPlace) {
  PhrasingDraws draws({}, 2, 2);
  draws.take(Texts{{"the same", true}, {"the same"}});
  EXPECT_THAT(draws.open(), ElementsAre(0));
  draws.take(Texts{{"another"}});
  EXPECT_THAT(draws.phrasings(), ElementsAre("another", "the same"));
  EXPECT_THAT(draws.open(), IsEmpty());
}

TEST(PhrasingDraws, NoneOfThePhrasingsAQuestionHasIsMadeAgain) {
  const std::vector<std::string> given{"a?", "b?", "c?"};
  PhrasingDraws draws(given, 2, 1);
  draws.take(Texts{{"C"}, {"d"}});
  EXPECT_THAT(draws.phrasings(), ElementsAre("d"));
  expect_counts(draws, {.drawn = 2, .duplicates = 1});
}

}  // namespace
}  // namespace chorus::ensemble
