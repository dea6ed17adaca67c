// MyriadLAMA from the hub's Parquet file through generate, analyze and report; and the choice of phrasings, as a user types it.
#include <gmock/gmock.h>

#include "data/table_file.h"
#include "tests/cli/questions.h"

namespace chorus::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class MyriadLama : public testing::Test {
 protected:
  Outcome generate(Arguments more = {}) const {
    more.insert(more.begin(),
                {"generate", "--dataset", "myriadlama", "--data",
                 std::string(CHORUS_SOURCE_DIR) + "/tests/data/data/myriadlama", "--model", program_.model(),
                 "--output-dir", "out", "--limit", "6", "--max-new-tokens", "3", "--stop", "eos"});
    return program_.run(more);
  }
  fs::path result(const std::string& name) const { return program_ / ("out/myriadlama/tiny/" + name); }
  data::Table table(const std::string& stem) const { return data::read_table(result(stem + ".feather")); }
  json configuration(const std::string& stem) const {
    return json::parse(read_file(result(stem + ".json")))["configuration"];
  }

  Program program_;
};

const data::StringList& phrasings(const data::Table& table, std::size_t row) {
  return table.get<data::StringList>(row, table.column("paraphrases"));
}

TEST_F(MyriadLama, FromTheHubsFileToTheReport) {
  const Outcome done = generate();
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("of 40 items 35 are asked (2000 of the whole set)"));
  ASSERT_EQ(generate({"--layout", "examples", "--num-paraphrases", "3"}).code, 0);
  for (const char* method : {"origin", "per_prompt", "avg"})
    ASSERT_EQ(generate({"--method", method}).code, 0);
  const data::Table flex = table("flex_attention-5.bos-scope=all,cue=fused,layout=shared,positions=aligned");
  ASSERT_EQ(flex.rows(), 6U);
  EXPECT_EQ(phrasings(flex, 0).size(), 5U);
  EXPECT_THAT(phrasings(flex, 0)[0], HasSubstr("[MASK]"));
  EXPECT_TRUE(flex.find("relation"));
  EXPECT_TRUE(fs::exists(result("flex_attention-3.bos-scope=all,cue=fused,layout=examples.feather")));
  const Outcome analysis =
      program_.run({"analyze", "--output-dir", "out", "--json", "--by", "relation", "--compare-all"});
  ASSERT_EQ(analysis.code, 0) << analysis.err;
  const json group = json::parse(analysis.out)[0];
  EXPECT_EQ(group["dataset"], "myriadlama");
  EXPECT_EQ(group["accuracy"].size(), 4U);  // one is of another N
  EXPECT_EQ(group["paraphrases"].size(), 5U);
  EXPECT_GE(group["by_relation"].size(), 4U);
  const Outcome report = program_.run({"report", "--output-dir", "out", "--output", "page.html"});
  ASSERT_EQ(report.code, 0) << report.err;
  EXPECT_THAT(read_file(program_ / "page.html"), HasSubstr("<h1>myriadlama / tiny</h1>"));
}

TEST_F(MyriadLama, TheWorkedExamplesHaveTheirPhrasings) {
  const Outcome done = program_.run({"prompts", "--dataset", "myriadlama", "--data",
                                     std::string(CHORUS_SOURCE_DIR) + "/tests/data/data/myriadlama",
                                     "--model", program_.model(), "--limit", "1", "--layout", "examples",
                                     "--num-paraphrases", "2", "--num-few-shot", "1", "--json"});
  ASSERT_EQ(done.code, 0) << done.err;
  std::string text;
  const json prompts = json::parse(done.out);
  for (const json& segment : prompts[0]["prompts"][0]["segments"]) text += segment["text"].get<std::string>();
  std::size_t questions = 0;
  for (std::size_t at = 0; (at = text.find("Q: ", at)) != std::string::npos; at += 3) ++questions;
  EXPECT_EQ(questions, 4U) << text;
  EXPECT_THAT(text, HasSubstr("Predict the [MASK] in the sentence in one word."));
}

TEST_F(MyriadLama, PhrasingsByTheirPlace) {
  ASSERT_EQ(generate({"--method", "avg", "--indexs", "3, 0"}).code, 0);
  ASSERT_EQ(generate({"--method", "per_prompt", "--indexs", "3,0"}).code, 0);
  ASSERT_EQ(generate({"--method", "avg", "--num-paraphrases", "4"}).code, 0);
  const data::Table pair = table("diversity/ensemble_avg-3,0"), four = table("ensemble_avg-4"),
                    singles = table("diversity/per_prompt-3,0");
  EXPECT_EQ(phrasings(pair, 2), (data::StringList{phrasings(four, 2)[3], phrasings(four, 2)[0]}));
  EXPECT_EQ(configuration("diversity/ensemble_avg-3,0")["indexs"], (json{3, 0}));
  EXPECT_EQ(configuration("diversity/ensemble_avg-3,0")["num_paraphrases"], 2);
  ASSERT_EQ(singles.rows(), 12U);
  EXPECT_EQ(singles.get<std::int64_t>(0, singles.column("paraphrase_index")), 3);
  EXPECT_EQ(singles.get<std::int64_t>(1, singles.column("paraphrase_index")), 0);
  EXPECT_THAT(generate({"--method", "avg", "--indexs", "3,0"}).err, HasSubstr("finished already"));
  const Outcome short_one = generate({"--method", "avg", "--indexs", "0,77"});
  EXPECT_EQ(short_one.code, 0) << short_one.err;
  EXPECT_THAT(short_one.err, HasSubstr("6 of 6 samples have fewer than 2 phrasings (the fewest: 1)"));
  expect_failure(generate({"--indexs", "0,77", "--require-paraphrases"}), 3, "has 1 phrasings");
}

TEST_F(MyriadLama, DrawnPhrasingsAreTheSameForEveryMethod) {
  const Arguments draw{"--num-manual", "3", "--num-auto", "3", "--num-samples", "4", "--seed", "7"};
  for (const char* method : {"avg", "vote"}) {
    Arguments arguments{"--method", method};
    arguments.insert(arguments.end(), draw.begin(), draw.end());
    ASSERT_EQ(generate(arguments).code, 0);
  }
  const data::Table avg = table("ensemble_avg-m3a3s4.seed=7"), vote = table("ensemble_vote-m3a3s4.seed=7");
  for (std::size_t row = 0; row < 6; ++row) {
    EXPECT_EQ(phrasings(avg, row), phrasings(vote, row));
    EXPECT_EQ(phrasings(avg, row).size(), 4U);
  }
  const json settings = configuration("ensemble_avg-m3a3s4.seed=7");
  EXPECT_EQ(settings["num_manual"], 3);
  EXPECT_EQ(settings["seed"], 7);
  ASSERT_EQ(generate({"--method", "per_prompt", "--num-paraphrases", "20"}).code, 0);
  const Outcome analysis = program_.run({"analyze", "--output-dir", "out", "--json"});
  ASSERT_EQ(analysis.code, 0) << analysis.err;
  const json group = json::parse(analysis.out)[0];
  EXPECT_EQ(group["num_paraphrases"], 4);
  EXPECT_EQ(group["accuracy"][0]["method"], "avg (m3a3s4,seed=7)");
}

TEST_F(MyriadLama, OnePhrasingOverAndOver) {
  for (const char* execution : {"shared", "packed"})
    ASSERT_EQ(generate({"--repeat-phrasing", "--num-paraphrases", "3", "--dtype", "f32", "--execution",
                        execution, "--tag", execution})
                  .code,
              0);
  const data::Table shared = table("flex_attention-3.shared"), packed = table("flex_attention-3.packed");
  for (std::size_t row = 0; row < 6; ++row) {
    EXPECT_EQ(phrasings(shared, row), data::StringList(3, phrasings(shared, row)[0]));
    EXPECT_NEAR(shared.get<double>(row, shared.column("logprob")),
                packed.get<double>(row, packed.column("logprob")), 1e-3);
  }
  ASSERT_EQ(generate({"--method", "avg", "--repeat-phrasing", "--num-paraphrases", "2"}).code, 0);
  EXPECT_EQ(configuration("ensemble_avg-2.repeat=first")["repeat_phrasing"], true);
}

TEST_F(MyriadLama, ChoicesThatExcludeEachOther) {
  expect_failure(generate({"--indexs", "0,1", "--num-paraphrases", "2"}), 2, "excludes");
  expect_failure(generate({"--indexs", "0", "--num-auto", "2"}), 2, "--indexs with --num-manual");
  expect_failure(generate({"--indexs", "0,x"}), 2, "'x'; expected a whole number");
  expect_failure(generate({"--num-manual", "1", "--num-auto", "1", "--num-samples", "3"}), 2,
                 "3 phrasings out of");
  expect_failure(generate({"--indexs", "55"}), 3, "phrasings");
}

}  // namespace
}  // namespace chorus::test
