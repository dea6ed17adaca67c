#include "eval/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/error.h"
#include "data/json.h"
#include "eval/html_text.h"

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
  return data::dumped(text);
}

std::string json_cell(const std::string& cell, Table::Kind kind) {
  if (kind == Table::words) return json_string(cell);
  if (cell.empty() || cell == "-") return "null";
  const std::string number = cell.starts_with('+') ? cell.substr(1) : cell;  // JSON has no plus sign
  return data::Json::parse(number, nullptr, false).is_number() ? number : json_string(cell);
}

std::string markdown_cell(const std::string& cell) {
  std::string out;
  for (const char c : one_line(cell)) out += (c == '|' || c == '\\' ? "\\" : "") + std::string(1, c);
  return out;
}

std::string latex_cell(const std::string& cell) {
  std::string out;
  for (const char c : one_line(cell)) {
    if (std::string_view("&%$#_{}").find(c) != std::string_view::npos) {
      out += std::string("\\") + c;
    } else if (c == '\\') {
      out += "\\textbackslash{}";
    } else if (c == '~' || c == '^') {
      out += std::string("\\") + c + "{}";
    } else if (c == '<' || c == '>' || c == '|') {
      out += std::string("$") + c + "$";
    } else {
      out += c;
    }
  }
  return out;
}

std::string latex_number(const std::string& cell) {
  if (cell == "-") return "--";
  return cell.starts_with('-') ? "$-$" + latex_cell(cell.substr(1)) : latex_cell(cell);
}

/// The first `widest` code points, the last of them an ellipsis where there are more; 0: all.
std::string clipped(std::string text, std::size_t widest) {
  if (widest == 0 || code_points(text) <= widest) return text;
  std::size_t at = 0;
  for (std::size_t points = 0; at < text.size(); ++at)
    if ((static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U && points++ == widest - 1) break;
  return text.substr(0, at) + "…";
}

/// A long word of settings ("cue=fused,layout=shared") may break after its commas.
std::string html_cell(const std::string& cell) {
  const std::string text = html_escaped(cell, false);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] == ',' && i + 1 < text.size() && text[i + 1] != ' ') out += "<wbr>";
  }
  return out;
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

Table Table::with(const std::string& column, const std::string& cell) const {
  Table table = *this;
  table.columns_.push_back({column});
  for (auto& row : table.rows_) row.push_back(cell);
  return table;
}

std::string Table::text(std::size_t widest) const {
  std::vector<std::vector<std::string>> lines(1);
  for (const Column& column : columns_) lines.front().push_back(column.name);
  for (const auto& row : rows_) {
    auto& line = lines.emplace_back();
    for (std::size_t c = 0; c < row.size(); ++c)
      line.push_back(columns_[c].kind == number || c == 0 ? one_line(row[c])
                                                          : clipped(one_line(row[c]), widest));
  }
  std::vector<std::size_t> widths(columns_.size());
  for (const auto& line : lines)
    for (std::size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], code_points(line[c]));
  std::string out;
  for (const auto& cells : lines) {
    std::string line;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const std::string fill(widths[c] - code_points(cells[c]), ' ');
      if (c > 0) line += "  ";
      line += columns_[c].kind == number ? fill + cells[c] : cells[c] + fill;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
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

std::string Table::markdown() const {
  std::string out = "|", rule = "|";
  for (const Column& column : columns_) {
    out += " " + markdown_cell(column.name) + " |";
    rule += column.kind == number ? "---:|" : "---|";
  }
  out += "\n" + rule + "\n";
  for (const auto& row : rows_) {
    out += "|";
    for (const std::string& cell : row) out += " " + markdown_cell(cell) + " |";
    out += "\n";
  }
  return out;
}

std::string Table::latex(const std::string& caption, const std::string& label) const {
  const bool whole = !caption.empty() || !label.empty();
  std::string out = whole ? "\\begin{table}\n\\centering\n" : "";
  if (!caption.empty()) out += "\\caption{" + latex_cell(caption) + "}\n";
  if (!label.empty()) out += "\\label{" + label + "}\n";
  out += "\\begin{tabular}{";
  for (const Column& column : columns_) out += column.kind == number ? 'r' : 'l';
  out += "}\n\\toprule\n";
  for (std::size_t c = 0; c < columns_.size(); ++c)
    out += (c > 0 ? " & " : "") + latex_cell(columns_[c].name);
  out += " \\\\\n\\midrule\n";
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < row.size(); ++c)
      out += (c > 0 ? " & " : "") + (columns_[c].kind == number ? latex_number(row[c]) : latex_cell(row[c]));
    out += " \\\\\n";
  }
  out += "\\bottomrule\n\\end{tabular}\n";
  return whole ? out + "\\end{table}\n" : out;
}

std::string Table::html() const {
  std::string out = "<table><thead><tr>";
  const auto add_cell = [&](const char* tag, const char* scope, const std::string& cell, std::size_t column) {
    out += fmt::format("<{}{}{}>{}</{}>", tag, scope, columns_[column].kind == number ? " class=\"n\"" : "",
                       html_cell(cell), tag);
  };
  for (std::size_t c = 0; c < columns_.size(); ++c) add_cell("th", " scope=\"col\"", columns_[c].name, c);
  out += "</tr></thead><tbody>\n";
  for (const auto& row : rows_) {
    out += "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c) add_cell("td", "", row[c], c);
    out += "</tr>\n";
  }
  return out + "</tbody></table>\n";
}

}  // namespace chorus::eval
