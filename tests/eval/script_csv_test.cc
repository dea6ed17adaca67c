// Results that are CSV alone, lists as Python prints them (tests/eval/data/make_script_csv.py): read as the Feather files they are copies of.
#include <gtest/gtest.h>

#include <fstream>

#include "data/row.h"
#include "eval/run.h"
#include "support/errors.h"
#include "support/temp_folder.h"

namespace chorus::eval {
namespace {

namespace fs = std::filesystem;
using data::Json;
using test::expect_error;

const fs::path kFolder = fs::path(CHORUS_SOURCE_DIR) / "tests/eval/data/script_csv";

TEST(ScriptCsv, HoldsWhatThePythonRowsHeld) {
  std::ifstream in(kFolder / "rows.json");
  const Json rows = Json::parse(in);
  for (const char* name :
       {"ensemble_avg-m5a5s2.csv", "ensemble_max-2.csv"}) {  // tuples in the one, lists in the other
    const eval::Run run = read_run(kFolder / "scripts/tiny" / name, {});
    ASSERT_EQ(run.table.rows(), rows.size());
    EXPECT_EQ(run.name.paraphrases, 2);
    for (std::size_t row = 0; row < rows.size(); ++row)
      EXPECT_EQ(data::row_json(run.table, row), rows[row]) << name << " " << row;
    EXPECT_EQ(run.scores, (std::vector<double>{1, 0, 1, 0}));
    EXPECT_EQ(run.question(0), "[MASK] is where the zorb is kept.");
    // the scripts' lemmas say the same of these
    EXPECT_EQ(read_run(kFolder / "scripts/tiny" / name, {.lemmas = LemmaSource::file}).scores, run.scores);
  }
}

TEST(ScriptCsv, OfSeveralDrawsWithNestedPrompts) {
  const eval::Run run = read_run(kFolder / "scripts/tiny/syncedsample_ensemble_avg-2paras-2samples.csv", {});
  EXPECT_EQ(run.table.rows(), 8U);
  EXPECT_EQ(run.rows_of.size(), 4U);
  EXPECT_EQ(run.table.schema()[run.table.column("prompts")].type, data::ColumnType::string_list_list);
}

TEST(ScriptCsv, IsFoundWhereNoFeatherFileHasItsName) {
  const test::TempFolder folder;
  const std::string header = "uuid,answers,prediction\r\n";
  for (const auto& [name, content] : std::vector<std::pair<std::string, std::string>>{
           {"origin.csv", header},
           {"confidence.csv", "uuid,paraphrase,prompt,answers,greedy_predict\n"},
           {"ensemble_avg-2.csv", header},
           {"ensemble_avg-2.feather", "twin"},
           {"summary.csv", header},
           {"samples.csv", "uuid,answers,question,paraphrases\n"},
           {"set_m_para2_detail.csv", "method,N,uuid,question,prompt,generation,prediction,answers\n"},
           {"empty.csv", ""},
           {"origin.json", header}})
    test::write_file(folder / name, content);
  std::vector<std::string> names;
  for (const fs::path& file : find_results(folder.path())) names.push_back(file.filename().string());
  EXPECT_EQ(names, (std::vector<std::string>{"confidence.csv", "ensemble_avg-2.feather", "origin.csv"}));
}

TEST(ScriptCsv, ABadListIsNamedWithItsPlace) {
  const test::TempFolder folder;
  const auto expect = [&](const std::string& rows, const std::string& part) {
    test::write_file(folder / "origin.csv", "uuid,answers,prediction\n" + rows);
    expect_error(ErrorKind::data, part, [&] { read_run(folder / "origin.csv", {}); });
  };
  expect("q1,\"['a', 'b']\",a\nq2,['a' 'b'],a\n",
         "origin.csv: column 'answers', row 2: '['a' 'b']' with no comma between items at byte 6");
  expect("q1,['a' 'b'],a\n", ".tolist()");
  expect("q1,Paris,a\n", "column 'answers', row 1: 'Paris'; expected a list");
  expect("q1,\"[1, 2]\",a\n", "column 'answers', row 1: [1,2]; expected list<string>");
}

}  // namespace
}  // namespace chorus::eval
