#include "text/json_node.h"

#include "core/error.h"

namespace chorus::text {
namespace {

// The file's name ends with ": " once a field follows it.
std::string join(const std::string& path, std::string_view key) {
  const bool is_file = path.find(": ") == std::string::npos;
  return path + (is_file ? ": " : ".") + std::string(key);
}

simdjson::padded_string load(const std::filesystem::path& path) {
  simdjson::padded_string text;
  if (const auto error = simdjson::padded_string::load(path.string()).get(text)) {
    throw Error(ErrorKind::io, path.string() + " cannot be read: " + simdjson::error_message(error),
                "a readable file", "check the path and its permissions");
  }
  return text;
}

}  // namespace

JsonNode JsonNode::at(std::string_view key) const {
  if (auto found = maybe(key)) return *found;
  throw Error(ErrorKind::model, join(path_, key) + " is missing", "a tokenizer with this field",
              kBadTokenizerFile);
}

std::optional<JsonNode> JsonNode::maybe(std::string_view key) const {
  simdjson::dom::element found;
  if (object().at_key(key).get(found) != simdjson::SUCCESS || found.is_null()) return std::nullopt;
  return JsonNode(found, join(path_, key));
}

std::string_view JsonNode::text() const {
  std::string_view value;
  if (value_.get(value) != simdjson::SUCCESS) refuse(kind(), "a string");
  return value;
}

std::int64_t JsonNode::integer() const {
  std::int64_t value = 0;
  if (value_.get(value) != simdjson::SUCCESS) refuse(kind(), "an integer");
  return value;
}

bool JsonNode::flag() const {
  bool value = false;
  if (value_.get(value) != simdjson::SUCCESS) refuse(kind(), "true or false");
  return value;
}

bool JsonNode::flag(std::string_view key, bool otherwise) const {
  const auto found = maybe(key);
  return found ? found->flag() : otherwise;
}

simdjson::dom::object JsonNode::object() const {
  simdjson::dom::object value;
  if (value_.get(value) != simdjson::SUCCESS) refuse(kind(), "an object");
  return value;
}

simdjson::dom::array JsonNode::array() const {
  simdjson::dom::array value;
  if (value_.get(value) != simdjson::SUCCESS) refuse(kind(), "an array");
  return value;
}

std::vector<JsonNode> JsonNode::items(std::string_view key) const {
  std::vector<JsonNode> nodes;
  const auto found = maybe(key);
  if (!found) return nodes;
  for (const auto element : found->array()) {
    nodes.emplace_back(element, found->path_ + "[" + std::to_string(nodes.size()) + "]");
  }
  return nodes;
}

void JsonNode::refuse(std::string_view got, std::string_view expected) const {
  throw Error(ErrorKind::model, path_ + " is " + std::string(got), std::string(expected), kBadTokenizerFile);
}

void JsonNode::refuse_if_set(std::string_view key, std::string_view expected) const {
  const auto found = maybe(key);
  if (!found) return;
  const simdjson::dom::element& value = found->value_;
  const bool unset = (value.is_bool() && !value.get_bool().value_unsafe()) ||
                     (value.is_string() && value.get_string().value_unsafe().empty()) ||
                     (value.is_array() && value.get_array().value_unsafe().size() == 0) ||
                     (value.is_number() && value.get_double().value_unsafe() == 0);
  if (!unset) found->refuse(simdjson::to_string(value), expected);
}

std::string JsonNode::kind() const {
  if (value_.is_object()) return "an object";
  if (value_.is_array()) return "an array";
  return simdjson::to_string(value_);
}

JsonFile::JsonFile(const std::filesystem::path& path) : JsonFile(load(path), path.string()) {}

JsonFile::JsonFile(const simdjson::padded_string& text, std::string name) : name_(std::move(name)) {
  if (const auto error = parser_.parse(text).get(root_)) {
    throw Error(ErrorKind::model, name_ + " is not JSON: " + simdjson::error_message(error),
                "a whole JSON file", kBadTokenizerFile);
  }
}

}  // namespace chorus::text
