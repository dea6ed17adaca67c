// A small typed table: what data sets are read into and what results are written from. Holds no Arrow type;
// files are read and written by data/table_file.h.
//
//   Table table(Schema{{"uuid", ColumnType::string}, {"answers", ColumnType::string_list}});
//   table.append({std::string("q1"), std::vector<std::string>{"Paris", "paris"}});
//   const auto& answers = table.get<std::vector<std::string>>(0, table.column("answers"));
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace chorus::data {

using StringList = std::vector<std::string>;
using NumberList = std::vector<double>;

/// How a column is stored in a file. In memory every floating-point number is a double; a float32 column's
/// numbers are rounded to float when they enter the table, so that a table equals itself after a round trip
/// through a file.
enum class ColumnType {
  string,
  int64,
  float64,
  boolean,
  string_list,
  float32_list,
  float64_list,
  string_list_list,
  float32_list_list,
  float64_list_list
};

/// As Arrow prints it: "string", "int64", "double", "bool", "list<string>", "list<float>",
/// "list<list<float>>", ...
std::string_view type_name(ColumnType type);

/// One cell. std::monostate is null; lists hold no nulls (a null inside a list of numbers is NaN).
using Value = std::variant<std::monostate, std::string, std::int64_t, double, bool, StringList, NumberList,
                           std::vector<StringList>, std::vector<NumberList>>;

inline bool is_null(const Value& value) {
  return std::holds_alternative<std::monostate>(value);
}

struct Field {
  std::string name;
  ColumnType type;
  bool operator==(const Field&) const = default;
};
using Schema = std::vector<Field>;

class Table {
 public:
  Table() = default;
  /// Throws Error(data) for a column without a name or two columns of one name.
  explicit Table(Schema schema);

  const Schema& schema() const { return schema_; }
  std::size_t columns() const { return schema_.size(); }
  std::size_t rows() const { return rows_.size(); }

  /// One value per column, in the schema's order, each null or of the column's type (a float64 column also
  /// takes an int64). Throws Error(data) naming the column and the row; the table is then unchanged.
  void append(std::vector<Value> row);

  /// Throws Error(data) when there is no such cell.
  const Value& at(std::size_t row, std::size_t column) const;
  const std::vector<Value>& row(std::size_t row) const;

  std::optional<std::size_t> find(std::string_view name) const;
  /// Index of a column that must be there; throws Error(data) naming the columns there are.
  std::size_t column(std::string_view name) const;

  /// The cell as T; throws Error(data) naming column and row when it is null or of another type.
  template <class T>
  const T& get(std::size_t row, std::size_t column) const {
    const T* value = std::get_if<T>(&at(row, column));
    if (value == nullptr) wrong_cell(row, column, Value(T{}).index());
    return *value;
  }

  bool operator==(const Table&) const = default;

 private:
  [[noreturn]] void wrong_cell(std::size_t row, std::size_t column, std::size_t expected) const;

  Schema schema_;
  std::vector<std::vector<Value>> rows_;
};

}  // namespace chorus::data
