#include "eval/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/error.h"

namespace chorus::eval {
namespace {

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return text;
}

std::string quoted(const std::string& cell) {
  if (cell.find_first_of(",\"\n\r") == std::string::npos) return cell;
  std::string out = "\"";
  for (const char c : cell) out.append(c == '"' ? 2 : 1, c);
  return out + "\"";
}

std::string json_string(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string json_cell(const std::string& cell, Table::Kind kind) {
  if (kind == Table::words) return json_string(cell);
  if (cell.empty() || cell == "-") return "null";
  const auto value = nlohmann::json::parse(cell, nullptr, false);
  return value.is_number() ? cell : json_string(cell);
}

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::add(std::vector<std::string> cells) {
  if (cells.size() != columns_.size()) {
    throw Error(ErrorKind::usage, fmt::format("a table row of {} cells", cells.size()),
                fmt::format("{}, one for each column", columns_.size()), "");
  }
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::string> names;
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) {
    names.push_back(column.name);
    widths.push_back(code_points(column.name));
  }
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], code_points(row[c]));
  }
  std::string out;
  const auto add_line = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const std::string fill(widths[c] - code_points(cells[c]), ' ');
      if (c > 0) line += "  ";
      line += columns_[c].kind == number ? fill + one_line(cells[c]) : one_line(cells[c]) + fill;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  };
  add_line(names);
  for (const auto& row : rows_) add_line(row);
  return out;
}

std::string Table::csv() const {
  std::string out;
  for (std::size_t c = 0; c < columns_.size(); ++c) out += (c > 0 ? "," : "") + quoted(columns_[c].name);
  out += '\n';
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < row.size(); ++c) out += (c > 0 ? "," : "") + quoted(row[c]);
    out += '\n';
  }
  return out;
}

std::string Table::json() const {
  std::string out = "[";
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    out += r > 0 ? ",\n  {" : "\n  {";
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (c > 0) out += ", ";
      out += json_string(columns_[c].name) + ": " + json_cell(rows_[r][c], columns_[c].kind);
    }
    out += '}';
  }
  return out + (rows_.empty() ? "]\n" : "\n]\n");
}

}  // namespace chorus::eval
