#include <arrow/builder.h>

#include <type_traits>

#include "data/arrow_table.h"

namespace chorus::data {
namespace {

std::shared_ptr<arrow::DataType> arrow_type(ColumnType type) {
  switch (type) {
    case ColumnType::string:
      return arrow::utf8();
    case ColumnType::int64:
      return arrow::int64();
    case ColumnType::float64:
      return arrow::float64();
    case ColumnType::boolean:
      return arrow::boolean();
    case ColumnType::string_list:
      return arrow::list(arrow::utf8());
    case ColumnType::float32_list:
      return arrow::list(arrow::float32());
    case ColumnType::float64_list:
      return arrow::list(arrow::float64());
    case ColumnType::string_list_list:
      return arrow::list(arrow::list(arrow::utf8()));
    case ColumnType::float32_list_list:
      return arrow::list(arrow::list(arrow::float32()));
    case ColumnType::float64_list_list:
      return arrow::list(arrow::list(arrow::float64()));
  }
  return arrow::null();
}

// One overload per kind of cell; the builder's type is what arrow_type made it.
arrow::Status add(arrow::ArrayBuilder& builder, std::monostate) {
  return builder.AppendNull();
}
arrow::Status add(arrow::ArrayBuilder& builder, const std::string& text) {
  return static_cast<arrow::StringBuilder&>(builder).Append(text);
}
arrow::Status add(arrow::ArrayBuilder& builder, std::int64_t number) {
  return static_cast<arrow::Int64Builder&>(builder).Append(number);
}
arrow::Status add(arrow::ArrayBuilder& builder, double number) {
  if (builder.type()->id() == arrow::Type::FLOAT) {
    return static_cast<arrow::FloatBuilder&>(builder).Append(static_cast<float>(number));
  }
  return static_cast<arrow::DoubleBuilder&>(builder).Append(number);
}
arrow::Status add(arrow::ArrayBuilder& builder, bool flag) {
  return static_cast<arrow::BooleanBuilder&>(builder).Append(flag);
}
template <class Item>
arrow::Status add(arrow::ArrayBuilder& builder, const std::vector<Item>& items) {
  auto& list = static_cast<arrow::ListBuilder&>(builder);
  ARROW_RETURN_NOT_OK(list.Append());
  for (const auto& item : items) ARROW_RETURN_NOT_OK(add(*list.value_builder(), item));
  return arrow::Status::OK();
}

}  // namespace

std::shared_ptr<arrow::Schema> to_arrow_schema(const Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema) fields.push_back(arrow::field(field.name, arrow_type(field.type)));
  return arrow::schema(fields);
}

std::shared_ptr<arrow::RecordBatch> to_arrow(const Table& table, std::size_t first, std::size_t count) {
  arrow::ArrayVector arrays;
  for (std::size_t c = 0; c < table.columns(); ++c) {
    const Field& field = table.schema()[c];
    const std::string where = "column '" + field.name + "'";
    const auto builder = check_arrow(arrow::MakeBuilder(arrow_type(field.type)), where, "memory");
    for (std::size_t row = first; row < first + count; ++row) {
      const auto status = std::visit([&](const auto& cell) { return add(*builder, cell); }, table.at(row, c));
      check_arrow(status, where, "at most 2 GiB of text in 65536 rows");
    }
    arrays.push_back(check_arrow(builder->Finish(), where, "memory"));
  }
  return arrow::RecordBatch::Make(to_arrow_schema(table.schema()), static_cast<std::int64_t>(count), arrays);
}

}  // namespace chorus::data
