// Files of one's own: which folder their results go to, what is said of them, rows that cannot be used.
#include <gmock/gmock.h>

#include "data/table_file.h"
#include "tests/cli/questions.h"

namespace chorus::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class OwnData : public testing::Test {
 protected:
  OwnData() { write_file(program_ / "q.jsonl", questions(4)); }
  Outcome generate(const Arguments& more = {}) const { return program_.run(test::generate(program_, more)); }

  Program program_;
};

TEST_F(OwnData, ResultsOfTwoFilesDoNotMeet) {
  ASSERT_EQ(generate({"--method", "avg"}).code, 0);
  write_file(program_ / "other.jsonl", questions(3));
  expect_failure(generate({"--method", "max", "--data", "other.jsonl"}), 3,
                 "out/jsonl/tiny/ensemble_avg-3.json is a result of other questions than this run's");
  const Outcome named = generate({"--method", "max", "--data", "other.jsonl", "--dataset-name", "other"});
  EXPECT_EQ(named.code, 0) << named.err;
  EXPECT_TRUE(fs::exists(program_ / "out/other/tiny/ensemble_max-3.feather"));
  EXPECT_EQ(json::parse(
                read_file(program_ / "out/other/tiny/ensemble_max-3.json"))["configuration"]["dataset_name"],
            "other");
  EXPECT_EQ(generate({"--method", "max"}).code, 0);
  write_file(program_ / "q.jsonl",
             questions(5));  // corrected: all results are made anew, one after the other
  expect_failure(generate({"--method", "origin"}), 3, "is a result of other questions");
  EXPECT_EQ(generate({"--method", "max", "--rewrite"}).code, 0);
}

TEST_F(OwnData, SaysThatThereAreNoWorkedExamples) {
  EXPECT_THAT(generate().err, HasSubstr("no worked examples"));
  EXPECT_THAT(generate({"--num-few-shot", "0", "--tag", "zero"}).err,
              testing::Not(HasSubstr("no worked examples")));
}

TEST_F(OwnData, BadRowsAreListedWhenTheyAreSkipped) {
  const std::string text = questions(3) + R"({"id": "x", "paraphrases": ["p"], "answers": "Paris"})" + "\n";
  write_file(program_ / "q.jsonl", text);
  expect_failure(generate(), 3,
                 "q.jsonl line 4 has the text \"Paris\" in 'answers'; expected a list of texts: [\"Paris\"]");
  write_file(program_ / "q.jsonl", text + R"({"id": "y", "paraphrases": ["p"], "answers": [NaN]})");
  expect_failure(generate(), 3, "expected one JSON object a line, in which null stands for NaN");
  const Outcome done = generate({"--skip-bad-rows"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("2 bad rows skipped"));
  EXPECT_THAT(done.err, HasSubstr("skipped: q.jsonl line 4 has the text"));
  EXPECT_THAT(done.err, HasSubstr("skipped: q.jsonl line 5 is not JSON"));
  const json manifest =
      json::parse(read_file(program_ / "out/jsonl/tiny/flex_attention-3.bos-scope=own.json"));
  EXPECT_EQ(manifest["rows"], 3);
  EXPECT_EQ(manifest["counts"]["notes"].size(), 4U);
}

TEST_F(OwnData, AnEarlierResultAsksItsQuestionsAgain) {
  ASSERT_EQ(generate({"--method", "avg", "--num-few-shot", "0"}).code, 0);
  for (const char* format : {"feather", "csv"}) {
    const Outcome again =
        generate({"--method", "avg", "--num-few-shot", "0", "--dataset", format, "--data",
                  std::string("out/jsonl/tiny/ensemble_avg-3.") + format, "--output-dir", "again"});
    ASSERT_EQ(again.code, 0) << again.err;
    const std::string stem = std::string("again/") + format + "/tiny/ensemble_avg-3.feather";
    EXPECT_EQ(data::read_table(program_ / stem),
              data::read_table(program_ / "out/jsonl/tiny/ensemble_avg-3.feather"));
  }
}

TEST_F(OwnData, SpacesAroundTheItemsOfAListAreNothing) {
  const Outcome done = program_.run({"ask", "--model", program_.model(), "--method", "flex, avg",
                                     "--num-few-shot", "0", "--max-new-tokens", "2", "Who?"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("avg:"));
}

}  // namespace
}  // namespace chorus::test
