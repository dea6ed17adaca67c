// ASCII white space around a text. What Unicode counts as white space: text/unicode.h.
//
//   trimmed("  a b\r\n");   // "a b", a view into the text given
//   is_blank(" \t");        // true
#pragma once

#include <string_view>

namespace chorus::core {

inline constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";

constexpr bool is_blank(std::string_view text) {
  return text.find_first_not_of(kWhiteSpace) == text.npos;
}

/// Without what of `space` stands at both ends.
constexpr std::string_view trimmed(std::string_view text, std::string_view space = kWhiteSpace) {
  const auto first = text.find_first_not_of(space);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

}  // namespace chorus::core
