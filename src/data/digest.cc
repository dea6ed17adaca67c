#include "data/digest.h"

#include <openssl/evp.h>

#include <fstream>
#include <memory>
#include <span>
#include <vector>

#include "core/error.h"

namespace chorus::data {
namespace {

using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

[[noreturn]] void refused(const EVP_MD* kind) {
  throw Error(ErrorKind::io, std::string("libcrypto refuses ") + EVP_MD_get0_name(kind),
              "a library that computes it", "a FIPS configuration of OpenSSL may forbid md5; run without it");
}

Context start(const EVP_MD* kind) {
  Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (!context || EVP_DigestInit_ex(context.get(), kind, nullptr) != 1) refused(kind);
  return context;
}

std::vector<unsigned char> finish(EVP_MD_CTX* context) {
  std::vector<unsigned char> digest(EVP_MAX_MD_SIZE);
  unsigned int size = 0;
  EVP_DigestFinal_ex(context, digest.data(), &size);
  digest.resize(size);
  return digest;
}

std::vector<unsigned char> digest_of(std::string_view bytes, const EVP_MD* kind) {
  const Context context = start(kind);
  EVP_DigestUpdate(context.get(), bytes.data(), bytes.size());
  return finish(context.get());
}

std::string hex(std::span<const unsigned char> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

}  // namespace

std::string md5_hex(std::string_view bytes) {
  return hex(digest_of(bytes, EVP_md5()));
}

std::string sha256_hex(std::string_view bytes) {
  return hex(digest_of(bytes, EVP_sha256()));
}

std::array<unsigned char, 64> sha512(std::string_view bytes) {
  const std::vector<unsigned char> digest = digest_of(bytes, EVP_sha512());
  std::array<unsigned char, 64> result{};
  std::copy(digest.begin(), digest.end(), result.begin());
  return result;
}

std::string sha256_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const Context context = start(EVP_sha256());
  std::vector<char> buffer(1 << 20);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0)
    EVP_DigestUpdate(context.get(), buffer.data(), static_cast<std::size_t>(in.gcount()));
  if (!in.eof())
    throw Error(ErrorKind::io, "cannot read " + file.string(), "a readable file",
                "check its path and permissions");
  return hex(finish(context.get()));
}

struct Hasher::State {
  Context context;
};

Hasher::Hasher(Kind kind)
    : state_(std::make_unique<State>(State{start(kind == Kind::sha1 ? EVP_sha1() : EVP_sha256())})) {}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::add(std::string_view bytes) {
  EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size());
}

std::string Hasher::hex() {
  return data::hex(finish(state_->context.get()));
}

}  // namespace chorus::data
