// Results of one file with a name of the user's, tables as JSON lines, and tables written without a log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/durable_file.h"
#include "data/output.h"
#include "data/records.h"
#include "data/table_file.h"
#include "support/errors.h"
#include "support/temp_folder.h"

namespace chorus::data {
namespace {

using test::expect_error;
using test::TempFolder;

const Schema kSchema{{"uuid", ColumnType::string},
                     {"paraphrases", ColumnType::string_list},
                     {"drawn", ColumnType::int64},
                     {"share", ColumnType::float64}};

Table table_of(int rows) {
  Table table(kSchema);
  for (int i = 0; i < rows; ++i)
    table.append({fmt::format("u{}", i), StringList{"a \"quoted\"\nline", "東京"}, std::int64_t{i}, 0.1 * i});
  return table;
}

TEST(JsonLines, AreReadAsTheyWereWritten) {
  EXPECT_EQ(jsonl_bytes(Table(kSchema)), "");
  const std::string lines = jsonl_bytes(table_of(3));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3);
  RowGuard guard(false);
  const std::vector<Record> records = parse_records(lines, "t.jsonl", guard);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(list_field(records[2], "paraphrases"), (StringList{"a \"quoted\"\nline", "東京"}));
  EXPECT_EQ(find_field(records[2], "drawn")->dump(), "2");
  EXPECT_EQ(find_field(records[2], "share")->get<double>(), 0.1 * 2);
}

TEST(SingleFile, HasItsManifestAndLogBesideIt) {
  const ResultFiles files = single_file("some/where/my.questions.jsonl");
  EXPECT_EQ(files.main_table(), "some/where/my.questions.jsonl");
  EXPECT_EQ(files.manifest(), "some/where/my.questions.json");
  EXPECT_EQ(files.log(), "some/where/my.questions.log.jsonl");
  EXPECT_EQ(single_file("t.feather").forms, std::vector<std::string>{"feather"});
  for (const char* name : {"t.json", "t", "t.parquet", "x.log.jsonl", "x.run.csv", "x.rewrite.jsonl"})
    expect_error(ErrorKind::usage, name, [&] { (void)single_file(name); });
}

TEST(WriteAtOnce, WritesOnceAndRefusesWhatIsNotItsOwn) {
  const TempFolder folder;
  const ResultFiles files = single_file(folder / "new/t.jsonl");
  Manifest manifest{.configuration = {.settings = {{"dataset", "webqa"}, {"max_samples", 3}}}};
  EXPECT_TRUE(write_at_once(files, table_of(3), manifest));
  EXPECT_EQ(read_file(files.main_table()), jsonl_bytes(table_of(3)));
  EXPECT_FALSE(write_at_once(files, table_of(3), manifest));
  manifest.configuration.settings["max_samples"] = 5;
  EXPECT_TRUE(write_at_once(files, table_of(5), manifest));  // raised
  manifest.configuration.settings["dataset"] = "pararel";
  expect_error(ErrorKind::data, "dataset: the finished result has webqa, this run has pararel",
               [&] { write_at_once(files, table_of(5), manifest); });
  EXPECT_EQ(read_file(files.main_table()), jsonl_bytes(table_of(5)));
  EXPECT_TRUE(write_at_once(files, table_of(2), manifest, true));
  write_durable(files.main_table(), "edited\n");
  expect_error(ErrorKind::data, "has changed since it was written",
               [&] { write_at_once(files, table_of(2), manifest); });
  const ResultFiles other = single_file(folder / "mine.csv");
  write_durable(other.main_table(), "mine\n");
  expect_error(ErrorKind::data, "is there without a manifest",
               [&] { write_at_once(other, table_of(2), manifest); });
  EXPECT_EQ(read_file(other.main_table()), "mine\n");
}

}  // namespace
}  // namespace chorus::data
