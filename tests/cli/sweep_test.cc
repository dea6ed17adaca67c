// chorus sweep: its runs are those of generate and confidence to the byte, it goes on where it was, and errors name the line.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "data/table_file.h"
#include "tests/cli/questions.h"

namespace chorus::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kDefaults = R"(
defaults:
  dataset: jsonl
  data: q.jsonl
  model: tiny.gguf
  output-dir: out
  instruction: in a
  max_new_tokens: 5
  stop: eos
  layout: concat
  cue: own
  num-paraphrases: 3
)";

Outcome sweep(const Program& program, const std::string& rest, const Arguments& more = {}) {
  write_file(program / "sweep.yaml", kDefaults + rest);
  Arguments arguments{"sweep", "sweep.yaml"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return program.run(arguments);
}

TEST(Sweep, EveryRunIsThatOfItsCommand) {
  const Program swept, single;
  for (const Program* program : {&swept, &single}) write_file(*program / "q.jsonl", questions(12));
  const Outcome done = sweep(swept, R"(
grids:
  - method: [flex, avg]
  - {method: flex, num-paraphrases: 2..3}
  - {command: confidence, samples: 4}
)");
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("left out because they are the same as others: 1 of 5 runs"));
  // Weights are loaded once, whatever the number of runs.
  EXPECT_EQ(done.err.find("tiny: cpu"), done.err.rfind("tiny: cpu"));
  ASSERT_EQ(single.run(generate(single)).code, 0);
  ASSERT_EQ(single.run(generate(single, {"--num-paraphrases", "2"})).code, 0);
  ASSERT_EQ(single.run(generate(single, {"--method", "avg"})).code, 0);
  const Outcome confidence =
      single.run({"confidence", "--dataset", "jsonl", "--data", "q.jsonl", "--model", "tiny.gguf",
                  "--output-dir", "out", "--instruction", "in a", "--max-new-tokens", "5", "--stop", "eos",
                  "--num-paraphrases", "3", "--samples", "4"});
  ASSERT_EQ(confidence.code, 0) << confidence.err;
  for (const char* stem : {kStem, "flex_attention-2.bos-scope=own", "ensemble_avg-3", "confidence"})
    EXPECT_EQ(result_bytes(swept, stem), result_bytes(single, stem)) << stem;
}

TEST(Sweep, TheSummaryHasOneRowARun) {
  const Program program;
  write_file(program / "q.jsonl", questions(12));
  const Outcome done =
      sweep(program,
            "grids:\n  - {method: [flex, avg], num-paraphrases: [2, 3]}\n  - {command: confidence, "
            "samples: 3, max-samples: 5}\n");
  ASSERT_EQ(done.code, 0) << done.err;
  const data::Table table = data::read_table(program / "out/summary.feather");
  ASSERT_EQ(table.rows(), 5U);
  const auto text = [&](std::size_t row, const char* column) {
    return table.get<std::string>(row, table.column(column));
  };
  const auto whole = [&](std::size_t row, const char* column) {
    return table.get<std::int64_t>(row, table.column(column));
  };
  EXPECT_EQ(text(0, "method"), "flex");
  EXPECT_EQ(whole(0, "num_paraphrases"), 2);
  EXPECT_EQ(whole(1, "num_paraphrases"), 3);
  EXPECT_EQ(text(3, "method"), "avg");
  EXPECT_EQ(text(4, "method"), "confidence");
  EXPECT_EQ(whole(4, "questions"), 5);
  EXPECT_TRUE(data::is_null(table.at(4, table.column("accuracy"))));
  for (std::size_t row = 0; row < 4; ++row) {
    EXPECT_EQ(text(row, "state"), "finished");
    EXPECT_EQ(whole(row, "n"), 12);
    EXPECT_GT(table.get<double>(row, table.column("questions_per_s")), 0);
    EXPECT_TRUE(fs::exists(program / text(row, "result"))) << text(row, "result");
    // The accuracy is the one generate prints for this result.
    const Outcome again =
        program.run(generate(program, {"--method", text(row, "method"), "--num-paraphrases",
                                       std::to_string(whole(row, "num_paraphrases")), "--json"}));
    EXPECT_NEAR(json::parse(again.out)[0]["accuracy"].get<double>(),
                table.get<double>(row, table.column("accuracy")), 5e-4);
  }
  EXPECT_TRUE(fs::exists(program / "out/summary.csv"));
  EXPECT_THAT(program.run({"analyze", "--output-dir", "out"}).err, Not(HasSubstr("summary")))
      << "it is no result";
  EXPECT_THAT(done.out, HasSubstr("method=avg num-paraphrases=3"));
}

TEST(Sweep, GoesOnWhereItWasAndSaysWhatIsMissing) {
  const Program program;
  write_file(program / "q.jsonl", questions(60));
  const std::string grid = "grids:\n  - {method: [flex, avg], batch-size: 1}\n";
  const auto dry = [&] { return json::parse(sweep(program, grid, {"--dry-run", "--json"}).out); };
  EXPECT_EQ(dry()[0]["missing"], 60);
  EXPECT_FALSE(fs::exists(program / "out")) << "a dry run leaves nothing behind";
  const fs::path log = program / "out/jsonl/tiny/flex_attention-3.bos-scope=own.log.jsonl";
  const auto child = program.start({"sweep", "sweep.yaml"});
  child->signal_when([&] { return logged(log) > 2; }, SIGINT);
  const Outcome stopped = child->wait();
  EXPECT_EQ(stopped.code, 130) << stopped.err;
  EXPECT_THAT(lines_of(stopped.err).back(), HasSubstr("run 1 of 2 (method=flex): interrupted: "));
  const int before = logged(log);
  EXPECT_EQ(dry()[0]["missing"], 60 - before);
  EXPECT_EQ(dry()[1]["missing"], 60);
  const Outcome done = sweep(program, grid);
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr(fmt::format("{} of 60 questions are answered already", before)));
  const Outcome again = sweep(program, grid);
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.err, Not(HasSubstr("run 1 of 2"))) << "finished runs are skipped";
  EXPECT_EQ(again.out, done.out);
  EXPECT_THAT(sweep(program, grid, {"--dry-run"}).out,
              HasSubstr("2 runs, 2 finished; 0 questions missing; nothing to do"));
  const Program undisturbed;
  write_file(undisturbed / "q.jsonl", questions(60));
  ASSERT_EQ(sweep(undisturbed, grid).code, 0);
  EXPECT_EQ(result_bytes(program, kStem), result_bytes(undisturbed, kStem));
}

TEST(Sweep, GridsOfTheCommandLineAndLimits) {
  const Program program;
  write_file(program / "q.jsonl", questions(9));
  const Arguments command{"sweep",
                          "--grid",
                          "method=origin,avg",
                          "--grid",
                          "num_paraphrases=2..3",
                          "--set",
                          "dataset=jsonl",
                          "--set",
                          "data=q.jsonl",
                          "--set",
                          "model=tiny.gguf",
                          "--set",
                          "max-new-tokens=3",
                          "--max-samples",
                          "4",
                          "--dry-run",
                          "--json"};
  const Outcome plan = program.run(command);
  ASSERT_EQ(plan.code, 0) << plan.err;
  const json runs = json::parse(plan.out);
  ASSERT_EQ(runs.size(), 3U) << "origin has no N: its second run is its first";
  EXPECT_EQ(runs[1]["options"], "method=avg num-paraphrases=2");
  EXPECT_EQ(runs[2]["missing"], 4);
  Arguments carried(command.begin(), command.end() - 2);
  const Outcome done = program.run(carried);
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_TRUE(fs::exists(program / "results/jsonl/tiny/ensemble_avg-3.feather"));
  expect_failure(program.run({"sweep", "--grid", "methods=avg"}), 2,
                 "--grid methods=avg: unknown option '--methods'");
  expect_failure(program.run({"sweep", "--grid", "method"}), 2, "--grid 'method'");
  expect_failure(program.run({"sweep"}), 2, "no runs");
  expect_failure(program.run({"sweep", "x.yaml"}), 6, "x.yaml");
}

TEST(Sweep, KeepGoingCarriesOutTheOthers) {
  const Program program;
  write_file(program / "q.jsonl", questions(5));
  const std::string grid = "grids:\n  - {method: [flex, avg], tag: t}\n";
  fs::create_directories(program / "out/jsonl/tiny");
  write_file(program / "out/jsonl/tiny/flex_attention-3.t.feather", "somebody's");
  const Outcome stopped = sweep(program, grid);
  EXPECT_EQ(stopped.code, 3) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("sweep.yaml:14: "));
  const Outcome done = sweep(program, grid, {"--keep-going"});
  EXPECT_EQ(done.code, 3);
  EXPECT_THAT(lines_of(done.err).back(), HasSubstr("error: 1 of 2 runs failed; run 1 of 2 (method=flex): "));
  EXPECT_TRUE(fs::exists(program / "out/jsonl/tiny/ensemble_avg-3.t.feather"));
  EXPECT_EQ(data::read_table(program / "out/summary.feather").rows(), 2U);
}

TEST(Sweep, WeightsOfAnEarlierRun) {
  const Program program;
  write_file(program / "q.jsonl", questions(5));
  const std::string grid =
      "grids:\n  - {command: confidence, samples: 3}\n"
      "  - {method: weighted_avg, confidence: \"{output-dir}/jsonl/tiny/confidence.feather\"}\n";
  const Outcome plan = sweep(program, grid, {"--dry-run"});
  ASSERT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("waits for out/jsonl/tiny/confidence.feather"));
  const Outcome done = sweep(program, grid);
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_TRUE(fs::exists(program / "out/jsonl/tiny/ensemble_weighted_avg-3.feather"));
}

TEST(Sweep, ErrorsNameTheLine) {
  const Program program;
  write_file(program / "q.jsonl", questions(2));
  const struct {
    const char *rest, *part;
  } cases[] = {
      {"grids:\n  - {method: avg, num-paraphrase: 3}\n", "sweep.yaml:14: unknown option '--num-paraphrase'"},
      {"grids:\n  - method: avg\n    num-paraphrases: [2, x]\n", "sweep.yaml:15: "},
      {"grids:\n  - method: [flex,\n      averge]\n", "sweep.yaml:15: method 'averge'"},
      {"grids:\n  - {method: flex, layout: round}\n", "sweep.yaml:14: --layout 'round'"},
      {"grids:\n  - {method: avg, samples: 3}\n", "sweep.yaml:14: samples"},
      {"grids:\n  - {command: dance}\n", "sweep.yaml:14: command 'dance'"},
      {"grids:\n  - {gold-logprob: maybe}\n", "sweep.yaml:14: gold-logprob 'maybe'"},
      {"grids:\n  - {limit: 3, max-samples: 4}\n", "sweep.yaml:14: max-samples a second time"},
      {"grids:\n  - {method: avg, num-paraphrases: 8..2}\n", "sweep.yaml:14: the range 8..2"},
      {"grids:\n  - {method: {a: b}}\n", "sweep.yaml:14: method with a mapping"},
      {"grids:\n  - {method: }\n", "sweep.yaml:14: method without a value"},
      {"grids:\n  - {method: avg\n", "sweep.yaml:"},
      {"girds: []\n", "unknown key 'girds'"},
      {"", "no grids"},
      {"grids:\n  - {method: avg}\nexclude:\n  - {method: flex}\n", "sweep.yaml:16: an exclusion"},
      {"grids:\n  - {method: avg}\nexclude:\n  - {method: avg}\n", "no run is left"},
      {"grids:\n  - {method: avg, prediction: [all, first-word]}\n", "two runs that write "},
  };
  for (const auto& c : cases) expect_failure(sweep(program, c.rest), 2, c.part);
  EXPECT_FALSE(fs::exists(program / "out"));
}

}  // namespace
}  // namespace chorus::test
