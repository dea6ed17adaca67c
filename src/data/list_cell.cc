#include "data/list_cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "core/error.h"
#include "text/utf8.h"

namespace chorus::data {
namespace {

constexpr int kDeepest = 8;
constexpr std::size_t kShown = 60;

class PythonList {
 public:
  explicit PythonList(std::string_view text) : text_(text) {}

  Json read() {
    Json list = sequence(1);
    skip_space();
    if (at_ < text_.size()) fail("something after the list");
    return list;
  }

 private:
  [[noreturn]] void fail(const std::string& problem, const char* todo = "correct the cell") const {
    const bool is_long = text_.size() > kShown;
    const std::string shown(
        text_.substr(0, is_long ? text::valid_utf8_prefix(text_.substr(0, kShown)) : kShown));
    throw Error(ErrorKind::data,
                fmt::format("'{}{}' with {} at byte {}", shown, is_long ? "..." : "", problem, at_ + 1),
                R"(a list as JSON, ["one", "two"], or as Python writes it, ['one', 'two'])", todo);
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  Json sequence(int depth) {
    if (depth > kDeepest) fail("too many lists inside each other");
    const bool is_tuple = text_[at_++] == '(';
    const char close = is_tuple ? ')' : ']';
    Json items = Json::array();
    bool comma = true;  // an item may come
    for (skip_space(); peek() != close; skip_space()) {
      if (at_ == text_.size()) fail("no end");
      if (!comma)
        fail("no comma between items",
             "write lists, not NumPy arrays (.tolist()), or give the .feather file");
      items.push_back(item(depth));
      skip_space();
      comma = peek() == ',';
      if (comma) ++at_;
    }
    if (is_tuple && items.size() == 1 && !comma) fail("brackets that make no tuple");
    ++at_;
    return items;
  }

  Json item(int depth) {
    if (peek() == '[' || peek() == '(') return sequence(depth + 1);
    if (peek() == '\'' || peek() == '"') return quoted();
    fail("neither a text in quotes nor a list");
  }

  std::string quoted() {
    const char quote = text_[at_++];
    std::string value;
    while (peek() != quote) {
      if (at_ == text_.size() || text_[at_] == '\n' || text_[at_] == '\r') fail("a text that does not end");
      if (text_[at_] == '\\')
        escape(value);
      else
        value += text_[at_++];
    }
    ++at_;
    return value;
  }

  void escape(std::string& value) {
    constexpr std::string_view kNames = "\\'\"abfnrtv", kMeant = "\\'\"\a\b\f\n\r\t\v";
    const char name = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (const std::size_t simple = kNames.find(name); simple != std::string_view::npos) {
      value += kMeant[simple];
      at_ += 2;
      return;
    }
    const std::size_t digits = name == 'x' ? 2 : name == 'u' ? 4 : name == 'U' ? 8 : 0;
    const auto code = code_point(text_.substr(std::min(at_ + 2, text_.size())).substr(0, digits), digits);
    if (!code) fail("an escape that is not read");
    text::append_utf8(value, *code);
    at_ += 2 + digits;
  }

  static std::optional<char32_t> code_point(std::string_view hex, std::size_t digits) {
    if (digits == 0 || hex.size() != digits) return std::nullopt;
    char32_t code = 0;
    for (const char c : hex) {
      const std::size_t digit =
          std::string_view("0123456789abcdef").find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
      if (digit == std::string_view::npos) return std::nullopt;
      code = code * 16 + static_cast<char32_t>(digit);
    }
    const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code > 0x10FFFF || is_surrogate ? std::nullopt : std::optional(code);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Json list_cell(std::string_view cell) {
  Json json = Json::parse(cell, nullptr, false);
  if (!json.is_discarded()) return json;
  if (!begins_list(cell))
    throw Error(ErrorKind::data,
                fmt::format("'{}'", cell.substr(0, text::valid_utf8_prefix(cell.substr(0, kShown)))),
                R"(a list: ["one", "two"])", "correct the cell");
  return PythonList(cell).read();
}

bool begins_list(std::string_view cell) {
  return cell.starts_with('[') || cell.starts_with('(');
}

}  // namespace chorus::data
