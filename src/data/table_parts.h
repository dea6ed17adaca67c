// A table file part by part, for files that are larger than one wants to hold at once.
//
//   read_table_parts("train.parquet", {}, [&](const Table& part) { rows += part.rows(); });
#pragma once

#include <functional>

#include "data/table_file.h"

namespace chorus::data {

/// Calls `use` with tables that follow each other to the one read_table() gives: Parquet's row groups; other formats are one part.
/// Before each call `bad_rows` holds this part's alone, counted from its first row. Throws what read_table() throws.
void read_table_parts(const std::filesystem::path& path, const ReadOptions& options,
                      const std::function<void(const Table& part)>& use);

}  // namespace chorus::data
