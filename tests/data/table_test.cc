#include "data/table.h"

#include <gtest/gtest.h>

#include <limits>

#include "data/row.h"
#include "tests/support/errors.h"

namespace chorus::data {
namespace {

using test::expect_error;

const Schema kSchema = {{"uuid", ColumnType::string},
                        {"n", ColumnType::int64},
                        {"logprob", ColumnType::float64},
                        {"flag", ColumnType::boolean},
                        {"answers", ColumnType::string_list},
                        {"weights", ColumnType::float32_list},
                        {"lemmas", ColumnType::string_list_list},
                        {"share", ColumnType::float32_list_list}};

std::vector<Value> some_row() {
  return {std::string("q1"),
          std::int64_t{3},
          -0.25,
          true,
          StringList{"Paris"},
          NumberList{0.1},
          std::vector<StringList>{{"a"}, {}},
          std::vector<NumberList>{{0.5}, {}}};
}

TEST(Table, HoldsWhatWasAppended) {
  Table table(kSchema);
  table.append(some_row());
  table.append(std::vector<Value>(kSchema.size()));
  EXPECT_EQ(table.rows(), 2U);
  EXPECT_EQ(table.get<std::string>(0, table.column("uuid")), "q1");
  EXPECT_EQ(table.get<StringList>(0, table.column("answers")), StringList{"Paris"});
  EXPECT_TRUE(is_null(table.at(1, 0)));
  EXPECT_FALSE(table.find("nothing").has_value());
}

TEST(Table, FloatColumnsRoundOnEntry) {
  Table table(kSchema);
  table.append(some_row());
  EXPECT_EQ(table.get<NumberList>(0, 5).front(), static_cast<double>(0.1F));
}

TEST(Table, Float64ColumnsTakeIntegers) {
  Table table(Schema{{"x", ColumnType::float64}});
  table.append({std::int64_t{3}});
  EXPECT_EQ(table.get<double>(0, 0), 3.0);
}

TEST(Table, RefusesWhatDoesNotFitAndStaysAsItWas) {
  Table table(kSchema);
  expect_error(ErrorKind::data, "row 1 has 1 values", [&] { table.append({std::string("q")}); });
  auto wrong = some_row();
  wrong[1] = std::string("three");
  expect_error(ErrorKind::data, "column 'n', row 1: a string", [&] { table.append(wrong); });
  auto latin1 = some_row();
  latin1[6] = std::vector<StringList>{{"caf\xE9"}};
  expect_error(ErrorKind::data, "column 'lemmas', row 1: bytes that are no UTF-8",
               [&] { table.append(latin1); });
  EXPECT_EQ(table.rows(), 0U);
}

TEST(Table, RefusesBadSchemasAndCells) {
  expect_error(ErrorKind::data, "two columns are called 'a'", [] {
    Table(Schema{{"a", ColumnType::string}, {"a", ColumnType::int64}});
  });
  expect_error(ErrorKind::data, "column 1 has no name", [] { Table(Schema{{"", ColumnType::string}}); });
  Table table(kSchema);
  table.append(some_row());
  expect_error(ErrorKind::data, "uuid, n, logprob", [&] { (void)table.column("question"); });
  expect_error(ErrorKind::data, "expected double", [&] { (void)table.get<double>(0, 0); });
  expect_error(ErrorKind::data, "row 1, column 0", [&] { (void)table.at(1, 0); });
}

TEST(Row, KeepsEveryBitThroughJson) {
  Table table(kSchema);
  auto row = some_row();
  row[2] = std::numeric_limits<double>::denorm_min();
  row[7] = std::vector<NumberList>{{1.0 / 3.0, static_cast<double>(std::numeric_limits<float>::max())}};
  table.append(row);
  const Json json = Json::parse(row_json(table, 0).dump());
  Table back(kSchema);
  back.append(cells_of(kSchema, json));
  EXPECT_EQ(back, table);
}

TEST(Row, NullsStayAndNaNBecomesNull) {
  EXPECT_TRUE(json_of(Value{}).is_null());
  EXPECT_EQ(json_of(NumberList{std::numeric_limits<double>::quiet_NaN(), 1.0}).dump(), "[null,1.0]");
  EXPECT_TRUE(is_null(value_of(nullptr, ColumnType::string_list)));
}

TEST(Row, NamesTheColumnThatDoesNotFit) {
  const Schema schema = {{"a", ColumnType::int64}, {"b", ColumnType::string_list}};
  expect_error(ErrorKind::data, "a row without 'b'", [&] { cells_of(schema, {{"a", 1}}); });
  expect_error(ErrorKind::data, "a row with 'c'", [&] {
    cells_of(schema, {{"a", 1}, {"b", nullptr}, {"c", 2}});
  });
  expect_error(ErrorKind::data, "column 'a': 1.5; expected int64", [&] {
    cells_of(schema, {{"a", 1.5}, {"b", nullptr}});
  });
  expect_error(ErrorKind::data, "column 'a': 18446744073709551615", [&] {
    cells_of(schema, {{"a", std::numeric_limits<std::uint64_t>::max()}, {"b", nullptr}});
  });
  expect_error(ErrorKind::data, "column 'b': [\"x\",1]", [&] {
    cells_of(schema, {{"a", 1}, {"b", Json::array({"x", 1})}});
  });
  expect_error(ErrorKind::data, "no object", [&] { cells_of(schema, Json::array()); });
}

}  // namespace
}  // namespace chorus::data
