#include "eval/score.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
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

TEST(Score, ComparesLemmas) {
  EXPECT_TRUE(is_match("They are dogs", Answers{"dog"}));
  EXPECT_TRUE(is_match("women", Answers{"Woman"}));
  EXPECT_FALSE(is_match("dog", Answers{"dog house"}));
  EXPECT_TRUE(is_match("dog", Answers{"dog house"}, MatchRule::bidirectional));
  EXPECT_FALSE(is_match("", Answers{"dog house"}, MatchRule::bidirectional));
  EXPECT_TRUE(is_match(" dog ", Answers{"dog"}, MatchRule::exact));
  EXPECT_FALSE(is_match("Dog", Answers{"dog"}, MatchRule::exact));
  const Answers lemmas{"he", "like", "dog"};
  EXPECT_EQ(AnswerKey::of_lemmas({{"dog"}, {}}).score(std::span(lemmas)), 1.0);
  EXPECT_EQ(AnswerKey::of_lemmas({{}}).score(std::span(lemmas)), 0.0);
  EXPECT_THROW(AnswerKey::of_lemmas({{"dog"}}, MatchRule::exact), Error);
}

TEST(Score, RulesHaveNames) {
  for (const auto rule : {MatchRule::gold_in_prediction, MatchRule::bidirectional, MatchRule::exact,
                          MatchRule::normalized_exact, MatchRule::f1})
    EXPECT_EQ(match_rule_from(name(rule)), rule);
  EXPECT_EQ(match_rule_from("normalized_exact"), MatchRule::normalized_exact);
  EXPECT_THROW(match_rule_from("fuzzy"), Error);
  EXPECT_EQ(described(MatchRule::gold_in_prediction), "gold-in-prediction, lemmas");
}

// tests/eval/data/squad.json: exact_match and f1 of the SQuAD 1.1 evaluation, by make_vectors.py.
TEST(Score, NormalizedExactAndF1EqualSquads) {
  std::ifstream in(std::string(CHORUS_SOURCE_DIR) + "/tests/eval/data/squad.json");
  for (const auto& entry : nlohmann::json::parse(in)) {
    const auto prediction = entry.at("prediction").get<std::string>();
    const auto answers = entry.at("answers").get<Answers>();
    EXPECT_EQ(AnswerKey(answers, MatchRule::normalized_exact).score(prediction),
              entry.at("exact_match").get<double>())
        << entry;
    EXPECT_NEAR(AnswerKey(answers, MatchRule::f1).score(prediction), entry.at("f1").get<double>(), 1e-15)
        << entry;
  }
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
