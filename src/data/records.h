// Rows of input files, whatever their format: a place for error messages and a JSON object of columns.
//
//   RowGuard guard(skip_bad_rows);
//   for (const Record& record : read_records("facts/P36.jsonl", guard))
//     guard([&] { use(text_field(record, "sub_label"), list_field(record, "answers")); });
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "data/json.h"
#include "data/table.h"

namespace chorus::data {

struct Record {
  // "facts/P36.jsonl line 3", "test.json item 12", "questions.parquet row 7"; all from 1
  std::string where = {};
  Json fields = {};       // an object; null stands for an absent value; all text is valid UTF-8
  bool from_csv = false;  // its lists stand in text cells (data/list_cell.h)
};

[[noreturn]] void throw_without_skip_advice(const Error& error);

/// Runs the code of one row. A data error either passes through or, when bad rows are to be skipped, is
/// counted.
class RowGuard {
 public:
  explicit RowGuard(bool skip) : skip_(skip) {}

  /// True if the row was good.
  template <class Work>
  bool operator()(Work&& work) {
    try {
      work();
      return true;
    } catch (const Error& error) {
      if (!skip_ || error.kind() != ErrorKind::data) throw;
      count(error);
      return false;
    }
  }

  /// A file whose rows are to come: notes name it without its folder, which is no part of what was read.
  void reads(const std::filesystem::path& file) { files_.push_back(file); }

  /// Where rows were skipped, adds one line with their number and one line for each, up to kListed of them.
  void add_note(std::vector<std::string>& notes) const;

 private:
  static constexpr std::size_t kListed = 20;
  void count(const Error& error);

  bool skip_;
  std::int64_t skipped_ = 0;
  std::vector<std::string> listed_;
  std::vector<std::filesystem::path> files_;
};

/// Runs code on rows that are never skipped: its errors do not advise --skip-bad-rows.
template <class Work>
auto without_skipping(Work&& work) {
  try {
    return work();
  } catch (const Error& error) {
    throw_without_skip_advice(error);
  }
}

/// All rows of a file, in order: .csv, .tsv, .parquet, .feather, .arrow through data/table_file.h, anything
/// else as JSON: a list of objects, or one object a line (JSONL; blank lines are nothing). Error(data):
/// missing or empty file, not JSON, a row that is no object, bad UTF-8; per-row errors go through the guard.
std::vector<Record> read_records(const std::filesystem::path& file, RowGuard& guard);

/// The same one by one, for files of many rows: a table file is never held as a whole where its format has parts.
void for_each_record(const std::filesystem::path& file, RowGuard& guard,
                     const std::function<void(const Record& record)>& use);

/// The same for JSON or JSONL in memory; `name` stands for the file in messages.
std::vector<Record> parse_records(std::string_view content, const std::string& name, RowGuard& guard);

/// True for the names read_records() takes for tables.
bool is_table_file(const std::filesystem::path& file);

/// "FILE line 3" and what is wrong with it, as every bad row is reported.
[[noreturn]] void bad_row(const Record& record, const std::string& problem, const std::string& expected);

/// nullptr when the column is absent or null.
const Json* find_field(const Record& record, std::string_view name);
/// Text that is there and not blank. Error(data) otherwise.
std::string text_field(const Record& record, std::string_view name);
/// A list of texts, at least one, none blank; from CSV a cell: a list (data/list_cell.h), or one text that is not "nan".
StringList list_field(const Record& record, std::string_view name);

/// The same, or nothing where the column is absent or has an empty list.
StringList optional_list(const Record& record, std::string_view name);

}  // namespace chorus::data
