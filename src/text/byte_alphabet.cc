#include "text/byte_alphabet.h"

#include <array>

#include "text/utf8.h"

namespace chorus::text {
namespace {

constexpr bool stands_for_itself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

struct Tables {
  std::array<char32_t, 256> code_of_byte{};
  std::array<short, 0x144> byte_of_code{};  // -1: no byte

  constexpr Tables() {
    for (auto& byte : byte_of_code) byte = -1;
    char32_t next = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
      const char32_t code = stands_for_itself(byte) ? static_cast<char32_t>(byte) : next++;
      code_of_byte[byte] = code;
      byte_of_code[code] = static_cast<short>(byte);
    }
  }
};

constexpr Tables kTables;

}  // namespace

std::optional<std::string> byte_alphabet_bytes(std::string_view spelling) {
  std::string bytes;
  bytes.reserve(spelling.size());
  for (std::size_t at = 0; at < spelling.size();) {
    const Utf8Step step = next_code_point(spelling, at);
    if (!step.valid || step.code >= kTables.byte_of_code.size()) return std::nullopt;
    const short byte = kTables.byte_of_code[step.code];
    if (byte < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(byte));
    at += step.bytes;
  }
  return bytes;
}

std::string byte_alphabet_spelling(std::string_view bytes) {
  std::string spelling;
  for (const char byte : bytes) append_utf8(spelling, kTables.code_of_byte[static_cast<unsigned char>(byte)]);
  return spelling;
}

}  // namespace chorus::text
