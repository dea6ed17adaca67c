// A table as the program prints it: aligned columns for a terminal, CSV and JSON for other programs,
// Markdown and LaTeX for papers.
//
//   Table table({{"method"}, {"accuracy", Table::number}, {"n", Table::number}});
//   table.add({"flex", "0.907", "54"});
//   fmt::print("{}", table.text());
#pragma once

#include <string>
#include <vector>

namespace chorus::eval {

class Table {
 public:
  enum Kind { words, number };  // words stand left, numbers right

  struct Column {
    std::string name;
    Kind kind = words;
  };

  explicit Table(std::vector<Column> columns);

  /// One cell a column, already formatted, UTF-8. A number column takes any text (a dash for "none"). Throws
  /// Error(usage) for another number of cells.
  void add(std::vector<std::string> cells);

  /// A copy with one more column, the same words in every row: what the table is about, for files that are read by themselves.
  Table with(const std::string& column, const std::string& cell) const;

  /// Header and rows, columns two spaces apart, no spaces at line ends, every line with its newline. Widths
  /// count code points; line breaks inside a cell become spaces. Words of more than `widest` code points end in "…", but for the first
  /// column's, which says what the row is; 0: whole.
  std::string text(std::size_t widest = 0) const;

  /// RFC 4180 with \n line ends: cells with commas, quotes or line breaks are quoted.
  std::string csv() const;

  /// An array of one object a row, keys in the columns' order, indented by two. In number columns a cell that
  /// is a JSON number stands as it is written, digit for digit, but for a plus before it; an empty one, or a dash, is null; any other
  /// text a string. Bytes that are not UTF-8 become U+FFFD.
  std::string json() const;

  /// A Markdown table (GitHub's), numbers to the right; bars and line breaks inside a cell are escaped.
  std::string markdown() const;

  /// A LaTeX tabular with booktabs' rules, for \\usepackage{booktabs}; with a caption or a label a whole table environment. What LaTeX reads as a
  /// command is escaped; in number columns a hyphen before digits is a minus, one alone a dash.
  std::string latex(const std::string& caption = {}, const std::string& label = {}) const;

  /// An HTML table; every cell is escaped, number cells have class "n".
  std::string html() const;

  std::size_t rows() const { return rows_.size(); }

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace chorus::eval
