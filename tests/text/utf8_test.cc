#include "text/utf8.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace chorus::text {
namespace {

using namespace std::string_view_literals;

// What Python 3's bytes.decode("utf-8", "replace") makes of bytes, kept as data by make_utf8.py.
TEST(Utf8, ReplacesAsPythonDoes) {
  const auto data =
      nlohmann::json::parse(std::ifstream(std::string(CHORUS_SOURCE_DIR) + "/tests/text/data/utf8.json"));
  for (const auto& entry : data) {
    std::string bytes;
    for (const auto& byte : entry.at(0)) bytes.push_back(static_cast<char>(byte.get<int>()));
    const auto expected = entry.at(1).get<std::string>();
    EXPECT_EQ(replace_bad_utf8(bytes), expected) << entry;
    EXPECT_EQ(is_valid_utf8(bytes), bytes == expected) << entry;
  }
}

TEST(Utf8, EveryCodePointGoesThere) {
  for (char32_t code = 0; code < 0x110000; ++code) {
    std::string bytes;
    append_utf8(bytes, code);
    const Utf8Step step = next_code_point(bytes, 0);
    const bool surrogate = code >= 0xD800 && code < 0xE000;
    ASSERT_EQ(step.valid, !surrogate) << static_cast<unsigned>(code);
    if (surrogate) continue;
    ASSERT_EQ(step.code, code);
    ASSERT_EQ(step.bytes, bytes.size());
    for (std::size_t length = 1; length < bytes.size(); ++length) {
      ASSERT_EQ(incomplete_tail("x" + bytes.substr(0, length)), length) << static_cast<unsigned>(code);
    }
    ASSERT_EQ(incomplete_tail(bytes), 0u);
  }
}

TEST(Utf8, TailsThatNothingCompletes) {
  EXPECT_EQ(incomplete_tail(""), 0u);
  EXPECT_EQ(incomplete_tail("\x80\x80"), 0u);
  EXPECT_EQ(incomplete_tail("\xC0"), 0u);
  EXPECT_EQ(incomplete_tail("\xED\xA0"), 0u);  // a surrogate
  EXPECT_EQ(incomplete_tail("\xF4\x90"), 0u);  // over U+10FFFF
  EXPECT_EQ(incomplete_tail("\xE2\x82"), 2u);
  EXPECT_EQ(incomplete_tail("\xE2\xF0\x9F\x99"), 3u);
}

}  // namespace
}  // namespace chorus::text
