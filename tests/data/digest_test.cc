// Digests against the values published with the algorithms (RFC 1321, FIPS 180-4) and Python's hashlib.
#include "data/digest.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/error.h"

namespace chorus::data {
namespace {

TEST(Digest, EqualsPublishedValues) {
  EXPECT_EQ(md5_hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5_hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(md5_hex("what does jamaican people speak?"), "36caa8a236f715c311f13b3fe6f4ba4b");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const auto long_digest = sha512("abc");
  EXPECT_EQ(long_digest[0], 0xdd);
  EXPECT_EQ(long_digest[1], 0xaf);
  EXPECT_EQ(long_digest[63], 0x9f);
}

TEST(Digest, OfAFileEqualsThatOfItsBytes) {
  const auto file = std::filesystem::path(testing::TempDir()) / "digest_test.bin";
  const std::string bytes(3'000'000, 'a');  // several pieces
  std::ofstream(file, std::ios::binary) << bytes;
  EXPECT_EQ(sha256_file(file), sha256_hex(bytes));
  std::ofstream(file, std::ios::binary | std::ios::trunc).flush();
  EXPECT_EQ(sha256_file(file), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  std::filesystem::remove(file);
  EXPECT_THROW(sha256_file(file), Error);
  EXPECT_THROW(sha256_file(testing::TempDir()), Error);
}

TEST(Digest, PieceByPiece) {
  Hasher sha256(Hasher::Kind::sha256);
  for (const char* piece : {"", "a", "bc"}) sha256.add(piece);
  EXPECT_EQ(sha256.hex(), sha256_hex("abc"));
  // what git calls the empty blob, and a blob of "hello\n": git hash-object
  Hasher empty(Hasher::Kind::sha1), hello(Hasher::Kind::sha1);
  empty.add(std::string_view("blob 0\0", 7));
  EXPECT_EQ(empty.hex(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  hello.add(std::string_view("blob 6\0", 7));
  hello.add("hello\n");
  EXPECT_EQ(hello.hex(), "ce013625030ba8dba906f756967f9e9ca394464a");
}

}  // namespace
}  // namespace chorus::data
