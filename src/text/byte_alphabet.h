// The alphabet in which byte-level BPE spells bytes: 188 printable characters stand for themselves, the other
// 68 bytes for U+0100 onwards, so that a vocabulary file holds no control character and no space (GPT-2,
// 2019).
//
//   byte_alphabet_bytes("Ġthe")   // " the"
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chorus::text {

/// The bytes that a spelling stands for; nothing if one of its characters is not in the alphabet.
std::optional<std::string> byte_alphabet_bytes(std::string_view spelling);
/// How bytes are spelled.
std::string byte_alphabet_spelling(std::string_view bytes);

}  // namespace chorus::text
