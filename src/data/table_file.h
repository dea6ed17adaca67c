// Tables in files: Feather, Parquet, Arrow streams and CSV in; Feather, CSV and JSON lines out.
//
//   Table table = read_table("questions.parquet");
//   write_durable("out.feather", feather_bytes(table));   // data/durable_file.h
//   write_durable("out.csv", csv_bytes(table));
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/table.h"

namespace chorus::data {

struct ReadOptions {
  std::vector<std::string> columns =
      {};                 // only these, in this order; empty: all. One that is missing is an error
  Schema csv_types = {};  // types of CSV columns; those not named are guessed (see read_table)
  // Takes rows with a cell that can be no value here (a null in a list of texts), and what is wrong with it; the cell becomes
  // null. Without this the first is an error.
  std::map<std::size_t, std::string>* bad_rows = nullptr;
};

/// Reads a file by what it begins with: Feather V2 / Arrow IPC file (plain, lz4, zstd), Arrow IPC stream (a
/// Hugging Face data set saved to disk), Parquet; else CSV when the name ends in .csv or .tsv. Smaller
/// integers become int64 and float becomes double; dictionaries are decoded; dates, times and decimals become
/// text. CSV: UTF-8, first line names the columns, an empty cell is null and "" the empty string. Cells are
/// text (an id of 007 stays 007), but a column whose every cell is a list (data/list_cell.h) is a list column; numbers need
/// `csv_types`. Throws Error(io) when the file cannot be read, Error(data) when its content is not such a
/// table.
Table read_table(const std::filesystem::path& path, const ReadOptions& options = {});

/// The table as a Feather V2 file, not compressed. The same table gives the same bytes. Throws Error(data) for text that is
/// not UTF-8.
std::string feather_bytes(const Table& table);

/// The table as CSV: a header line, RFC 4180 quoting, '\n' line ends, lists as JSON, null empty, the empty
/// string "", numbers in their shortest form that reads back the same. Throws Error(data) for text that is
/// not UTF-8.
std::string csv_bytes(const Table& table);

/// The table as JSON lines: an object a row, keys in the schema's order, null for null.
std::string jsonl_bytes(const Table& table);

/// One of these three, by its name: feather, csv, jsonl. Throws Error(usage) for another.
std::string table_bytes(const Table& table, std::string_view form);

}  // namespace chorus::data
