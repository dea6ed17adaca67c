// Between our table and Arrow's, for the sources of this room that touch Arrow; no header of another room
// includes it.
//
//   Table table = from_arrow(*arrow_table, "questions.parquet");
//   arrow::RecordBatchVector batches = to_arrow(table);
#pragma once

#include <arrow/api.h>

#include <map>
#include <string>
#include <utility>

#include "core/error.h"
#include "data/table.h"

namespace chorus::data {

/// Copies an Arrow table. `name` (the file) begins every error. Throws Error(data) for types that have no
/// place here (structs, maps, binary, lists deeper than two) and, without `bad_rows`, for a null inside a list of texts (see
/// ReadOptions::bad_rows).
Table from_arrow(const arrow::Table& table, const std::string& name,
                 std::map<std::size_t, std::string>* bad_rows = nullptr);

std::shared_ptr<arrow::Schema> to_arrow_schema(const Schema& schema);

/// Rows [first, first + count) as one record batch. Throws Error(data).
std::shared_ptr<arrow::RecordBatch> to_arrow(const Table& table, std::size_t first, std::size_t count);

/// Throws Error(data) "NAME: what Arrow says" unless ok.
inline void check_arrow(const arrow::Status& status, const std::string& name, const std::string& expected) {
  if (!status.ok())
    throw Error(ErrorKind::data, name + ": " + status.message(), expected, "make or download the file again");
}

template <class T>
T check_arrow(arrow::Result<T> result, const std::string& name, const std::string& expected) {
  check_arrow(result.status(), name, expected);
  return std::move(result).ValueUnsafe();
}

}  // namespace chorus::data
