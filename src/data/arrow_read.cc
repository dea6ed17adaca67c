#include <arrow/util/float16.h>
#include <fmt/format.h>

#include <limits>

#include "data/arrow_table.h"

namespace chorus::data {
namespace {

using arrow::Type;

[[noreturn]] void unreadable(const std::string& where, const arrow::DataType& type) {
  throw Error(ErrorKind::data, fmt::format("{}: type {}", where, type.ToString()),
              "text, numbers, booleans, or lists (of lists) of text or numbers",
              "leave the column out or store it as text");
}

ColumnType list_of(ColumnType item, const std::string& where, const arrow::DataType& type) {
  switch (item) {
    case ColumnType::string:
      return ColumnType::string_list;
    case ColumnType::int64:
    case ColumnType::float64:
      return ColumnType::float64_list;
    case ColumnType::string_list:
      return ColumnType::string_list_list;
    case ColumnType::float32_list:
      return ColumnType::float32_list_list;
    case ColumnType::float64_list:
      return ColumnType::float64_list_list;
    default:
      unreadable(where, type);
  }
}

ColumnType column_type(const arrow::DataType& type, const std::string& where) {
  switch (type.id()) {
    case Type::DICTIONARY:
      return column_type(*static_cast<const arrow::DictionaryType&>(type).value_type(), where);
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::FIXED_SIZE_LIST: {
      const auto& item = *static_cast<const arrow::BaseListType&>(type).value_type();
      if (item.id() == Type::FLOAT || item.id() == Type::HALF_FLOAT) return ColumnType::float32_list;
      return list_of(column_type(item, where), where, type);
    }
    case Type::BOOL:
      return ColumnType::boolean;
    case Type::HALF_FLOAT:
    case Type::FLOAT:
    case Type::DOUBLE:
      return ColumnType::float64;
    case Type::NA:
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
      return ColumnType::string;
    default:
      if (arrow::is_integer(type.id())) return ColumnType::int64;
      if (arrow::is_temporal(type.id()) || arrow::is_decimal(type.id())) return ColumnType::string;
      unreadable(where, type);
  }
}

std::string text_at(const arrow::Array& array, std::int64_t i, const std::string& where) {
  switch (array.type_id()) {
    case Type::STRING:
      return static_cast<const arrow::StringArray&>(array).GetString(i);
    case Type::LARGE_STRING:
      return static_cast<const arrow::LargeStringArray&>(array).GetString(i);
    case Type::STRING_VIEW:
      return std::string(static_cast<const arrow::StringViewArray&>(array).GetView(i));
    default:
      return check_arrow(array.GetScalar(i), where, "a readable value")->ToString();
  }
}

template <class ArrayType>
std::int64_t integer_in(const arrow::Array& array, std::int64_t i) {
  return static_cast<std::int64_t>(static_cast<const ArrayType&>(array).Value(i));
}

std::int64_t integer_at(const arrow::Array& array, std::int64_t i, const std::string& where) {
  switch (array.type_id()) {
    case Type::INT8:
      return integer_in<arrow::Int8Array>(array, i);
    case Type::INT16:
      return integer_in<arrow::Int16Array>(array, i);
    case Type::INT32:
      return integer_in<arrow::Int32Array>(array, i);
    case Type::INT64:
      return integer_in<arrow::Int64Array>(array, i);
    case Type::UINT8:
      return integer_in<arrow::UInt8Array>(array, i);
    case Type::UINT16:
      return integer_in<arrow::UInt16Array>(array, i);
    case Type::UINT32:
      return integer_in<arrow::UInt32Array>(array, i);
    case Type::UINT64: {
      const auto value = static_cast<const arrow::UInt64Array&>(array).Value(i);
      if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        throw Error(ErrorKind::data, fmt::format("{}: the number {}", where, value), "at most 2^63 - 1",
                    "store it as text");
      }
      return static_cast<std::int64_t>(value);
    }
    default:
      unreadable(where, *array.type());
  }
}

double number_at(const arrow::Array& array, std::int64_t i, const std::string& where) {
  if (array.IsNull(i)) return std::numeric_limits<double>::quiet_NaN();
  switch (array.type_id()) {
    case Type::HALF_FLOAT:
      return arrow::util::Float16::FromBits(static_cast<const arrow::HalfFloatArray&>(array).Value(i))
          .ToDouble();
    case Type::FLOAT:
      return static_cast<double>(static_cast<const arrow::FloatArray&>(array).Value(i));
    case Type::DOUBLE:
      return static_cast<const arrow::DoubleArray&>(array).Value(i);
    default:
      return static_cast<double>(integer_at(array, i, where));
  }
}

/// The items of list i as an array of its own.
std::shared_ptr<arrow::Array> items_at(const arrow::Array& array, std::int64_t i, const std::string& where) {
  switch (array.type_id()) {
    case Type::LIST:
      return static_cast<const arrow::ListArray&>(array).value_slice(i);
    case Type::LARGE_LIST:
      return static_cast<const arrow::LargeListArray&>(array).value_slice(i);
    case Type::FIXED_SIZE_LIST:
      return static_cast<const arrow::FixedSizeListArray&>(array).value_slice(i);
    default:
      unreadable(where, *array.type());
  }
}

/// Where a value really is: dictionaries are looked through.
struct Place {
  const arrow::Array* array;
  std::int64_t index;
};

Place place_of(const arrow::Array& array, std::int64_t i) {
  if (array.type_id() != Type::DICTIONARY) return {&array, i};
  const auto& coded = static_cast<const arrow::DictionaryArray&>(array);
  return place_of(*coded.dictionary(), coded.GetValueIndex(i));
}

bool null_at(const arrow::Array& array, std::int64_t i) {
  if (array.IsNull(i)) return true;
  const Place place = place_of(array, i);
  return place.array->IsNull(place.index);
}

[[noreturn]] void null_inside(const std::string& where) {
  throw Error(ErrorKind::data, where + ": a null inside a list", "a value for every item of a list",
              "drop the nulls");
}

StringList texts_at(const arrow::Array& array, std::int64_t i, const std::string& where) {
  const auto items = items_at(array, i, where);
  StringList list;
  list.reserve(static_cast<std::size_t>(items->length()));
  for (std::int64_t k = 0; k < items->length(); ++k) {
    if (null_at(*items, k)) null_inside(where);
    const Place place = place_of(*items, k);
    list.push_back(text_at(*place.array, place.index, where));
  }
  return list;
}

NumberList numbers_at(const arrow::Array& array, std::int64_t i, const std::string& where) {
  const auto items = items_at(array, i, where);
  NumberList list;
  list.reserve(static_cast<std::size_t>(items->length()));
  for (std::int64_t k = 0; k < items->length(); ++k) {
    const bool null = null_at(*items, k);
    const Place place = null ? Place{items.get(), k} : place_of(*items, k);
    list.push_back(null ? std::numeric_limits<double>::quiet_NaN()
                        : number_at(*place.array, place.index, where));
  }
  return list;
}

template <class List, class Read>
std::vector<List> lists_at(const arrow::Array& array, std::int64_t i, const std::string& where, Read read) {
  const auto items = items_at(array, i, where);
  std::vector<List> lists;
  lists.reserve(static_cast<std::size_t>(items->length()));
  for (std::int64_t k = 0; k < items->length(); ++k) {
    if (null_at(*items, k)) null_inside(where);
    const Place place = place_of(*items, k);
    lists.push_back(read(*place.array, place.index, where));
  }
  return lists;
}

Value cell_at(const arrow::Array& coded, std::int64_t row, ColumnType type, const std::string& where) {
  if (null_at(coded, row)) return {};
  const auto [array, i] = place_of(coded, row);
  switch (type) {
    case ColumnType::string:
      return text_at(*array, i, where);
    case ColumnType::int64:
      return integer_at(*array, i, where);
    case ColumnType::float64:
      return number_at(*array, i, where);
    case ColumnType::boolean:
      return static_cast<const arrow::BooleanArray&>(*array).Value(i);
    case ColumnType::string_list:
      return texts_at(*array, i, where);
    case ColumnType::float32_list:
    case ColumnType::float64_list:
      return numbers_at(*array, i, where);
    case ColumnType::string_list_list:
      return lists_at<StringList>(*array, i, where, texts_at);
    case ColumnType::float32_list_list:
    case ColumnType::float64_list_list:
      return lists_at<NumberList>(*array, i, where, numbers_at);
  }
  return {};
}

}  // namespace

Table from_arrow(const arrow::Table& source, const std::string& name,
                 std::map<std::size_t, std::string>* bad_rows) try {
  Schema schema;
  std::vector<std::string> where;
  for (const auto& field : source.schema()->fields()) {
    where.push_back(fmt::format("{}: column '{}'", name, field->name()));
    schema.push_back({field->name(), column_type(*field->type(), where.back())});
  }
  Table table(schema);
  std::vector<std::vector<Value>> rows(static_cast<std::size_t>(source.num_rows()));
  for (auto& row : rows) row.reserve(schema.size());
  for (int c = 0; c < source.num_columns(); ++c) {
    const auto column = static_cast<std::size_t>(c);
    std::size_t row = 0;
    for (const auto& chunk : source.column(c)->chunks()) {
      for (std::int64_t i = 0; i < chunk->length(); ++i, ++row) {
        try {
          rows[row].push_back(cell_at(*chunk, i, schema[column].type, where[column]));
        } catch (const Error& error) {
          if (bad_rows == nullptr) throw;
          bad_rows->try_emplace(row, error.got().substr(name.size() + 2));  // without "NAME: "
          rows[row].emplace_back();
        }
      }
    }
  }
  for (auto& row : rows) table.append(std::move(row));
  return table;
} catch (const Error& error) {  // Table does not know whose columns and cells it refuses
  if (error.got().starts_with(name)) throw;
  throw Error(error.kind(), name + ": " + error.got(), error.expected(), error.todo());
}

}  // namespace chorus::data
