// What the tokenizer fuzzer does with one input, and the unit tests with each seed: a tokenizer.json up to the first
// zero byte, then a text. If the file opens, the text goes through it. Anything but success or one Error is a finding.
#pragma once

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

namespace chorus::fuzz {

/// Long texts would only repeat a slow pattern's slowness.
inline constexpr std::size_t kMaxText = 256;

inline void require(bool condition, const char* what) {
  if (!condition) throw std::logic_error(what);
}

/// Whether the file opened and took the text. Errors of other kinds than model (the file) and data (a pattern that
/// takes too long on a text) pass through, as does any other exception.
inline bool open_tokenizer_json(std::string_view input) {
  const std::size_t zero = std::min(input.find('\0'), input.size());
  const std::string_view text = input.substr(std::min(zero + 1, input.size())).substr(0, kMaxText);
  try {
    const auto tokenizer = text::Tokenizer::from_json_text(input.substr(0, zero), "fuzz.json");
    std::vector<text::TokenId> ids = tokenizer.encode(text, true);
    for (const auto id : ids)
      require(id >= 0 && id < tokenizer.vocab_size(), "an id outside of the vocabulary");
    for (const char byte : text) ids.push_back(static_cast<unsigned char>(byte));
    require(text::is_valid_utf8(tokenizer.decode(ids, false)), "decoded text that is not UTF-8");
    tokenizer.decode(ids, true);
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::model && error.kind() != ErrorKind::data) throw;
    return false;
  }
}

}  // namespace chorus::fuzz
