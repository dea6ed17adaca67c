// One finished row as a JSON object, the form in which the result log keeps it, and back to a table.
//
//   Json row = {{"uuid", "q1"}, {"answers", {"Paris"}}, {"logprob", -0.25}};
//   Table table(schema);
//   table.append(cells_of(schema, row));
#pragma once

#include <vector>

#include "data/json.h"
#include "data/table.h"

namespace chorus::data {

/// Null, string, number, boolean or (nested) array; NaN becomes null. Doubles keep every bit through a dump.
Json json_of(const Value& value);

/// The JSON value as a cell of that type. Throws Error(data) saying what was got; the caller adds where.
Value value_of(const Json& json, ColumnType type);

/// A row's cells in the schema's order. Every column must be there (null is allowed) and no other key; throws
/// Error(data) naming the column.
std::vector<Value> cells_of(const Schema& schema, const Json& row);

/// {"column": value, ...} in the schema's order.
Json row_json(const Table& table, std::size_t row);

}  // namespace chorus::data
