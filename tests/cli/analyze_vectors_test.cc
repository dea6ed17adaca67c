// Every number of chorus analyze over files that pandas wrote, beside what pandas, scipy and statsmodels make of them
// (tests/eval/data/make_analysis.py). Numbers are printed with three digits, p values with four or two that count.
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"

namespace chorus::test {
namespace {

using nlohmann::json;

class AnalyzeVectors : public testing::Test {
 protected:
  static json read_expected() {
    return json::parse(read_file(fs::path(CHORUS_SOURCE_DIR) / "tests/eval/data/analysis/expected.json"));
  }
  json analyze(const Arguments& more, const std::string& folder = "analysis") const {
    Arguments arguments{"analyze", "--json", "--output-dir",
                        std::string(CHORUS_SOURCE_DIR) + "/tests/eval/data/" + folder};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome done = program_.run(arguments);
    EXPECT_EQ(done.code, 0) << done.err;
    return json::parse(done.out).at(0);
  }
  Program program_;
};

/// Every key of `expected` stands in `row`; p values to half their last digit, the rest to half a thousandth.
void expect_row(const json& row, const json& expected, const std::string& where) {
  for (const auto& [key, value] : expected.items()) {
    ASSERT_TRUE(row.contains(key)) << where << ": no " << key << " in " << row.dump();
    if (!value.is_number_float()) {
      EXPECT_EQ(
          row[key].is_string() && value.is_number() ? json(std::stoi(row[key].get<std::string>())) : row[key],
          value)
          << where << ", " << key;
      continue;
    }
    const double number = value.get<double>();
    const double bound = !key.starts_with("p (") ? 5.001e-4 : number < 1e-4 ? 0.06 * number : 5.001e-5;
    ASSERT_TRUE(row[key].is_number()) << where << ", " << key << ": " << row[key].dump();
    EXPECT_NEAR(row[key].get<double>(), number, bound) << where << ", " << key;
  }
}

const json* find_row(const json& table, const json& keys) {
  for (const json& row : table) {
    bool same = true;
    for (const auto& [key, value] : keys.items()) same = same && row.contains(key) && row[key] == value;
    if (same) return &row;
  }
  ADD_FAILURE() << "no row " << keys.dump();
  return nullptr;
}

TEST_F(AnalyzeVectors, MethodsBesideStatsmodels) {
  const json expected = read_expected(), group = analyze({"--num-paraphrases", "4", "--by", "relation"});
  for (const char* table : {"accuracy", "comparison", "outcomes"})
    for (const auto& [method, row] : expected[table].items())
      if (const json* found = find_row(group[table], {{"method", method}}))
        expect_row(*found, row, std::string(table) + " " + method);
  for (const json& row : expected["by_relation"])
    if (const json* found = find_row(group["by_relation"],
                                     {{"method", row["method"]}, {"N", 4}, {"relation", row["relation"]}}))
      expect_row(*found, row, "by_relation");
}

TEST_F(AnalyzeVectors, PhrasingsSizesAndConfidenceBesidePandas) {
  const json expected = read_expected(), group = analyze({"--compare-all"});
  for (const char* table : {"paraphrases", "pairs", "index_sets", "confidence"}) {
    ASSERT_GE(group[table].size(), expected[table].size()) << table;
    for (std::size_t i = 0; i < expected[table].size(); ++i)
      expect_row(group[table][i], expected[table][i], fmt::format("{} {}", table, i));
  }
  for (const json& row : expected["sizes"])
    if (const json* found = find_row(group["sizes"], {{"method", row["method"]}, {"N", row["N"]}}))
      expect_row(*found, row, "sizes");
}

TEST_F(AnalyzeVectors, ErrorsAreThoseOfPandas) {
  const json expected = read_expected(), group = analyze({"--num-paraphrases", "4", "--errors", "1000"});
  std::vector<std::string> wrong;
  for (const json& row : group["errors"])
    if (row["method"] == "flex") wrong.push_back(row["uuid"]);
  EXPECT_EQ(json(wrong), expected["errors of flex"]);
}

TEST_F(AnalyzeVectors, TheSameFilesAsCsvWithPythonsListsSayTheSame) {
  for (const Arguments& more : {Arguments{"--num-paraphrases", "4", "--by", "relation", "--errors", "1000"},
                                Arguments{"--compare-all", "--match", "bidirectional"}})
    EXPECT_EQ(analyze(more, "script_csv/set"), analyze(more));
}

}  // namespace
}  // namespace chorus::test
