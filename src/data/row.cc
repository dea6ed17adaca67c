#include "data/row.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "core/error.h"

namespace chorus::data {
namespace {

// Rows come from this program's own log, so a row of another form is no user's mistake.
constexpr auto kDefect = "start anew with --rewrite, and report this as a defect of the program";

[[noreturn]] void wrong(const Json& json, ColumnType type) {
  std::string text = dumped(json);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  throw Error(ErrorKind::data, text, std::string(type_name(type)),
              "correct the value, or store the column as what it holds");
}

double number_of(const Json& json, ColumnType type) {
  if (json.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (!json.is_number()) wrong(json, type);
  return json.get<double>();
}

std::int64_t integer_of(const Json& json, ColumnType type) {
  if (!json.is_number_integer()) wrong(json, type);
  if (json.is_number_unsigned() &&
      json.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    wrong(json, type);
  }
  return json.get<std::int64_t>();
}

StringList strings_of(const Json& json, ColumnType type) {
  if (!json.is_array()) wrong(json, type);
  StringList list;
  for (const auto& item : json) {
    if (!item.is_string()) wrong(json, type);
    list.push_back(item.get<std::string>());
  }
  return list;
}

NumberList numbers_of(const Json& json, ColumnType type) {
  if (!json.is_array()) wrong(json, type);
  NumberList list;
  for (const auto& item : json) list.push_back(number_of(item, type));
  return list;
}

template <class List, class Convert>
std::vector<List> lists_of(const Json& json, ColumnType type, Convert convert) {
  if (!json.is_array()) wrong(json, type);
  std::vector<List> lists;
  for (const auto& item : json) lists.push_back(convert(item, type));
  return lists;
}

Json json_cell(std::monostate) {
  return nullptr;
}
Json json_cell(double number) {
  return std::isnan(number) ? Json(nullptr) : Json(number);
}
template <class Plain>
Json json_cell(const Plain& plain) {
  return plain;
}
template <class Item>
Json json_cell(const std::vector<Item>& items) {
  Json json = Json::array();
  for (const auto& item : items) json.push_back(json_cell(item));
  return json;
}

}  // namespace

Json json_of(const Value& value) {
  return std::visit([](const auto& cell) { return json_cell(cell); }, value);
}

Value value_of(const Json& json, ColumnType type) {
  if (json.is_null()) return {};
  switch (type) {
    case ColumnType::string:
      if (!json.is_string()) wrong(json, type);
      return json.get<std::string>();
    case ColumnType::int64:
      return integer_of(json, type);
    case ColumnType::float64:
      return number_of(json, type);
    case ColumnType::boolean:
      if (!json.is_boolean()) wrong(json, type);
      return json.get<bool>();
    case ColumnType::string_list:
      return strings_of(json, type);
    case ColumnType::float32_list:
    case ColumnType::float64_list:
      return numbers_of(json, type);
    case ColumnType::string_list_list:
      return lists_of<StringList>(json, type, strings_of);
    case ColumnType::float32_list_list:
    case ColumnType::float64_list_list:
      return lists_of<NumberList>(json, type, numbers_of);
  }
  return {};
}

std::vector<Value> cells_of(const Schema& schema, const Json& row) {
  if (!row.is_object()) throw Error(ErrorKind::data, "a row that is no object", "an object", kDefect);
  std::vector<Value> cells;
  for (const auto& field : schema) {
    const auto found = row.find(field.name);
    if (found == row.end()) {
      throw Error(ErrorKind::data, fmt::format("a row without '{}'", field.name),
                  "every column of the result", kDefect);
    }
    try {
      cells.push_back(value_of(*found, field.type));
    } catch (const Error& error) {
      throw Error(ErrorKind::data, fmt::format("column '{}': {}", field.name, error.got()), error.expected(),
                  error.todo());
    }
  }
  if (row.size() == schema.size()) return cells;
  const Table columns(schema);
  for (const auto& item : row.items()) {
    if (!columns.find(item.key())) {
      throw Error(ErrorKind::data, fmt::format("a row with '{}'", item.key()), "only columns of the result",
                  kDefect);
    }
  }
  throw Error(ErrorKind::data, "a row that has a column twice", "every column once", kDefect);
}

Json row_json(const Table& table, std::size_t row) {
  Json json = Json::object();
  for (std::size_t c = 0; c < table.columns(); ++c) json[table.schema()[c].name] = json_of(table.at(row, c));
  return json;
}

}  // namespace chorus::data
