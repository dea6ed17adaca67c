// examples/analysis.ipynb runs from end to end over results of this program and says what chorus analyze says. Needs the Python that
// ./run notebook makes; without it the test is skipped.
#include <gmock/gmock.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "data/durable_file.h"
#include "data/table_file.h"
#include "tests/cli/questions.h"

namespace chorus::test {
namespace {

using nlohmann::json;

/// Questions to which the tiny model's own answer to the first phrasing is the accepted one for two of three, so that some are right.
void write_questions(const Program& program) {
  write_file(program / "q.jsonl", questions(12));
  ASSERT_EQ(program.run(generate(program, {"--method", "origin", "--output-dir", "first"})).code, 0);
  const data::Table table = data::read_table(program / "first/jsonl/tiny/origin.feather");
  std::string text;
  std::size_t row = 0;
  for (const std::string& line : lines_of(questions(12))) {
    json sample = json::parse(line);
    const auto& said = table.get<std::string>(row, table.column("prediction"));
    if (row % 3 != 0 && !said.empty()) sample["answers"] = {said};
    text += sample.dump() + "\n";
    ++row;
  }
  write_file(program / "q.jsonl", text);
}

TEST(Notebook, RunsAndAgreesWithAnalyze) {
  const fs::path jupyter = fs::path(CHORUS_HOME_DIR) / "notebook/bin/jupyter";
  if (!fs::exists(jupyter)) GTEST_SKIP() << "no " << jupyter << ": ./run notebook makes it";
  const Program program;
  write_questions(program);
  for (const char* n : {"2", "3"}) {
    for (const std::string method : {"origin", "per_prompt", "avg", "flex"}) {
      if (n == std::string("2") && (method == "origin" || method == "per_prompt"))
        continue;  // no N in their names
      ASSERT_EQ(program.run(generate(program, {"--method", method, "--num-paraphrases", n})).code, 0);
    }
  }
  fs::create_directories(program / "tables");
  const std::string run = fmt::format(
      "cd '{0}' && HOME='{0}/home' CHORUS_RESULTS='{0}/out/jsonl/tiny' "
      "CHORUS_TABLES='{0}/tables' '{1}' nbconvert "
      "--to notebook --execute --ExecutePreprocessor.timeout=240 --output-dir . "
      "'{2}/examples/analysis.ipynb' > nbconvert.log 2>&1",
      program.folder().path().string(), jupyter.string(), CHORUS_SOURCE_DIR);
  ASSERT_EQ(std::system(run.c_str()), 0) << read_file(program / "nbconvert.log");
  const json notebook = json::parse(read_file(program / "analysis.ipynb"));
  std::size_t figures = 0;
  for (const json& cell : notebook["cells"])
    for (const json& output : cell.value("outputs", json::array()))
      figures += output.contains("data") && output["data"].contains("image/png");
  EXPECT_EQ(figures, 2U);

  const Outcome done = program.run({"analyze", "--output-dir", "out", "--lemmas", "file", "--json"});
  ASSERT_EQ(done.code, 0) << done.err;
  const auto lines = lines_of(read_file(program / "tables/accuracy.csv"));
  const json accuracy = json::parse(done.out)[0]["accuracy"];
  ASSERT_EQ(lines.size(), 1 + accuracy.size());
  double most = 0;
  for (const json& row : accuracy) {
    const std::string begin = fmt::format("{},{},", row["method"].get<std::string>(), row["n"].get<int>());
    const auto line = std::find_if(lines.begin(), lines.end(),
                                   [&](const std::string& text) { return text.starts_with(begin); });
    ASSERT_NE(line, lines.end()) << begin;
    EXPECT_NEAR(std::stod(line->substr(begin.size())), row["accuracy"].get<double>(), 5.001e-4) << begin;
    most = std::max(most, row["accuracy"].get<double>());
  }
  EXPECT_GT(most, 0.5);
}

}  // namespace
}  // namespace chorus::test
