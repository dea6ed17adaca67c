// Weights, gold log-probabilities, layouts from files, presets and tuning, as a user types them.
#include <gmock/gmock.h>

#include <set>

#include "data/table_file.h"
#include "tests/cli/questions.h"

namespace chorus::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class Methods : public testing::Test {
 protected:
  Methods() { write_file(program_ / "q.jsonl", questions(6)); }
  Outcome generate(const Arguments& more = {}) const { return program_.run(test::generate(program_, more)); }
  Outcome confidence(const Arguments& more = {}) const {
    Arguments arguments{"confidence",
                        "--dataset",
                        "jsonl",
                        "--data",
                        "q.jsonl",
                        "--model",
                        program_.model(),
                        "--instruction",
                        "in a",
                        "--num-paraphrases",
                        "3",
                        "--max-new-tokens",
                        "4",
                        "--samples",
                        "5"};
    if (std::find(more.begin(), more.end(), "--output-dir") == more.end())
      arguments.insert(arguments.end(), {"--output-dir", "out"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return program_.run(arguments);
  }
  fs::path result(const std::string& name) const { return program_ / ("out/jsonl/tiny/" + name); }
  json manifest(const std::string& stem) const { return json::parse(read_file(result(stem + ".json"))); }

  Program program_;
};

TEST_F(Methods, ConfidenceThatWasExtendedIsTheSameBytesAndWeighs) {
  ASSERT_EQ(confidence({"--limit", "2"}).code, 0);
  const Outcome all = confidence();
  ASSERT_EQ(all.code, 0) << all.err;
  EXPECT_THAT(all.err, HasSubstr("2 of 6 questions are answered already"));
  EXPECT_THAT(all.out, HasSubstr("of 18 phrasings"));
  ASSERT_EQ(confidence({"--output-dir", "fresh", "--batch-size", "1", "--threads", "1"}).code, 0);
  EXPECT_EQ(result_bytes(program_, "confidence"), result_bytes(program_, "confidence", "fresh"));
  EXPECT_THAT(confidence().err, HasSubstr("finished already"));
  EXPECT_EQ(
      json::parse(read_file(program_ / "fresh/jsonl/tiny/confidence.run.json"))["sessions"][0]["batch_size"],
      1);
  EXPECT_EQ(json::parse(read_file(result("confidence.run.json")))["sessions"][0]["batch_size"], 128);
  expect_failure(confidence({"--seed", "9"}), 3, "seed: the finished result has 0, this run has 9");

  const std::string file = "out/jsonl/tiny/confidence.feather";
  const Outcome weighted = generate({"--method", "weighted_flex", "--confidence", file});
  ASSERT_EQ(weighted.code, 0) << weighted.err;
  const json told = manifest("weighted_flex-3.bos-scope=own");
  EXPECT_EQ(told["configuration"]["confidence"], "file");
  EXPECT_TRUE(told["inputs"].contains("confidence"));
  const data::Table c = data::read_table(result("confidence.feather")),
                    w = data::read_table(result("weighted_flex-3.bos-scope=own.feather"));
  for (std::size_t question = 0; question < 6; ++question) {
    double sum = 0;
    for (std::size_t p = 0; p < 3; ++p) sum += c.get<double>(3 * question + p, c.column("confidence"));
    const auto& weights = w.get<data::NumberList>(question, w.column("weights"));
    for (std::size_t p = 0; p < 3; ++p)
      EXPECT_NEAR(weights[p],
                  sum > 0 ? c.get<double>(3 * question + p, c.column("confidence")) / sum : 1.0 / 3, 1e-6);
  }
}

TEST_F(Methods, WeightsGoWithWeightedMethodsAlone) {
  expect_failure(generate({"--method", "avg", "--confidence", "fast"}), 2, "--confidence with --method avg");
  for (const char* method : {"weighted_avg", "weighted_max", "vote"}) {
    const Outcome done = generate({"--method", method, "--gold-logprob"});
    ASSERT_EQ(done.code, 0) << done.err;
    const data::Table table = data::read_table(result(fmt::format("ensemble_{}-3.feather", method)));
    EXPECT_EQ(table.get<data::NumberList>(0, table.column("gold_logprob")).size(), 1U);
    EXPECT_EQ(manifest(fmt::format("ensemble_{}-3", method))["configuration"]["gold_logprob"], true);
  }
}

TEST_F(Methods, PresetsSetWhatIsNotTyped) {
  ASSERT_EQ(
      program_
          .run({"generate", "--dataset", "jsonl", "--data", "q.jsonl", "--model", "tiny.gguf", "--output-dir",
                "out", "--num-paraphrases", "3", "--max-new-tokens", "3", "--preset", "published"})
          .code,
      0);
  EXPECT_EQ(manifest("flex_attention-3")["configuration"]["stop"], "eos");
  ASSERT_EQ(program_
                .run({"generate", "--dataset", "jsonl", "--data", "q.jsonl", "--model", "tiny.gguf",
                      "--output-dir", "out", "--num-paraphrases", "3", "--max-new-tokens", "3", "--preset",
                      "ape", "--context-scale", "1.1"})
                .code,
            0);
  const json told = manifest(
      "flex_attention-3.bos-scope=all,calibration=ape,context-scale=1.1,context-temperature=0.9,cue=fused,"
      "layout="
      "shared,positions=aligned")["configuration"];
  EXPECT_EQ(told["calibration"], "ape");
  expect_failure(generate({"--context-scale", "0.9"}), 2, "--calibration ape");
  expect_failure(generate({"--preset", "best"}), 2, "published, pcw, ape");
}

TEST_F(Methods, ALayoutFromAFile) {
  write_file(program_ / "mine.json", R"({"segments": [
    {"name": "S", "text": "{prefix}"},
    {"name": "P", "each": "paraphrase", "text": "{body}", "sees": ["S"]},
    {"name": "cue", "text": "{cue}", "free": true}]})");
  const Arguments base{"generate", "--dataset",         "jsonl",     "--data",
                       "q.jsonl",  "--model",           "tiny.gguf", "--output-dir",
                       "out",      "--num-paraphrases", "3",         "--max-new-tokens",
                       "3",        "--layout",          "mine.json"};
  const Outcome done = program_.run(base);
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_TRUE(manifest("flex_attention-3.layout=mine.json")["inputs"].contains("layout"));
  Arguments with_cue = base;
  with_cue.insert(with_cue.end(), {"--cue", "own"});
  expect_failure(program_.run(with_cue), 2, "--cue with --layout mine.json");
  write_file(program_ / "mine.json", R"({"segments": [{"name": "S", "txt": "{prefix}"}]})");
  expect_failure(program_.run(base), 2, "mine.json: segments[0].txt: unknown");
}

TEST_F(Methods, AModelWithoutAChatTemplateSaysSo) {
  expect_failure(generate({"--chat-template"}), 4, "has no chat template");
}

TEST_F(Methods, TunedOptionsNeverMeetTheQuestionsTheyWerePickedOn) {
  const Outcome tuned = program_.run({"tune", "--dataset", "jsonl", "--data", "q.jsonl", "--model",
                                      "tiny.gguf", "--output-dir", "out", "--num-paraphrases", "3",
                                      "--max-new-tokens", "2", "--dev-samples", "2", "--seed", "1"});
  ASSERT_EQ(tuned.code, 0) << tuned.err;
  EXPECT_THAT(tuned.out, HasSubstr("picked: "));
  const json file = json::parse(read_file(result("tuned-3.json")));
  EXPECT_EQ(file["candidates"].size(), 12U);
  ASSERT_EQ(file["questions"].size(), 2U);
  const Arguments base{"generate",
                       "--dataset",
                       "jsonl",
                       "--data",
                       "q.jsonl",
                       "--model",
                       "tiny.gguf",
                       "--output-dir",
                       "out",
                       "--num-paraphrases",
                       "3",
                       "--max-new-tokens",
                       "3",
                       "--tag",
                       "tuned",
                       "--tuned",
                       "out/jsonl/tiny/tuned-3.json"};
  const Outcome done = program_.run(base);
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("2 questions that the options were tuned on are left out"));
  const data::Table table = data::read_table(result("flex_attention-3.tuned.feather"));
  EXPECT_EQ(table.rows(), 4U);
  for (std::size_t row = 0; row < table.rows(); ++row)
    for (const auto& uuid : file["questions"])
      EXPECT_NE(table.get<std::string>(row, 0), uuid.get<std::string>());
  EXPECT_EQ(manifest("flex_attention-3.tuned")["configuration"]["layout"], file["options"]["layout"]);
  expect_failure(generate({"--method", "avg", "--tuned", "out/jsonl/tiny/tuned-3.json"}), 2,
                 "--tuned with --method avg");
  expect_failure(program_.run({"tune", "--dataset", "jsonl", "--data", "q.jsonl", "--model", "tiny.gguf",
                               "--dev-samples", "6"}),
                 3, "--dev-samples 6 of 6 questions");

  // What is required is required of the questions that are asked.
  const std::string one_short = R"({"id":"short","paraphrases":["the"],"answers":["a"],"kind":"k"})";
  write_file(program_ / "q.jsonl", questions(6) + one_short);
  expect_failure(program_.run(base), 3, "with other questions than options were tuned on");
  const Outcome anew =
      program_.run({"tune", "--dataset", "jsonl", "--data", "q.jsonl", "--model", "tiny.gguf", "--output-dir",
                    "out", "--num-paraphrases", "3", "--max-new-tokens", "2"});
  ASSERT_EQ(anew.code, 0) << anew.err;
  EXPECT_THAT(anew.err, HasSubstr("2 questions to tune on"));  // a third of 7
  Arguments required = base;
  required.insert(required.end(), {"--rewrite", "--require-paraphrases", "--limit", "2"});
  EXPECT_EQ(program_.run(required).code, 0);
}

}  // namespace
}  // namespace chorus::test
