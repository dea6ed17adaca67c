// The few questions about characters that the tokenizers and the scoring ask.
//
//   nfc("e\xCC\x81")   // "é"
#pragma once

#include <string>
#include <string_view>

namespace chorus::text {

/// Property White_Space.
bool is_white_space(char32_t code);
/// General category N (Nd, Nl, No): what Rust's char::is_numeric says.
bool is_number(char32_t code);
/// What regexes call \w: Alphabetic, marks, decimal digits, connector punctuation, the two joiners.
bool is_word_character(char32_t code);
bool is_punctuation(char32_t code);
/// Normalisation form C of well-formed UTF-8.
std::string nfc(std::string_view text);
/// Lower case, character by character (simple mapping); well-formed UTF-8.
std::string lower(std::string_view text);

}  // namespace chorus::text
