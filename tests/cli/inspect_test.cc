// chorus inspect and generate --dry-run: what they print is what runs do.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "core/safetensors.h"
#include "tests/cli/questions.h"

namespace chorus::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

Arguments inspect(const Program& program, const Arguments& more = {}) {
  Arguments arguments{"inspect",       "--dataset",         "jsonl", "--data",        "q.jsonl", "--model",
                      program.model(), "--num-paraphrases", "3",     "--instruction", "in a",    "--stop",
                      "eos",           "--max-new-tokens",  "4"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST(Inspect, PrintsTheWayOfAQuestion) {
  const Program program;
  write_file(program / "q.jsonl", questions(3));
  const Outcome done = program.run(inspect(program, {"--top-k", "2", "--verbose"}));
  ASSERT_EQ(done.code, 0) << done.err;
  for (const char* part :
       {"question q0: the 0 in a", "== sequence 1: ", "Q\\KV", "S, E: first and last token of a segment",
        "0 other than the rule: isolated", "0 with another bit: isolated", "step 1: ", "S3 alone",
        "attention: S1 ", "elsewhere ", "layer  keys from", "answer: ", "[1>", "<1]", "[C>", "[G>"})
    EXPECT_THAT(done.out, HasSubstr(part));
  EXPECT_THAT(done.out, Not(HasSubstr("NOT ISOLATED")));
  EXPECT_THAT(done.out, Not(HasSubstr("question q1"))) << "one question unless more are asked";
}

/// Every token once, the rows generate writes, the shares' sums, and candidates whose first is taken.
TEST(Inspect, AsJsonItIsTheRunOfGenerate) {
  const Program program;
  write_file(program / "q.jsonl", questions(3));
  for (const Arguments& way : {Arguments{}, Arguments{"--layout", "concat", "--cue", "own"},
                               Arguments{"--method", "avg"}, Arguments{"--method", "per_prompt"}}) {
    Arguments more = way;
    more.insert(more.end(), {"--json", "--limit", "2"});
    const Outcome done = program.run(inspect(program, more));
    ASSERT_EQ(done.code, 0) << done.err;
    const json all = json::parse(done.out);
    ASSERT_EQ(all.size(), 2U);
    for (const json& question : all)
      for (const json& request : question["requests"]) {
        for (const json& sequence : request["sequences"]) {
          std::size_t at = 0;
          for (const json& segment : sequence["segments"]) {
            EXPECT_EQ(segment["begin"], at);
            at = segment["end"].get<std::size_t>();
          }
          EXPECT_EQ(at, sequence["ids"].size());
          EXPECT_EQ(sequence["tokens"].size(), sequence["ids"].size());
          EXPECT_EQ(sequence["mask"]["wrong"], 0);
        }
        for (const json& check : request["isolation"]) EXPECT_EQ(check["leaked"], 0);
        ASSERT_EQ(request["steps"].size(), 4U);
        for (const json& step : request["steps"]) EXPECT_EQ(step["joint"][0]["id"], step["token"]);
      }
  }
  ASSERT_EQ(program
                .run(generate(program, {"--layout", "shared", "--cue", "fused", "--positions", "aligned",
                                        "--max-new-tokens", "4"}))
                .code,
            0);
  const Outcome shown = program.run(inspect(program, {"--json"}));
  const json row = json::parse(shown.out)[0]["rows"][0];
  std::ifstream log(program /
                    "out/jsonl/tiny/flex_attention-3.cue=fused,layout=shared,positions=aligned.log.jsonl");
  for (std::string line; std::getline(log, line);)
    if (const json entry = json::parse(line); entry.contains("sample") && entry["sample"] == "q0") {
      EXPECT_EQ(entry["rows"][0], row);
    }
}

TEST(Inspect, ExportsTensors) {
  const Program program;
  write_file(program / "q.jsonl", questions(3));
  const Outcome done = program.run(inspect(
      program, {"--export", "attention,logits", "--output", "t.safetensors", "--limit", "2", "--json"}));
  ASSERT_EQ(done.code, 0) << done.err;
  const json all = json::parse(done.out);
  const core::SafeTensors file(program / "t.safetensors");
  for (int i = 0; i < 2; ++i) {
    const auto name = [&](const char* what) { return fmt::format("{}.0.{}", i, what); };
    const auto values = [&](const char* what) {
      const core::TensorInfo& tensor = file.tensor(name(what));
      std::vector<float> numbers(tensor.data.size() / sizeof(float));
      std::memcpy(numbers.data(), tensor.data.data(), tensor.data.size());
      return numbers;
    };
    const auto vocab = file.tensor(name("logits")).shape.at(1);
    EXPECT_THAT(file.tensor(name("logits")).shape, testing::ElementsAre(4, vocab));
    EXPECT_THAT(file.tensor(name("phrasing_logits")).shape, testing::ElementsAre(4, 3, vocab));
    EXPECT_THAT(file.tensor(name("attention")).shape, testing::ElementsAre(4, 3));
    const auto logits = values("logits"), attention = values("attention");
    const json& steps = all[static_cast<std::size_t>(i)]["requests"][0]["steps"];
    for (std::size_t step = 0; step < 4; ++step) {
      const auto row =
          std::span(logits).subspan(step * static_cast<std::size_t>(vocab), static_cast<std::size_t>(vocab));
      EXPECT_EQ(std::max_element(row.begin(), row.end()) - row.begin(), steps[step]["token"].get<int>());
      for (std::size_t p = 0; p < 3; ++p)
        EXPECT_FLOAT_EQ(attention[step * 3 + p], steps[step]["attention"][p].get<float>());
    }
  }
  expect_failure(program.run(inspect(program, {"--method", "avg", "--export", "attention"})), 2,
                 "--export attention with --method avg");
  expect_failure(program.run(inspect(program, {"--export", "everything"})), 2, "'everything'");
}

TEST(DryRun, SaysWhatARunWouldComputeAndComputesNothing) {
  const Program program;
  write_file(program / "q.jsonl", questions(40));
  const Outcome first = program.run(generate(program, {"--dry-run"}));
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("questions  40 of 40 are missing"));
  EXPECT_THAT(first.out, HasSubstr("time       not known"));
  EXPECT_THAT(first.out, HasSubstr("40 questions know an accuracy near 0.5 to +-0.155"));
  EXPECT_FALSE(fs::exists(program / "out"));
  ASSERT_EQ(program.run(generate(program, {"--max-samples", "10"})).code, 0);
  const Outcome then = program.run(generate(program, {"--dry-run"}));
  EXPECT_THAT(then.out, HasSubstr("questions  30 of 40 are missing"));
  EXPECT_THAT(then.out, HasSubstr("time       about 0:0"));
  EXPECT_THAT(program.run(generate(program, {"--dry-run", "--max-samples", "10"})).out,
              HasSubstr("nothing to do"));
  expect_failure(program.run(generate(program, {"--dry-run", "--dtype", "f32", "--prediction", "all"})), 3,
                 "is there already");
}

}  // namespace
}  // namespace chorus::test
