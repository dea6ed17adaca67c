#include "data/table.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "text/utf8.h"

namespace chorus::data {
namespace {

constexpr std::array<std::string_view, 10> kTypeNames = {"string",
                                                         "int64",
                                                         "double",
                                                         "bool",
                                                         "list<string>",
                                                         "list<float>",
                                                         "list<double>",
                                                         "list<list<string>>",
                                                         "list<list<float>>",
                                                         "list<list<double>>"};

bool valid_text(const std::string& text) {
  return text::is_valid_utf8(text);
}
bool valid_text(const StringList& list) {
  for (const auto& text : list) {
    if (!valid_text(text)) return false;
  }
  return true;
}
bool valid_text(const std::vector<StringList>& lists) {
  for (const auto& list : lists) {
    if (!valid_text(list)) return false;
  }
  return true;
}
template <class T>
bool valid_text(const T&) {
  return true;
}

void round_to_float(NumberList& list) {
  for (double& number : list) number = static_cast<double>(static_cast<float>(number));
}

/// Turns a cell into the form the column stores; false when its type does not fit.
bool fit(Value& value, ColumnType type) {
  if (is_null(value)) return true;
  switch (type) {
    case ColumnType::string:
      return std::holds_alternative<std::string>(value);
    case ColumnType::int64:
      return std::holds_alternative<std::int64_t>(value);
    case ColumnType::float64:
      if (const auto* integer = std::get_if<std::int64_t>(&value)) value = static_cast<double>(*integer);
      return std::holds_alternative<double>(value);
    case ColumnType::boolean:
      return std::holds_alternative<bool>(value);
    case ColumnType::string_list:
      return std::holds_alternative<StringList>(value);
    case ColumnType::float32_list:
      if (auto* list = std::get_if<NumberList>(&value)) round_to_float(*list);
      return std::holds_alternative<NumberList>(value);
    case ColumnType::float64_list:
      return std::holds_alternative<NumberList>(value);
    case ColumnType::string_list_list:
      return std::holds_alternative<std::vector<StringList>>(value);
    case ColumnType::float32_list_list:
      if (auto* lists = std::get_if<std::vector<NumberList>>(&value)) {
        for (auto& list : *lists) round_to_float(list);
      }
      return std::holds_alternative<std::vector<NumberList>>(value);
    case ColumnType::float64_list_list:
      return std::holds_alternative<std::vector<NumberList>>(value);
  }
  return false;
}

/// The name of a Value's alternative.
std::string_view type_name_of(std::size_t alternative) {
  constexpr std::array<std::string_view, 9> names = {"null",
                                                     "string",
                                                     "int64",
                                                     "double",
                                                     "bool",
                                                     "list<string>",
                                                     "list<double>",
                                                     "list<list<string>>",
                                                     "list<list<double>>"};
  return names.at(alternative);
}

}  // namespace

std::string_view type_name(ColumnType type) {
  return kTypeNames.at(static_cast<std::size_t>(type));
}

Table::Table(Schema schema) : schema_(std::move(schema)) {
  for (std::size_t i = 0; i < schema_.size(); ++i) {
    if (schema_[i].name.empty() || !valid_text(schema_[i].name)) {
      throw Error(ErrorKind::data, fmt::format("column {} has no name or one that is not UTF-8", i + 1),
                  "a name for every column", "name it");
    }
    if (find(schema_[i].name) != i) {
      throw Error(ErrorKind::data, fmt::format("two columns are called '{}'", schema_[i].name),
                  "different names", "rename or drop one");
    }
  }
}

void Table::append(std::vector<Value> row) {
  if (row.size() != schema_.size()) {
    throw Error(ErrorKind::data, fmt::format("row {} has {} values", rows_.size() + 1, row.size()),
                fmt::format("{}, one per column", schema_.size()), "give every column a value or null");
  }
  for (std::size_t i = 0; i < row.size(); ++i) {
    const Field& field = schema_[i];
    if (!fit(row[i], field.type)) {
      throw Error(ErrorKind::data,
                  fmt::format("column '{}', row {}: a {}", field.name, rows_.size() + 1,
                              type_name_of(row[i].index())),
                  fmt::format("{}", type_name(field.type)),
                  "correct the value, or store the column as what it holds");
    }
    if (!std::visit([](const auto& cell) { return valid_text(cell); }, row[i])) {
      throw Error(ErrorKind::data,
                  fmt::format("column '{}', row {}: bytes that are no UTF-8", field.name, rows_.size() + 1),
                  "text in UTF-8", "convert the file (iconv -t UTF-8)");
    }
  }
  rows_.push_back(std::move(row));
}

const Value& Table::at(std::size_t row, std::size_t column) const {
  if (row >= rows() || column >= columns()) {
    throw Error(ErrorKind::data, fmt::format("row {}, column {} of a table", row, column),
                fmt::format("a row below {} and a column below {}", rows(), columns()),
                "report this as a defect of the program");
  }
  return rows_[row][column];
}

const std::vector<Value>& Table::row(std::size_t row) const {
  if (row >= rows()) {
    throw Error(ErrorKind::data, fmt::format("row {} of a table", row), fmt::format("below {}", rows()),
                "report this as a defect of the program");
  }
  return rows_[row];
}

std::optional<std::size_t> Table::find(std::string_view name) const {
  for (std::size_t i = 0; i < schema_.size(); ++i) {
    if (schema_[i].name == name) return i;
  }
  return std::nullopt;
}

std::size_t Table::column(std::string_view name) const {
  if (const auto index = find(name)) return *index;
  std::string names;
  for (const auto& field : schema_) names += (names.empty() ? "" : ", ") + field.name;
  throw Error(ErrorKind::data, "the columns " + names, fmt::format("a column '{}'", name),
              "add it or rename the column that holds it");
}

void Table::wrong_cell(std::size_t row, std::size_t column, std::size_t expected) const {
  throw Error(ErrorKind::data,
              fmt::format("column '{}', row {}: a {}", schema_[column].name, row + 1,
                          type_name_of(rows_[row][column].index())),
              std::string(type_name_of(expected)), "correct the value, or store the column as what it holds");
}

}  // namespace chorus::data
