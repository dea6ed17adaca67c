// Lists in cells of CSV: what Python's repr() writes (tests/data/make_python_lists.py), and what it does not.
#include "data/list_cell.h"

#include <gtest/gtest.h>

#include <fstream>

#include "data/table_file.h"
#include "support/errors.h"
#include "support/temp_folder.h"

namespace chorus::data {
namespace {

using test::expect_error;

Json vectors() {
  std::ifstream in(CHORUS_SOURCE_DIR "/tests/data/data/python_lists.json");
  return Json::parse(in);
}

TEST(ListCell, WhatPythonWritesIsWhatItHolds) {
  const Json all = vectors();
  ASSERT_GT(all["good"].size(), 150U);
  for (const Json& vector : all["good"]) {
    const auto cell = vector["cell"].get<std::string>();
    EXPECT_EQ(list_cell(cell), vector["value"]) << cell;
    EXPECT_TRUE(begins_list(cell)) << cell;
  }
}

TEST(ListCell, AnythingElseIsAnErrorThatSaysWhatAndWhere) {
  const Json all = vectors();
  for (const Json& vector : all["bad"]) {
    SCOPED_TRACE(vector["cell"]);
    expect_error(ErrorKind::data, vector["says"].get<std::string>(),
                 [&] { list_cell(vector["cell"].get<std::string>()); });
  }
  expect_error(ErrorKind::data,
               "'['Paris' 'paris']' with no comma between items at byte 10; expected a list as JSON",
               [] { list_cell("['Paris' 'paris']"); });
  expect_error(ErrorKind::data, ".tolist()", [] { list_cell("['Paris' 'paris']"); });
  for (const char* cell : {"", "Paris", "nan", "{'a'}", "'a'"})
    expect_error(ErrorKind::data, "expected a list", [&] { list_cell(cell); });
}

TEST(ListCell, EveryPrefixOfAListIsRefused) {
  const std::string cell = R"([('a\'b', "c"), ['\x41\u00e9'], ("d",)])";
  ASSERT_EQ(list_cell(cell), (Json{{"a'b", "c"}, {"A\xC3\xA9"}, {"d"}}));
  for (std::size_t n = 1; n < cell.size(); ++n)
    expect_error(ErrorKind::data, "expected a list", [&] { list_cell(cell.substr(0, n)); });
}

TEST(ListCell, JsonStaysJson) {
  EXPECT_EQ(list_cell(R"(["a'b", "\u00e9\/"])"), (Json{"a'b", "\xC3\xA9/"}));
  EXPECT_EQ(list_cell("[0.25, 1]"), (Json{0.25, 1}));
  EXPECT_EQ(list_cell("[[1], []]"), (Json{{1}, Json::array()}));
  EXPECT_EQ(list_cell("3"), Json(3));  // no list: the caller says what it is
}

TEST(ListCell, AColumnIsAListWhenEveryCellIs) {
  const test::TempFolder folder;
  test::write_file(folder / "t.csv",
                   "answers,pair,deep,mask,either,text\n"
                   "\"['Paris', \"\"l'Aquila\"\"]\",\"('a', 'b')\",[['x']],[MASK] is,\"[\"\"a\"\"]\",('a')\n"
                   ",\"('c',)\",[],['x'],['b'],\"('b', 'c')\"\n");
  const Table table = read_table(folder / "t.csv");
  const auto type = [&](const std::string& name) {
    return type_name(table.schema()[table.column(name)].type);
  };
  EXPECT_EQ(table.get<StringList>(0, table.column("answers")), (StringList{"Paris", "l'Aquila"}));
  EXPECT_TRUE(is_null(table.at(1, table.column("answers"))));
  EXPECT_EQ(table.get<StringList>(1, table.column("pair")), StringList{"c"});
  EXPECT_EQ(type("deep"), "list<list<string>>");
  EXPECT_EQ(type("mask"), "string");
  EXPECT_EQ(type("either"), "list<string>");
  EXPECT_EQ(type("text"), "string");
}

}  // namespace
}  // namespace chorus::data
