#include "text/normalize.h"

#include "text/unicode.h"
#include "text/utf8.h"

namespace chorus::text {
namespace {

bool is_word_part(char32_t code) {
  return is_word_character(code) && !is_punctuation(code);
}

// A decimal point or a thousands' comma: "3.5", "1,000".
bool is_inside_number(std::string_view text, std::size_t at, char32_t previous) {
  if ((text[at] != '.' && text[at] != ',') || !is_number(previous)) return false;
  return at + 1 < text.size() && is_number(next_code_point(text, at + 1).code);
}

}  // namespace

std::vector<std::string> words(std::string_view text) {
  const std::string clean = lower(nfc(replace_bad_utf8(text)));
  std::vector<std::string> found;
  bool in_word = false;
  char32_t previous = 0;
  for (std::size_t at = 0; at < clean.size();) {
    const Utf8Step step = next_code_point(clean, at);
    const std::string_view character = std::string_view(clean).substr(at, step.bytes);
    const bool part = is_word_part(step.code) || (in_word && is_inside_number(clean, at, previous));
    if (part && in_word) {
      found.back() += character;
    } else if (!is_white_space(step.code)) {
      found.emplace_back(character);
    }
    in_word = part;
    previous = step.code;
    at += step.bytes;
  }
  return found;
}

std::string normalize_answer(std::string_view text) {
  std::string joined;
  for (const std::string& word : words(text)) {
    if (!joined.empty()) joined += ' ';
    joined += word;
  }
  return joined;
}

}  // namespace chorus::text
