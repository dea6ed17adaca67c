// Files written by pyarrow 26 (tests/data/make_tables.py) read here; files written here read by pyarrow
// (tests/data/check_table.py).
#include "data/table_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "data/durable_file.h"
#include "data/number_text.h"
#include "data/row.h"
#include "data/table_parts.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

namespace chorus::data {
namespace {

using test::expect_error;
using test::TempFolder;
using test::write_file;

std::filesystem::path zoo(const std::string& name) {
  return std::filesystem::path(CHORUS_SOURCE_DIR) / "tests" / "data" / "data" / "tables" / name;
}

Json zoo_rows() {
  return Json::parse(read_file(zoo("zoo.json")));
}

class ReadZoo : public testing::TestWithParam<std::string> {};

TEST_P(ReadZoo, HoldsWhatPyarrowWrote) {
  const Table table = read_table(zoo(GetParam()));
  const Json rows = zoo_rows();
  ASSERT_EQ(table.rows(), rows.size());
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (const auto& field : table.schema()) {
      EXPECT_EQ(json_of(table.at(row, table.column(field.name))), rows[row][field.name])
          << field.name << ", row " << row;
    }
    EXPECT_EQ(table.columns(), rows[row].size());
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, ReadZoo,
                         testing::Values("zoo.feather", "zoo_lz4.feather", "zoo_zstd.feather", "zoo.parquet",
                                         "zoo.arrow"));

TEST(ReadTable, TypesOfTheZoo) {
  const Table table = read_table(zoo("zoo.feather"));
  const auto type = [&](const std::string& name) {
    return type_name(table.schema()[table.column(name)].type);
  };
  EXPECT_EQ(type("kind"), "string");
  EXPECT_EQ(type("small"), "int64");
  EXPECT_EQ(type("single"), "double");
  EXPECT_EQ(type("weights"), "list<float>");
  EXPECT_EQ(type("pair"), "list<double>");
  EXPECT_EQ(type("lemmas"), "list<list<string>>");
  EXPECT_EQ(type("share"), "list<list<float>>");
  EXPECT_EQ(type("nested"), "list<list<double>>");
}

TEST(ReadTable, CsvByPython) {
  const Table table = read_table(zoo("zoo.csv"), {.csv_types = {{"small", ColumnType::int64},
                                                                {"logprob", ColumnType::float64},
                                                                {"flag", ColumnType::boolean},
                                                                {"weights", ColumnType::float32_list},
                                                                {"share", ColumnType::float32_list_list}}});
  Json rows = zoo_rows();
  rows[1]["uuid"] = nullptr;  // Python's csv writes the empty string as it writes null
  ASSERT_EQ(table.rows(), rows.size());
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (const auto& field : table.schema()) {
      EXPECT_EQ(json_of(table.at(row, table.column(field.name))), rows[row][field.name]) << field.name;
    }
  }
}

TEST(ReadTable, CsvGuessesListsAndNothingElse) {
  const TempFolder folder;
  write_file(folder / "t.csv",
             "\xEF\xBB\xBFid,flat,nums,deep,mask,mixed,empty\r\n"
             "007,\"[\"\"a\"\"]\",[1],\"[[\"\"a\"\"],[]]\",[MASK] is,[],[]\r\n"
             "1,[],\"[2.5,3]\",[],\"[\"\"x\"\"]\",\"[1,\"\"x\"\"]\",[]\r\n");
  const Table table = read_table(folder / "t.csv");
  const auto type = [&](const std::string& name) {
    return type_name(table.schema()[table.column(name)].type);
  };
  EXPECT_EQ(table.get<std::string>(0, table.column("id")), "007");
  EXPECT_EQ(type("flat"), "list<string>");
  EXPECT_EQ(type("nums"), "list<double>");
  EXPECT_EQ(type("deep"), "list<list<string>>");
  EXPECT_EQ(type("mask"), "string");
  EXPECT_EQ(type("mixed"), "string");
  EXPECT_EQ(type("empty"), "list<string>");
}

TEST(ReadTable, ColumnsAreSelectedInTheOrderAsked) {
  for (const char* name : {"zoo.feather", "zoo.parquet", "zoo.csv"}) {
    const Table table = read_table(zoo(name), {.columns = {"answers", "uuid"}});
    ASSERT_EQ(table.columns(), 2U) << name;
    EXPECT_EQ(table.schema()[0], (Field{"answers", ColumnType::string_list})) << name;
    EXPECT_EQ(table.rows(), 5U);
    expect_error(ErrorKind::data, "a column 'question'", [&] {
      (void)read_table(zoo(name), {.columns = {"uuid", "question"}});
    });
  }
}

TEST(ReadTable, PartsFollowEachOtherToTheWhole) {
  for (const auto& [name, parts] : {std::pair("zoo.parquet", 2), std::pair("zoo.feather", 1)}) {
    const Table whole = read_table(zoo(name));
    std::size_t row = 0;
    int count = 0;
    read_table_parts(zoo(name), {}, [&](const Table& part) {
      ++count;
      EXPECT_EQ(part.schema(), whole.schema());
      for (std::size_t i = 0; i < part.rows(); ++i, ++row) EXPECT_EQ(row_json(part, i), row_json(whole, row));
    });
    EXPECT_EQ(row, whole.rows());
    EXPECT_EQ(count, parts);
  }
}

TEST(ReadTable, RowsWithACellThatIsNoValueCanBeTold) {
  std::map<std::size_t, std::string> bad;
  const Table table = read_table(zoo("bad_rows.feather"), {.bad_rows = &bad});
  EXPECT_EQ(table.rows(), 6U);
  EXPECT_EQ(bad, (std::map<std::size_t, std::string>{{1, "column 'paraphrases': a null inside a list"},
                                                     {3, "column 'answers': a null inside a list"}}));
  EXPECT_TRUE(is_null(table.at(1, table.column("paraphrases"))));
}

TEST(ReadTable, RefusesTypesWithoutAPlace) {
  expect_error(ErrorKind::data, "column 's': type struct<a: int64>",
               [] { (void)read_table(zoo("struct.feather")); });
  expect_error(ErrorKind::data, "a null inside a list", [] { (void)read_table(zoo("null_inside.feather")); });
  // Not asked for, not in the way.
  expect_error(ErrorKind::io, "cannot be read", [] { (void)read_table(zoo("nowhere.feather")); });
  expect_error(ErrorKind::io, "cannot be read", [] { (void)read_table(zoo("")); });
}

TEST(ReadTable, TruncatedFilesAreDataErrors) {
  const TempFolder folder;
  for (const char* name : {"zoo.feather", "zoo_lz4.feather", "zoo_zstd.feather", "zoo.parquet"}) {
    const std::string whole = read_file(zoo(name));
    for (std::size_t size = 0; size < whole.size(); size += 97) {
      write_file(folder / "cut", whole.substr(0, size));
      expect_error(ErrorKind::data, "cut", [&] { (void)read_table(folder / "cut"); });
    }
  }
}

TEST(ReadTable, DamagedBytesAreDataErrorsOrAnotherTable) {
  const TempFolder folder;
  for (const char* name : {"zoo.feather", "zoo_lz4.feather", "zoo.parquet", "zoo.arrow"}) {
    const std::string whole = read_file(zoo(name));
    for (std::size_t at = 8; at < whole.size(); at += 29) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 0xFF);
      write_file(folder / "damaged", damaged);
      try {
        (void)read_table(folder / "damaged");
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::data) << name << " at " << at << ": " << error.what();
      }
    }
  }
}

TEST(ReadTable, BadCsv) {
  const TempFolder folder;
  const auto read = [&](const std::string& text, const ReadOptions& options = {}) {
    write_file(folder / "bad.csv", text);
    return read_table(folder / "bad.csv", options);
  };
  expect_error(ErrorKind::data, "Empty CSV", [&] { read(""); });
  expect_error(ErrorKind::data, "Expected 2 columns, got 3", [&] { read("a,b\n1,2\n1,2,3\n"); });
  expect_error(ErrorKind::data, "bad.csv: two columns are called 'a'", [&] { read("a,a\n1,2\n"); });
  expect_error(ErrorKind::data, "UTF8", [&] { read("a,b\ncaf\xE9,2\n"); });
  expect_error(ErrorKind::data, "column 'n', row 2: 'x'; expected int64", [&] {
    read("n,b\n1,2\nx,2\n", {.csv_types = {{"n", ColumnType::int64}}});
  });
  expect_error(ErrorKind::data, "column 'n', row 1: '[1,2' with", [&] {
    read("n,b\n\"[1,2\",2\n", {.csv_types = {{"n", ColumnType::string_list}}});
  });
  EXPECT_EQ(read("a,b\n").rows(), 0U);
  write_file(folder / "t.tsv", "a\tb\n1,5\t2\n");
  EXPECT_EQ(read_table(folder / "t.tsv").get<std::string>(0, 0), "1,5");
  write_file(folder / "notes.txt", "hello");
  expect_error(ErrorKind::data, "no table this program knows",
               [&] { (void)read_table(folder / "notes.txt"); });
}

Table written_table() {
  Table table(Schema{{"uuid", ColumnType::string},
                     {"n", ColumnType::int64},
                     {"logprob", ColumnType::float64},
                     {"flag", ColumnType::boolean},
                     {"answers", ColumnType::string_list},
                     {"weights", ColumnType::float32_list},
                     {"scores", ColumnType::float64_list},
                     {"lemmas", ColumnType::string_list_list},
                     {"share", ColumnType::float32_list_list}});
  table.append({std::string("q\"1\", naïve 東京\r\n🙂"), std::int64_t{-5}, 1.0 / 3.0, true,
                StringList{"a, \"b\"", "", "new\nline"}, NumberList{0.2, 1.0, 1e-30}, NumberList{0.1, 1e300},
                std::vector<StringList>{{"the", "beatles"}, {}}, std::vector<NumberList>{{0.25, 0.75}, {}}});
  table.append(std::vector<Value>(table.columns()));
  table.append({std::string(""), std::numeric_limits<std::int64_t>::max(), -1e-300, false, StringList{},
                NumberList{}, NumberList{}, std::vector<StringList>{}, std::vector<NumberList>{}});
  return table;
}

TEST(WriteTable, ReadsBackEqual) {
  const TempFolder folder;
  const Table table = written_table();
  write_durable(folder / "t.feather", feather_bytes(table));
  EXPECT_EQ(read_table(folder / "t.feather"), table);
  write_durable(folder / "t.csv", csv_bytes(table));
  EXPECT_EQ(read_table(folder / "t.csv", {.csv_types = table.schema()}), table);
}

TEST(WriteTable, SameTableSameBytes) {
  const std::string first = feather_bytes(written_table());
  // Memory that was used before must not show in the padding.
  EXPECT_NE(feather_bytes(read_table(zoo("zoo.feather"))), first);
  EXPECT_EQ(feather_bytes(written_table()), first);
}

TEST(WriteTable, TablesWithoutRows) {
  const TempFolder folder;
  const Table table(written_table().schema());
  write_durable(folder / "t.feather", feather_bytes(table));
  EXPECT_EQ(read_table(folder / "t.feather"), table);
  write_durable(folder / "t.csv", csv_bytes(table));
  EXPECT_EQ(read_table(folder / "t.csv", {.csv_types = table.schema()}), table);
}

TEST(WriteTable, MoreRowsThanOneBatch) {
  const TempFolder folder;
  Table table(Schema{{"n", ColumnType::int64}, {"s", ColumnType::string_list}});
  for (std::int64_t i = 0; i < 65536 + 3; ++i) {
    table.append({i, StringList{fmt::format("{}", i)}});
  }
  write_durable(folder / "t.feather", feather_bytes(table));
  EXPECT_EQ(read_table(folder / "t.feather"), table);
}

TEST(WriteTable, CsvByTheByte) {
  Table table(
      Schema{{"a b", ColumnType::string}, {"x,y", ColumnType::float64}, {"w", ColumnType::float32_list}});
  table.append({std::string("say \"hi\""), 2.0, NumberList{0.2, 1.0}});
  table.append({Value{}, 1e22, Value{}});
  table.append({std::string(), -0.0, NumberList{}});
  EXPECT_EQ(csv_bytes(table), "a b,\"x,y\",w\n\"say \"\"hi\"\"\",2.0,\"[0.2,1.0]\"\n,1e+22,\n\"\",-0.0,[]\n");
}

TEST(WriteTable, OneNullColumnKeepsItsRows) {
  const TempFolder folder;
  Table table(Schema{{"a", ColumnType::string}});
  table.append({Value{}});
  table.append({std::string("x")});
  table.append({Value{}});
  write_durable(folder / "t.csv", csv_bytes(table));
  EXPECT_EQ(read_table(folder / "t.csv"), table);
}

TEST(WriteTable, PyarrowReadsTheSame) {
  const std::filesystem::path python = std::filesystem::path(CHORUS_HOME_DIR) / "venv" / "bin" / "python";
  if (!std::filesystem::exists(python)) GTEST_SKIP() << "no " << python;
  const TempFolder folder;
  const Table table = written_table();
  Json rows = Json::array(), types = Json::object();
  for (std::size_t row = 0; row < table.rows(); ++row) rows.push_back(row_json(table, row));
  for (const auto& field : table.schema()) types[field.name] = type_name(field.type);
  write_file(folder / "rows.json", rows.dump());
  write_file(folder / "types.json", types.dump());
  write_file(folder / "t.csv", csv_bytes(table));
  const std::string script = std::string(CHORUS_SOURCE_DIR) + "/tests/data/check_table.py";
  write_file(folder / "t.feather", feather_bytes(table));
  const std::string command = fmt::format("'{}' '{}' '{}' '{}' '{}' '{}'", python.string(), script,
                                          (folder / "t.feather").string(), (folder / "t.csv").string(),
                                          (folder / "rows.json").string(), (folder / "types.json").string());
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST(NumberText, ShortestThatReadsBack) {
  EXPECT_EQ(number_text(0.1), "0.1");
  EXPECT_EQ(number_text(3.0), "3.0");
  EXPECT_EQ(number_text(1.0 / 3.0), "0.3333333333333333");
  EXPECT_EQ(float_text(0.1F), "0.1");
  EXPECT_EQ(float_text(1.0F / 3.0F), "0.33333334");
  EXPECT_EQ(number_text(-1.0 / 0.0), "-inf");
}

}  // namespace
}  // namespace chorus::data
