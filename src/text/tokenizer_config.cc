#include "text/tokenizer_config.h"

#include <simdjson.h>

#include "core/error.h"

namespace chorus::text {
namespace {

namespace ondemand = simdjson::ondemand;

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& got,
                         const std::string& expected) {
  throw Error(ErrorKind::model, path.string() + ": " + got, expected, "download the file again");
}

// A string, or an added token with a "content", or null.
std::optional<std::string> token_of(ondemand::value value) {
  std::string_view content;
  if (value.is_null()) return std::nullopt;
  if (value.type() == ondemand::json_type::object) {
    content = value.find_field_unordered("content").get_string();
  } else {
    content = value.get_string();
  }
  return std::string(content);
}

std::optional<bool> flag_of(ondemand::value value) {
  if (value.is_null()) return std::nullopt;
  return bool(value.get_bool());
}

}  // namespace

// Read on demand: the file's model_max_length is 10^30 as often as not, which no parser of whole documents
// takes.
TokenizerConfig read_tokenizer_config(const std::filesystem::path& path) {
  TokenizerConfig config;
  if (!std::filesystem::exists(path)) return config;
  simdjson::padded_string text;
  if (const auto error = simdjson::padded_string::load(path.string()).get(text)) {
    throw Error(ErrorKind::io, path.string() + " cannot be read: " + simdjson::error_message(error),
                "a readable file", "check its permissions");
  }
  std::string field_name;
  bool llama = false;
  try {
    ondemand::parser parser;
    auto document = parser.iterate(text);
    for (auto field : document.get_object()) {
      field_name = std::string_view(field.unescaped_key());
      ondemand::value value = field.value();
      if (field_name == "bos_token") config.bos = token_of(value);
      if (field_name == "eos_token") config.eos = token_of(value);
      if (field_name == "add_bos_token") config.add_bos = flag_of(value);
      if (field_name == "add_eos_token") config.add_eos = flag_of(value);
      if (field_name == "tokenizer_class" && !value.is_null()) {
        llama = std::string_view(value.get_string()).starts_with("LlamaTokenizer");
      }
    }
    if (!document.current_location().error()) refuse(path, "something behind the object", "one JSON object");
  } catch (const simdjson::simdjson_error& error) {
    refuse(path, std::string(error.what()) + (field_name.empty() ? "" : " at or behind " + field_name),
           "a JSON object with bos_token, eos_token (strings or added tokens)");
  }
  if (!llama) config.add_bos = config.add_eos = std::nullopt;
  return config;
}

}  // namespace chorus::text
