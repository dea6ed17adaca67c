#include "data/records.h"

#include <simdjson.h>

#include <functional>
#include <map>
#include <utility>

#include "core/white_space.h"
#include "data/durable_file.h"
#include "data/list_cell.h"
#include "data/row.h"
#include "data/table_parts.h"
#include "text/utf8.h"

namespace chorus::data {
namespace {

namespace fs = std::filesystem;
namespace dom = simdjson::dom;

constexpr const char* kSkipAdvice = "correct it, or leave bad rows out with --skip-bad-rows";

[[noreturn]] void bad_place(const std::string& where, const std::string& problem,
                            const std::string& expected) {
  throw Error(ErrorKind::data, where + " " + problem, expected, kSkipAdvice);
}

void check_file(const fs::path& file) {
  std::error_code ignored;
  const fs::file_status status = fs::status(file, ignored);
  if (!fs::exists(status))
    throw Error(ErrorKind::data, "there is no file " + file.string(), "an existing file", "check the path");
  if (fs::is_directory(status))
    throw Error(ErrorKind::data, file.string() + " is a folder", "a file", "name a file in it");
}

Json json_from(dom::element element) {
  switch (element.type()) {
    case dom::element_type::OBJECT: {
      Json object = Json::object();
      for (const auto field : dom::object(element)) object[std::string(field.key)] = json_from(field.value);
      return object;
    }
    case dom::element_type::ARRAY: {
      Json array = Json::array();
      for (const dom::element item : dom::array(element)) array.push_back(json_from(item));
      return array;
    }
    case dom::element_type::STRING:
      return Json(std::string(std::string_view(element)));
    case dom::element_type::INT64:
      return Json(std::int64_t(element));
    case dom::element_type::UINT64:
      return Json(std::uint64_t(element));
    case dom::element_type::DOUBLE:
      return Json(double(element));
    case dom::element_type::BOOL:
      return Json(bool(element));
    default:
      return Json();
  }
}

std::size_t line_of(std::string_view text, std::size_t offset) {
  std::size_t line = 1;
  for (const char c : text.substr(0, offset)) line += c == '\n' ? 1U : 0U;
  return line;
}

void check_utf8(std::string_view text, const std::string& where) {
  if (!text::is_valid_utf8(text))
    bad_place(where, "is not UTF-8 at byte " + std::to_string(text::valid_utf8_prefix(text) + 1),
              "UTF-8 text");
}

void add_object(std::vector<Record>& records, dom::element element, const std::string& where) {
  if (!element.is_object()) bad_place(where, "is no object", "{\"column\": value, ...}");
  records.push_back({where, json_from(element)});
}

// One object a line. Each line is parsed on its own, so that one bad line spoils no other and is named.
std::vector<Record> read_lines(const std::string& file, std::string_view content, RowGuard& guard) {
  std::vector<Record> records;
  dom::parser parser;
  std::size_t number = 0;
  while (!content.empty()) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    const std::string_view line = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    ++number;
    if (core::is_blank(line)) continue;
    const std::string where = file + " line " + std::to_string(number);
    guard([&] {
      check_utf8(line, where);
      dom::element element;
      if (const auto error = parser.parse(line.data(), line.size()).get(element))
        bad_place(where, std::string("is not JSON (") + simdjson::error_message(error) + ")",
                  line.find("NaN") == line.npos ? "one JSON object a line"
                                                : "one JSON object a line, in which null stands for NaN");
      add_object(records, element, where);
    });
  }
  return records;
}

// simdjson does not say where it stopped; the slower parser does.
[[noreturn]] void bad_list(const std::string& file, std::string_view content, simdjson::error_code error) {
  std::size_t offset = content.size();
  try {
    [[maybe_unused]] const Json accepted = Json::parse(content);
  } catch (const Json::parse_error& e) {
    offset = e.byte;
  }
  throw Error(ErrorKind::data,
              file + " line " + std::to_string(line_of(content, offset)) + " is not JSON (" +
                  simdjson::error_message(error) + ")",
              "a JSON list of objects", "get the file again or correct it");
}

std::vector<Record> read_list(const std::string& file, std::string_view content, RowGuard& guard) {
  if (const std::size_t good = text::valid_utf8_prefix(content); good != content.size())
    throw Error(ErrorKind::data, file + " line " + std::to_string(line_of(content, good)) + " is not UTF-8",
                "UTF-8 text", "convert the file, with iconv for instance");
  dom::parser parser;
  dom::element list;
  if (const auto error = parser.parse(content.data(), content.size()).get(list))
    bad_list(file, content, error);
  std::vector<Record> records;
  std::size_t number = 0;
  for (const dom::element item : dom::array(list)) {
    const std::string where = file + " item " + std::to_string(++number);
    guard([&] { add_object(records, item, where); });
  }
  return records;
}

void for_each_row(const fs::path& file, RowGuard& guard,
                  const std::function<void(const Record& record)>& use) {
  std::map<std::size_t, std::string> bad;
  const bool is_csv = file.extension() == ".csv" || file.extension() == ".tsv";
  std::size_t before = 0;  // rows of earlier parts
  read_table_parts(file, {.bad_rows = &bad}, [&](const Table& part) {
    for (std::size_t row = 0; row < part.rows(); ++row) {
      const std::string where = file.string() + " row " + std::to_string(before + row + 1);
      const bool is_good = guard([&] {
        if (const auto found = bad.find(row); found != bad.end())
          bad_place(where + ":", found->second, "a value that can be read, and one for every item of a list");
      });
      if (is_good) use({where, row_json(part, row), is_csv});
    }
    before += part.rows();
  });
  if (before == 0)
    throw Error(ErrorKind::data, file.string() + " has no rows", "at least one row", "check the file");
}

StringList texts_of(const Json& list, const Record& record, std::string_view name) {
  const std::string column(name);
  const std::string expected = "a list of texts, none of them empty";
  if (list.is_string())
    bad_row(record, "has the text " + list.dump() + " in '" + column + "'",
            "a list of texts: [" + list.dump() + "]");
  if (!list.is_array()) bad_row(record, "has " + list.dump() + " in '" + column + "'", expected);
  StringList texts;
  for (const Json& item : list) {
    if (!item.is_string()) bad_row(record, "has " + item.dump() + " in the list '" + column + "'", expected);
    texts.push_back(item.get<std::string>());
    if (core::is_blank(texts.back()))
      bad_row(record, "has an empty text in the list '" + column + "'", expected);
  }
  if (texts.empty()) bad_row(record, "has an empty list '" + column + "'", "at least one text");
  return texts;
}

}  // namespace

void throw_without_skip_advice(const Error& error) {
  throw Error(
      error.kind(), error.got(), error.expected(),
      error.todo() == kSkipAdvice ? "correct it: --skip-bad-rows is for the questions alone" : error.todo());
}

void RowGuard::count(const Error& error) {
  ++skipped_;
  if (listed_.size() == kListed) return;
  std::string& why = listed_.emplace_back(error.got());
  for (const fs::path& file : files_) {
    const std::string path = file.string(), name = file.filename().string();
    if (path == name) continue;
    for (std::size_t at = 0; (at = why.find(path, at)) != std::string::npos; at += name.size())
      why.replace(at, path.size(), name);
  }
}

void RowGuard::add_note(std::vector<std::string>& notes) const {
  if (skipped_ == 0) return;
  notes.push_back(std::to_string(skipped_) + " bad row" + (skipped_ > 1 ? "s" : "") + " skipped");
  for (const std::string& why : listed_) notes.push_back("skipped: " + why);
  if (const auto more = skipped_ - static_cast<std::int64_t>(listed_.size()); more > 0)
    notes.push_back("skipped: " + std::to_string(more) + " more");
}

bool is_table_file(const fs::path& file) {
  const std::string kind = file.extension().string();
  return kind == ".csv" || kind == ".tsv" || kind == ".parquet" || kind == ".feather" || kind == ".arrow";
}

void for_each_record(const fs::path& file, RowGuard& guard,
                     const std::function<void(const Record& record)>& use) {
  check_file(file);
  guard.reads(file);
  if (is_table_file(file)) return for_each_row(file, guard, use);
  for (const Record& record : parse_records(read_file(file), file.string(), guard)) use(record);
}

std::vector<Record> read_records(const fs::path& file, RowGuard& guard) {
  std::vector<Record> records;
  for_each_record(file, guard, [&](const Record& record) { records.push_back(record); });
  return records;
}

std::vector<Record> parse_records(std::string_view content, const std::string& name, RowGuard& guard) {
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  const std::size_t first = content.find_first_not_of(" \t\r\n");
  if (first == content.npos)
    throw Error(ErrorKind::data, name + " is empty", "at least one row", "check the file");
  return content[first] == '[' ? read_list(name, content, guard) : read_lines(name, content, guard);
}

void bad_row(const Record& record, const std::string& problem, const std::string& expected) {
  bad_place(record.where, problem, expected);
}

const Json* find_field(const Record& record, std::string_view name) {
  const auto found = record.fields.find(std::string(name));
  return found == record.fields.end() || found->is_null() ? nullptr : &*found;
}

std::string text_field(const Record& record, std::string_view name) {
  const std::string column(name);
  const Json* value = find_field(record, name);
  if (value == nullptr) bad_row(record, "has no '" + column + "'", "text in '" + column + "'");
  if (!value->is_string()) bad_row(record, "has " + value->dump() + " in '" + column + "'", "text");
  if (core::is_blank(value->get_ref<const std::string&>()))
    bad_row(record, "has an empty '" + column + "'", "text");
  return value->get<std::string>();
}

StringList list_field(const Record& record, std::string_view name) {
  const std::string column(name);
  const Json* value = find_field(record, name);
  if (value == nullptr) bad_row(record, "has no '" + column + "'", "a list of texts in '" + column + "'");
  if (!record.from_csv || !value->is_string()) return texts_of(*value, record, name);
  const std::string text = value->get<std::string>();
  if (text == "nan" || text == "NaN")  // what pandas makes of a missing value
    bad_row(record, "has " + text + " in '" + column + "'",
            R"(a text, or a list as JSON: ["nan"] if it is one)");
  if (!begins_list(text)) return texts_of(Json::array({text}), record, name);
  Json list;
  try {
    list = list_cell(text);
  } catch (const Error& error) {
    if (text.starts_with('(')) return texts_of(Json::array({text}), record, name);  // a text in brackets
    bad_row(record, "has " + error.got() + " in '" + column + "'", error.expected());
  }
  return texts_of(list, record, name);
}

StringList optional_list(const Record& record, std::string_view name) {
  const Json* value = find_field(record, name);
  const bool is_empty = value == nullptr || (value->is_array() && value->empty());
  return is_empty ? StringList() : list_field(record, name);
}

}  // namespace chorus::data
