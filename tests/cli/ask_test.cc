// chorus ask: phrasings from the command line and from stdin, one answer a method, for people and for programs.
#include <gmock/gmock.h>

#include "tests/cli/program.h"

namespace chorus::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

class Ask : public testing::Test {
 protected:
  Outcome ask(const Arguments& more, const std::string& input = "") const {
    Arguments arguments{"ask",    "--model", program_.model(), "--num-few-shot", "0", "--max-new-tokens", "4",
                        "--stop", "eos"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return program_.run(arguments, input);
  }
  json answers(const Arguments& more, const std::string& input = "") const {
    Arguments arguments{"--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome done = ask(arguments, input);
    EXPECT_EQ(done.code, 0) << done.err;
    return json::parse(done.out, nullptr, false);
  }

  Program program_;
};

TEST_F(Ask, StreamsTheAnswerThenTheShareOfEachPhrasing) {
  const Outcome done = ask({"the first?", "the other?"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(done.err, "");
  const auto lines = lines_of(done.out);
  EXPECT_TRUE(lines.front().starts_with("flex:"));
  ASSERT_GE(lines.size(), 4U);
  EXPECT_THAT(lines[lines.size() - 3], testing::EndsWith(" %  the first?"));
  EXPECT_THAT(lines[lines.size() - 2], testing::EndsWith(" %  the other?"));
  EXPECT_THAT(lines.back(), HasSubstr("the answer so far"));
}

TEST_F(Ask, OnePhrasingIsAllowed) {
  EXPECT_THAT(answers({"the one?"})[0]["paraphrases"], ElementsAre("the one?"));
}

TEST_F(Ask, WhatFollowsTheMethodsIsAPhrasing) {
  const json all = answers({"--method", "origin,avg", "the first?", "the other?", "--method", "per_prompt"});
  ASSERT_EQ(all.size(), 4U);  // per_prompt: one a phrasing
  EXPECT_EQ(all[0]["method"], "origin");
  EXPECT_EQ(all[0]["question"], "the first?");
  EXPECT_EQ(all[1]["method"], "avg");
  EXPECT_THAT(all[1]["paraphrases"], ElementsAre("the first?", "the other?"));
  EXPECT_EQ(all[3]["paraphrase"], "the other?");
  EXPECT_FALSE(all[0].contains("answers"));
}

TEST_F(Ask, PhrasingsComeFromStdinOneALine) {
  const json all = answers({}, "the first? \r\n\n  the other?\n");
  EXPECT_THAT(all[0]["paraphrases"], ElementsAre("the first?", "the other?"));
}

TEST_F(Ask, BracketsAndDashesAreText) {
  EXPECT_THAT(answers({"[X] is in [MASK]", "[a,b]"})[0]["paraphrases"],
              ElementsAre("[X] is in [MASK]", "[a,b]"));
  EXPECT_THAT(answers({"--", "--what?", "[x]"})[0]["paraphrases"], ElementsAre("--what?", "[x]"));
}

TEST_F(Ask, ASeparatorIsTypedWithEscapes) {
  const Outcome typed =
      ask({"--json", "--layout", "concat", "--separator", "\\n\\n[SEP]\\n\\n", "the a?", "the b?"});
  EXPECT_EQ(typed.out, ask({"--json", "--layout", "concat", "the a?", "the b?"}).out);
  EXPECT_EQ(typed.out,
            ask({"--json", "--layout", "concat", "--separator", "\n\n[SEP]\n\n", "the a?", "the b?"}).out);
  EXPECT_NE(typed.out, ask({"--json", "--layout", "concat", "--separator", "", "the a?", "the b?"}).out);
}

TEST_F(Ask, ConfidencesWeighPhrasings) {
  const json given =
      answers({"--method", "weighted_avg", "--confidence", "0.6,0.2", "the first?", "the other?"});
  EXPECT_FLOAT_EQ(given[0]["weights"][0].get<float>(), 0.75F);
  EXPECT_FLOAT_EQ(given[0]["weights"][1].get<float>(), 0.25F);
  const Outcome shown = ask({"--method", "weighted_flex", "--confidence", "3,1", "the first?", "the other?"});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("  weight 0.250  the other?\n"));
  write_file(program_ / "c.csv", "uuid,paraphrase,confidence\nx,the other?,0.5\ny,the first?,0.5\n");
  const json by_text =
      answers({"--method", "weighted_max", "--confidence", "c.csv", "the first?", "the other?"});
  EXPECT_EQ(by_text[0]["weights"][0], 1.0) << "the first of equals";
  expect_failure(ask({"--method", "weighted_avg", "--confidence", "c.csv", "a third?"}), 3, "a third?");
  expect_failure(ask({"--method", "weighted_avg", "--confidence", "1,2,3", "a?"}), 2,
                 "3 confidences for 1 phrasings");
  expect_failure(ask({"--method", "weighted_avg", "--confidence", "-1", "a?"}), 2, "confidence -1");
  expect_failure(ask({"--method", "avg", "--confidence", "1", "a?"}), 2, "--confidence without a method");
  expect_failure(ask({"--method", "weighted_avg", "--confidence", "no.csv", "a?"}), 6, "no.csv");
}

TEST_F(Ask, WithoutAQuestionItSaysHow) {
  expect_failure(ask({}), 2, "no phrasing");
  expect_failure(ask({}, "\n \n"), 2, "no phrasing");
  expect_failure(ask({""}), 3, "phrasing 1 is empty");
  expect_failure(ask({"a?", "  "}), 3, "phrasing 2 is empty");
  expect_failure(ask({}, "a?\n\xff\n"), 3, "phrasing 2 is not UTF-8");
}

TEST_F(Ask, APromptLongerThanTheContextIsRefused) {
  const Outcome done = ask({std::string(5000, 'x')});
  expect_failure(done, 3, "positions to");
  EXPECT_EQ(done.out, "");
}

}  // namespace
}  // namespace chorus::test
