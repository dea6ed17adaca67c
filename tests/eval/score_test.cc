#include "eval/score.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/error.h"

namespace chorus::eval {
namespace {

using Answers = std::vector<std::string>;

TEST(Score, FindsAnAnswersWordsInThePrediction) {
  EXPECT_TRUE(is_match("It is Paris, France.", Answers{"Paris"}));
  EXPECT_TRUE(is_match("PARIS", Answers{"London", "paris"}));
  EXPECT_TRUE(is_match("The author was F. Scott Fitzgerald", Answers{"Scott Fitzgerald"}));
  EXPECT_TRUE(is_match("It was Mount Everest", Answers{"Mount  Everest"}));
}

TEST(Score, WordsMustStandTogetherAndWhole) {
  EXPECT_FALSE(is_match("the Whale is Blue", Answers{"blue whale"}));
  EXPECT_FALSE(is_match("blue and whale", Answers{"blue whale"}));
  EXPECT_FALSE(is_match("Romeo", Answers{"Rome"}));
  EXPECT_FALSE(is_match("Paris", Answers{"Paris, France"}));
}

TEST(Score, EmptyMatchesNothing) {
  EXPECT_FALSE(is_match("", Answers{"Paris"}));
  EXPECT_FALSE(is_match("  \n", Answers{"Paris"}));
  EXPECT_FALSE(is_match("Paris", Answers{}));
  EXPECT_FALSE(is_match("Paris", Answers{"", "  "}));
  EXPECT_FALSE(is_match("", Answers{""}));
}

TEST(Score, CountsARun) {
  const std::vector<std::string> predictions = {"Paris", "Lyon", "", "It is 24."};
  const std::vector<Answers> answers = {{"Paris"}, {"Paris"}, {"Rome"}, {"twenty-four", "24"}};
  const Tally tally = score(predictions, answers);
  EXPECT_EQ(tally.correct, 2);
  EXPECT_EQ(tally.n, 4);
  EXPECT_THROW(score(predictions, std::vector<Answers>{{"Paris"}}), Error);
}

}  // namespace
}  // namespace chorus::eval
