#include "data/table_csv.h"

#include <arrow/csv/api.h>
#include <arrow/io/api.h>
#include <fmt/format.h>

#include <charconv>

#include "data/arrow_table.h"
#include "data/json.h"
#include "data/list_cell.h"
#include "data/row.h"

namespace chorus::data {
namespace {

constexpr auto kCorrect = "correct the cell";
const std::string kExpected = "CSV in UTF-8 whose rows all have the header's columns";

std::shared_ptr<arrow::io::ReadableFile> open(const std::filesystem::path& path) {
  auto file = arrow::io::ReadableFile::Open(path.string());
  if (file.ok()) return *file;
  throw Error(ErrorKind::io, file.status().message(), "a readable file", "check the path");
}

/// Column names: from the types guessed on the first block, which are then thrown away.
std::vector<std::string> header_names(const std::filesystem::path& path, const arrow::csv::ReadOptions& read,
                                      const arrow::csv::ParseOptions& parse) {
  const auto reader =
      check_arrow(arrow::csv::StreamingReader::Make(arrow::io::default_io_context(), open(path), read, parse,
                                                    arrow::csv::ConvertOptions::Defaults()),
                  path.string(), kExpected);
  return reader->schema()->field_names();
}

std::shared_ptr<arrow::Table> read_as_text(const std::filesystem::path& path) {
  auto read = arrow::csv::ReadOptions::Defaults();
  read.use_threads = false;
  auto parse = arrow::csv::ParseOptions::Defaults();
  parse.newlines_in_values = true;
  if (path.extension() == ".tsv") parse.delimiter = '\t';
  auto convert = arrow::csv::ConvertOptions::Defaults();
  const auto names = header_names(path, read, parse);
  for (const auto& name : names) convert.column_types[name] = arrow::utf8();
  convert.strings_can_be_null = true;
  convert.quoted_strings_can_be_null = false;
  convert.null_values = {""};
  parse.ignore_empty_lines = names.size() > 1;  // in a single column an empty line is a null
  const auto reader = check_arrow(
      arrow::csv::TableReader::Make(arrow::io::default_io_context(), open(path), read, parse, convert),
      path.string(), kExpected);
  return check_arrow(reader->Read(), path.string(), kExpected);
}

/// What the lists of a column hold; an empty list says nothing.
struct ListKind {
  bool text = false, number = false, lists = false, flat = false;
};

bool add_items(const Json& list, ListKind& kind, bool nested) {
  for (const auto& item : list) {
    if (item.is_array() && !nested) {
      kind.lists = true;
      if (!add_items(item, kind, true)) return false;
    } else if (item.is_string()) {
      kind.text = true;
      kind.flat = kind.flat || !nested;
    } else if (item.is_number()) {
      kind.number = true;
      kind.flat = kind.flat || !nested;
    } else {
      return false;
    }
  }
  return true;
}

/// string unless every cell that is not null is a list and all lists agree.
ColumnType guess(const Table& table, std::size_t column) {
  ListKind kind;
  bool seen = false;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const auto* text = std::get_if<std::string>(&table.at(row, column));
    if (text == nullptr) continue;
    if (!begins_list(*text)) return ColumnType::string;
    try {
      if (!add_items(list_cell(*text), kind, false)) return ColumnType::string;
    } catch (const Error&) {
      return ColumnType::string;
    }
    seen = true;
  }
  if (!seen || (kind.text && kind.number) || (kind.lists && kind.flat)) return ColumnType::string;
  if (kind.lists) return kind.number ? ColumnType::float64_list_list : ColumnType::string_list_list;
  return kind.number ? ColumnType::float64_list : ColumnType::string_list;
}

template <class Number>
Value parse_number(const std::string& text, ColumnType type) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  if (result.ec != std::errc{} || result.ptr != end) {
    throw Error(ErrorKind::data, "'" + text + "'", std::string(type_name(type)), kCorrect);
  }
  return number;
}

Value typed(const std::string& text, ColumnType type) {
  if (type == ColumnType::string) return text;
  if (type == ColumnType::int64) return parse_number<std::int64_t>(text, type);
  if (type == ColumnType::float64) return parse_number<double>(text, type);
  if (type == ColumnType::boolean) {
    if (text == "true" || text == "True") return true;
    if (text == "false" || text == "False") return false;
    throw Error(ErrorKind::data, "'" + text + "'", "true or false", kCorrect);
  }
  return value_of(list_cell(text), type);
}

}  // namespace

Table read_csv(const std::filesystem::path& path, const ReadOptions& options) {
  const Table text = from_arrow(*read_as_text(path), path.string());
  Schema schema = text.schema();
  const Table hints(options.csv_types);
  for (std::size_t c = 0; c < schema.size(); ++c) {
    const auto hint = hints.find(schema[c].name);
    schema[c].type = hint ? options.csv_types[*hint].type : guess(text, c);
  }
  Table table(schema);
  for (std::size_t row = 0; row < text.rows(); ++row) {
    std::vector<Value> cells = text.row(row);
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const auto* cell = std::get_if<std::string>(&cells[c]);
      if (cell == nullptr) continue;
      try {
        cells[c] = typed(*cell, schema[c].type);
      } catch (const Error& error) {
        throw Error(
            ErrorKind::data,
            fmt::format("{}: column '{}', row {}: {}", path.string(), schema[c].name, row + 1, error.got()),
            error.expected(), error.todo());
      }
    }
    table.append(std::move(cells));
  }
  return table;
}

}  // namespace chorus::data
