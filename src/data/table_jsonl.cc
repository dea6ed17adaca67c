// Tables as JSON lines, and tables by the name of their form.
#include <fmt/format.h>

#include "core/error.h"
#include "data/row.h"
#include "data/table_file.h"

namespace chorus::data {

std::string jsonl_bytes(const Table& table) {
  std::string out;
  for (std::size_t row = 0; row < table.rows(); ++row) out += row_json(table, row).dump() + "\n";
  return out;
}

std::string table_bytes(const Table& table, std::string_view form) {
  if (form == "feather") return feather_bytes(table);
  if (form == "csv") return csv_bytes(table);
  if (form == "jsonl") return jsonl_bytes(table);
  throw Error(ErrorKind::usage, fmt::format("a table as '{}'", form), "feather, csv or jsonl",
              "choose one of them");
}

}  // namespace chorus::data
