// Digests as lower-case hexadecimal text: ids of questions (md5), checks of input files (sha256).
//
//   md5_hex("what does jamaican people speak?") == "36caa8a236f715c311f13b3fe6f4ba4b";
//   manifest["inputs"][path] = sha256_file(path);
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace chorus::data {

std::string md5_hex(std::string_view bytes);     // 32 digits
std::string sha256_hex(std::string_view bytes);  // 64 digits
/// Of a file's bytes, read in pieces. Error(io) when it cannot be read.
std::string sha256_file(const std::filesystem::path& file);
std::array<unsigned char, 64> sha512(std::string_view bytes);

/// A digest of bytes that come piece by piece.
///   Hasher hasher(Hasher::Kind::sha256);
///   hasher.add(piece);
///   if (hasher.hex() != expected) ...   // once, at the end
class Hasher {
 public:
  enum class Kind { sha1, sha256 };
  explicit Hasher(Kind kind);
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  void add(std::string_view bytes);
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace chorus::data
