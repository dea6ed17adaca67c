// Damaged and lying GGUF files: each is one Error(model), whatever is wrong with it.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "core/gguf.h"
#include "tests/core/reference_data.h"
#include "tests/support/errors.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/temp_folder.h"

namespace chorus::core {
namespace {

using test::ByteSink;
using test::expect_error;
using test::GgufWriter;
using test::reference_bytes;

constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

void expect_refused(const std::string& part, std::span<const std::byte> bytes) {
  // A copy on the heap, of the exact size: a sanitizer then sees every byte read past the end.
  const std::vector<std::byte> exact(bytes.begin(), bytes.end());
  expect_error(ErrorKind::model, part, [&] { Gguf::from_bytes(exact, "bad.gguf"); });
}

void expect_refused(const std::string& part, const GgufWriter& writer) {
  expect_refused(part, writer.bytes());
}

TEST(GgufBad, EveryTruncationIsAnError) {
  const auto bytes = reference_bytes("reference.gguf");
  std::size_t end = 0;
  const Gguf whole = Gguf::from_bytes(bytes, "whole.gguf");
  for (const TensorInfo& tensor : whole.tensors())
    end = std::max(end, static_cast<std::size_t>(tensor.data.data() + tensor.data.size() - bytes.data()));
  ASSERT_GT(end, bytes.size() / 2);
  for (std::size_t size = 0; size < end; ++size) expect_refused("bad.gguf", std::span(bytes).first(size));
}

TEST(GgufBad, AnyByteOfTheHeaderMayBeWrong) {
  const auto sound = reference_bytes("reference.gguf");
  const Gguf whole = Gguf::from_bytes(sound, "whole.gguf");
  const auto header = static_cast<std::size_t>(whole.tensors().front().data.data() - sound.data());
  int refused = 0;
  for (std::size_t at = 0; at < header; ++at) {
    for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      auto bytes = sound;
      bytes[at] = static_cast<std::byte>(value);
      try {
        Gguf::from_bytes(bytes, "bad.gguf");
      } catch (const Error& error) {
        ASSERT_EQ(error.kind(), ErrorKind::model);
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(GgufBad, EmptyAndForeignFiles) {
  const test::TempFolder folder;
  test::write_file(folder / "empty.gguf", std::string_view());
  expect_error(ErrorKind::model, "ends at byte 0", [&] { Gguf(folder / "empty.gguf"); });
  expect_error(ErrorKind::io, "No such file", [&] { Gguf(folder / "missing.gguf"); });
  expect_refused("does not begin with \"GGUF\"", std::as_bytes(std::span("<!DOCTYPE html>")));
  expect_refused("is of GGUF version 1", GgufWriter().version(1));
  expect_refused("is of GGUF version 4", GgufWriter().version(4));
  expect_refused("is a big-endian GGUF", GgufWriter().version(0x03000000U));
}

TEST(GgufBad, CountsThatLie) {
  expect_refused("ends at byte", GgufWriter().claim_tensors(kHuge));
  expect_refused("ends at byte", GgufWriter().claim_values(kHuge));
  expect_refused("ends at byte", GgufWriter().u32("a", 1).claim_values(2).claim_tensors(1));
  for (const std::uint32_t element : {0U, 4U, 7U, 8U, 9U, 12U}) {
    for (const std::uint64_t count : {kHuge, kHuge / 8 + 1, std::uint64_t{1} << 61, std::uint64_t{1000}}) {
      ByteSink array;
      array.put(element).put(count);
      expect_refused("ends at byte", GgufWriter().raw("a", 9, array.bytes()));
    }
  }
}

TEST(GgufBad, StringsThatLie) {
  for (const std::uint64_t length : {kHuge, std::uint64_t{1} << 63, std::uint64_t{100}}) {
    ByteSink text;
    text.put(length);
    expect_refused("ends at byte", GgufWriter().raw("a", 8, text.bytes()));
  }
}

TEST(GgufBad, ValuesThatAreNotThere) {
  expect_refused("is of type number 13", GgufWriter().raw("a", 13, {}));
  ByteSink array;
  array.put(std::uint32_t{77}).put(std::uint64_t{0});
  expect_refused("is of type number 77", GgufWriter().raw("a", 9, array.bytes()));
  const std::byte two{2};
  expect_refused("neither 0 nor 1", GgufWriter().raw("a", 7, std::span(&two, 1)));
  expect_refused("metadata \"a\" occurs twice", GgufWriter().u32("a", 1).u32("a", 1));
}

TEST(GgufBad, ArraysNestedTooDeep) {
  const auto nested = [](int depth) {
    ByteSink array;
    for (int level = 1; level < depth; ++level) array.put(std::uint32_t{9}).put(std::uint64_t{1});
    array.put(std::uint32_t{4}).put(std::uint64_t{0});
    return GgufWriter().raw("a", 9, array.bytes()).bytes();
  };
  EXPECT_TRUE(Gguf::from_bytes(nested(8), "deep.gguf").has("a"));
  expect_refused("nests arrays more than 8 deep", nested(9));
  expect_refused("nests arrays more than 8 deep", nested(100'000));
}

TEST(GgufBad, Alignments) {
  for (const std::uint32_t alignment : {0U, 3U, 48U, 0x80000000U}) {
    expect_refused("general.alignment is", GgufWriter().u32("general.alignment", alignment));
  }
  expect_refused("\"general.alignment\" is of type string", GgufWriter().text("general.alignment", "32"));
}

TEST(GgufBad, TensorsOfOtherTypesAreNamed) {
  expect_refused("tensor \"blk.0.w\" is of type IQ4_XS", GgufWriter().tensor("blk.0.w", 23, {256}, {}));
  expect_refused("is of type Q2_K", GgufWriter().tensor("w", 10, {256}, {}));
  expect_refused("is of type number 4096", GgufWriter().tensor("w", 4096, {256}, {}));
}

TEST(GgufBad, ShapesThatLie) {
  const std::int64_t big = std::int64_t{1} << 40;
  expect_refused("has shape [1099511627776, 1099511627776]", GgufWriter().tensor("w", 0, {big, big}, {}));
  expect_refused("tensor \"w\" has 4398046511104 bytes", GgufWriter().tensor("w", 0, {big}, {}));
  expect_refused("size below 2^63", GgufWriter().tensor("w", 0, {std::int64_t{1} << 62}, {}));
  expect_refused("has an extent of 18446744073709551615", GgufWriter().tensor("w", 0, {-1}, {}));
  expect_refused("whole blocks of 32", GgufWriter().tensor("w", 8, {32, 33}, {}));
  expect_refused("whole blocks of 256", GgufWriter().tensor("w", 12, {256, 32}, {}));
  expect_refused("has 5 dimensions", GgufWriter().tensor("w", 0, {1, 1, 1, 1, 1}, {}));
}

TEST(GgufBad, OffsetsThatLie) {
  const std::vector<float> values(16);
  const auto with = [&](std::uint64_t offset) {
    return GgufWriter().f32_tensor("a", {16}, values).tensor_header("b", GgufWriter::kF32, {4}, offset);
  };
  expect_refused("tensor \"b\" has 16 bytes at offset 64 of the 64 bytes", with(64));
  expect_refused("at offset 18446744073709551584", with(kHuge - 31));
  expect_refused("expected a multiple of the alignment 32", with(33));
  expect_refused("tensors \"a\" and \"b\" share bytes", with(32));
  expect_refused("tensor \"a\" occurs twice",
                 GgufWriter().f32_tensor("a", {16}, values).f32_tensor("a", {16}, values));
}

TEST(GgufBad, NamesAreShownSafely) {
  expect_refused("tensor \"\\x1b[2J\\n\" is of type", GgufWriter().tensor("\x1b[2J\n", 99, {1}, {}));
  expect_refused("... (5000 bytes) is of type", GgufWriter().tensor(std::string(5000, 'x'), 99, {1}, {}));
}

}  // namespace
}  // namespace chorus::core
