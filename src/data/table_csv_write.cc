#include <cmath>

#include "data/json.h"
#include "data/number_text.h"
#include "data/table_file.h"

namespace chorus::data {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
  return out;
}

/// Quoted only where it must be; the empty string is "", so that it is not null.
std::string csv_text(std::string_view text) {
  return text.empty() || text.find_first_of(",\"\r\n") != std::string_view::npos ? quoted(text)
                                                                                 : std::string(text);
}

std::string list_text(const std::string& text, bool) {
  return Json(text).dump();
}
std::string list_text(double number, bool is_float) {
  if (!std::isfinite(number)) return "null";
  return is_float ? float_text(static_cast<float>(number)) : number_text(number);
}
template <class Item>
std::string list_text(const std::vector<Item>& items, bool is_float) {
  std::string out = "[";
  for (const auto& item : items) {
    if (out.size() > 1) out += ',';
    out += list_text(item, is_float);
  }
  out += ']';
  return out;
}

bool holds_floats(ColumnType type) {
  return type == ColumnType::float32_list || type == ColumnType::float32_list_list;
}

struct CellText {
  bool is_float;
  std::string operator()(std::monostate) const { return ""; }
  std::string operator()(const std::string& text) const { return csv_text(text); }
  std::string operator()(std::int64_t number) const { return std::to_string(number); }
  std::string operator()(double number) const { return number_text(number); }
  std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  template <class Item>
  std::string operator()(const std::vector<Item>& items) const {
    return csv_text(list_text(items, is_float));
  }
};

}  // namespace

std::string csv_bytes(const Table& table) {
  std::string out;
  for (std::size_t c = 0; c < table.columns(); ++c) {
    if (c > 0) out += ',';
    out += csv_text(table.schema()[c].name);
  }
  out += '\n';
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t c = 0; c < table.columns(); ++c) {
      if (c > 0) out += ',';
      out += std::visit(CellText{holds_floats(table.schema()[c].type)}, table.at(row, c));
    }
    out += '\n';
  }
  return out;
}

}  // namespace chorus::data
