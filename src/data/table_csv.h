// The reading half of CSV: text columns out of Arrow's parser become typed ones.
//
//   Table table = read_csv("questions.csv", options);
#pragma once

#include <filesystem>

#include "data/table_file.h"

namespace chorus::data {

/// As read_table says for CSV; columns are separated by a tabulator when the name ends in .tsv.
Table read_csv(const std::filesystem::path& path, const ReadOptions& options);

}  // namespace chorus::data
