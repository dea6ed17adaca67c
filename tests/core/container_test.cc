#include "core/container.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/errors.h"

namespace chorus::core {
namespace {

TEST(QuoteName, KeepsTextAndEscapesTheRest) {
  EXPECT_EQ(quote_name("blk.0.attn_q.weight"), "\"blk.0.attn_q.weight\"");
  EXPECT_EQ(quote_name(""), "\"\"");
  EXPECT_EQ(quote_name("naïve 語 😀"), "\"naïve 語 😀\"");
  EXPECT_EQ(quote_name("a\"b\\c\n\r\t\x1b\x7f"), R"("a\"b\\c\n\r\t\x1b\x7f")");
  EXPECT_EQ(quote_name(std::string(1, '\0')), R"("\x00")");
}

TEST(QuoteName, BytesThatAreNotUtf8) {
  EXPECT_EQ(quote_name("t\xf5r"), R"("t\xf5r")");
  EXPECT_EQ(quote_name("\xff\x80\xc0\xaf"), R"("\xff\x80\xc0\xaf")");
  EXPECT_EQ(quote_name("\xe0\x80\xaf"), R"("\xe0\x80\xaf")");          // overlong
  EXPECT_EQ(quote_name("\xed\xa0\x80"), R"("\xed\xa0\x80")");          // a surrogate
  EXPECT_EQ(quote_name("\xf4\x90\x80\x80"), R"("\xf4\x90\x80\x80")");  // past U+10FFFF
  EXPECT_EQ(quote_name("\xc2\x9b"), R"("\xc2\x9b")");                  // a C1 control
  EXPECT_EQ(quote_name("\xe8\xaa"), R"("\xe8\xaa")");                  // cut short
}

TEST(QuoteName, EveryPairOfBytesIsShown) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string name{static_cast<char>(first), static_cast<char>(second)};
      ASSERT_GE(quote_name(name).size(), 4U);
    }
  }
}

TEST(QuoteName, ShortensWhatIsVeryLong) {
  const std::string most(119, 'x');
  EXPECT_EQ(quote_name(most + "yz"), fmt::format("\"{}y\"... (121 bytes)", most));
  EXPECT_EQ(quote_name(most + "語"), fmt::format("\"{}\\xe8\"... (122 bytes)", most));
}

TEST(TensorBytes, ChecksBlocksAndOverflow) {
  using Shape = std::vector<std::int64_t>;
  EXPECT_EQ(tensor_bytes(DType::f32, Shape{2, 3}), 24U);
  EXPECT_EQ(tensor_bytes(DType::f32, Shape{}), 4U);
  EXPECT_EQ(tensor_bytes(DType::q8_0, Shape{3, 64}), 3U * 68);
  EXPECT_EQ(tensor_bytes(DType::q4_k, Shape{0, 256}), 0U);
  EXPECT_EQ(tensor_bytes(DType::q8_0, Shape{64, 33}), std::nullopt);
  EXPECT_EQ(tensor_bytes(DType::q8_0, Shape{}), std::nullopt);
  EXPECT_EQ(tensor_bytes(DType::f32, Shape{-1}), std::nullopt);
  EXPECT_EQ(tensor_bytes(DType::u8, Shape{std::int64_t{1} << 32, std::int64_t{1} << 31}), std::nullopt);
  EXPECT_EQ(tensor_bytes(DType::f64, Shape{std::int64_t{1} << 60}), std::nullopt);
}

TEST(TensorTable, NamesOnceAndReferencesSurviveMoving) {
  TensorTable table;
  EXPECT_TRUE(table.add({"a", DType::f32, {1}, {}}));
  EXPECT_FALSE(table.add({"a", DType::f16, {2}, {}}));
  EXPECT_EQ(table.all().size(), 1U);
  const TensorInfo* tensor = table.find("a");
  const TensorTable moved = std::move(table);
  EXPECT_EQ(moved.find("a"), tensor);
  EXPECT_EQ(tensor->dtype, DType::f32);
  test::expect_error(ErrorKind::model, "m has no tensor \"b\"", [&] { moved.tensor("b", "m"); });
}

}  // namespace
}  // namespace chorus::core
