// UTF-8: code point by code point, validation, and the replacement of what is ill-formed.
//
//   for (std::size_t at = 0; at < text.size();) {
//     const Utf8Step step = next_code_point(text, at);   // step.code is U+FFFD where step.valid is false
//     at += step.bytes;
//   }
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chorus::text {

struct Utf8Step {
  char32_t code;      // U+FFFD if ill-formed
  std::size_t bytes;  // 1..4; of an ill-formed sequence its maximal subpart (Unicode 15, table 3-8)
  bool valid;
  bool truncated;  // ill-formed only because the text ends here
};

/// The code point that starts at byte `at`; needs at < text.size().
Utf8Step next_code_point(std::string_view text, std::size_t at);
/// The length of the longest prefix that is well-formed (RFC 3629: no surrogates, nothing over U+10FFFF,
/// shortest form).
std::size_t valid_utf8_prefix(std::string_view text);
bool is_valid_utf8(std::string_view text);
/// Every maximal ill-formed subpart becomes one U+FFFD, as Rust's from_utf8_lossy and Python's
/// errors="replace" do.
std::string replace_bad_utf8(std::string_view text);
/// How many bytes at the end are the start of a code point that more bytes could still complete: 0..3.
std::size_t incomplete_tail(std::string_view text);
void append_utf8(std::string& out, char32_t code);

inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

}  // namespace chorus::text
