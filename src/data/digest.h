// Digests as lower-case hexadecimal text: ids of questions (md5), checks of input files (sha256).
//
//   md5_hex("what does jamaican people speak?") == "36caa8a236f715c311f13b3fe6f4ba4b";
//   manifest["inputs"][path] = sha256_file(path);
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

namespace chorus::data {

std::string md5_hex(std::string_view bytes);     // 32 digits
std::string sha256_hex(std::string_view bytes);  // 64 digits
/// Of a file's bytes, read in pieces. Error(io) when it cannot be read.
std::string sha256_file(const std::filesystem::path& file);
std::array<unsigned char, 64> sha512(std::string_view bytes);

}  // namespace chorus::data
