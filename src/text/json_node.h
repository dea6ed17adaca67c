// A value inside a JSON file that knows where it stands, so that every complaint names the file and the
// field.
//
//   JsonFile file(path);
//   bool special = file.root().at("added_tokens").at(0).flag("special", false);
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chorus::text {

/// What to do about a file that is not what it should be.
inline constexpr const char* kBadTokenizerFile =
    "download the file again; if it is whole, its tokenizer is of a kind that chorus does not read";

/// Errors are ErrorKind::model.
class JsonNode {
 public:
  JsonNode(simdjson::dom::element value, std::string path) : value_(value), path_(std::move(path)) {}

  JsonNode at(std::string_view key) const;
  /// Nothing where the field is absent or null.
  std::optional<JsonNode> maybe(std::string_view key) const;
  std::string_view text() const;
  std::int64_t integer() const;
  bool flag() const;
  bool flag(std::string_view key, bool otherwise) const;
  bool is_object() const { return value_.is_object(); }
  bool is_text() const { return value_.is_string(); }
  simdjson::dom::object object() const;
  simdjson::dom::array array() const;
  /// The elements of an array, or nothing where the field is absent or null.
  std::vector<JsonNode> items(std::string_view key) const;

  const std::string& path() const { return path_; }
  /// "FILE: PATH is GOT; expected EXPECTED".
  [[noreturn]] void refuse(std::string_view got, std::string_view expected) const;
  /// Throws unless the field `key` is absent, null, false, zero or empty.
  void refuse_if_set(std::string_view key, std::string_view expected) const;

 private:
  std::string kind() const;

  simdjson::dom::element value_;
  std::string path_;  // "FILE: field.field[3]"
};

/// Owns a parsed document. Throws Error(io) if a file cannot be read and Error(model) if it is not JSON.
class JsonFile {
 public:
  explicit JsonFile(const std::filesystem::path& path);
  /// The same of text in memory; `name` stands for the path in errors.
  JsonFile(const simdjson::padded_string& text, std::string name);
  JsonNode root() const { return {root_, name_}; }

 private:
  std::string name_;
  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
};

}  // namespace chorus::text
