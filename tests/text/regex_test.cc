#include "text/regex.h"

#include <gtest/gtest.h>

#include "support/errors.h"

namespace chorus::text {
namespace {

std::vector<std::string> matches(const char* pattern, std::string_view text) {
  std::vector<std::string> found;
  Regex(pattern).for_each_match(
      text, [&](std::size_t begin, std::size_t end) { found.emplace_back(text.substr(begin, end - begin)); });
  return found;
}

using Strings = std::vector<std::string>;

// Expectations of this file: Oniguruma's documented Ruby syntax (doc/RE); with real patterns the variants' data.
TEST(Regex, WhiteSpaceIsTheUnicodeProperty) {
  EXPECT_EQ(matches(R"(\s+)", "a \t\xC2\xA0\xC2\x85\xE3\x80\x80z"),
            Strings{" \t\xC2\xA0\xC2\x85\xE3\x80\x80"});
  EXPECT_EQ(matches(R"(\s)", "\xE1\xA0\x8E"), Strings{});  // U+180E is none since Unicode 6.3
  EXPECT_EQ(matches(R"([^\s]+)", " ab "), Strings{"ab"});
  EXPECT_EQ(matches(R"(\S+)", " ab "), Strings{"ab"});
}

TEST(Regex, ClassesAndProperties) {
  EXPECT_EQ(matches(R"(\p{L}+)", "añ1"), Strings{"añ"});
  EXPECT_EQ(matches(R"([^\r\n\p{L}\p{N}]+)", "a-*\n"), Strings{"-*"});
  EXPECT_EQ(matches(R"(\d)", "1²٣"), (Strings{"1", "٣"}));
  EXPECT_EQ(matches(R"(\w+)", "e\xCC\x81_x-"), Strings{"e\xCC\x81_x"});  // with its mark
  EXPECT_EQ(matches(R"(\W)", "a-"), Strings{"-"});
  EXPECT_EQ(matches(R"(\p{Han}+)", "ー漢字"), Strings{"漢字"});  // U+30FC only extends Han
  EXPECT_EQ(matches(R"(\p{^L})", "a1"), Strings{"1"});
  EXPECT_EQ(matches(R"(\x41\u0042\x{43})", "ABC"), Strings{"ABC"});
  EXPECT_EQ(matches("[一-龥]", "x漢"), Strings{"漢"});
}

TEST(Regex, LinesAndCase) {
  EXPECT_EQ(matches("^a", "a\na"), (Strings{"a", "a"}));
  EXPECT_EQ(matches("a$", "a\nba"), (Strings{"a", "a"}));
  EXPECT_EQ(matches("a.", "a\na\r"), Strings{"a\r"});
  EXPECT_EQ(matches("(?i:'s)", "'S 's '\xC5\xBF"), (Strings{"'S", "'s", "'\xC5\xBF"}));
  EXPECT_EQ(matches("(?i)ab", "AB"), Strings{"AB"});
}

TEST(Regex, EmptyMatchesMoveOn) {
  EXPECT_EQ(matches("x*", "añ"), (Strings{"", "", ""}));
  EXPECT_EQ(matches("x*", "xa"), (Strings{"x", ""}));
  EXPECT_EQ(matches("a|", "a"), Strings{"a"});
}

TEST(Regex, WhatTheEnginesReadDifferentlyIsRefused) {
  for (const char* pattern : {"[a&&b]",
                              "[a[b]]",
                              "a{1,3}+",
                              "a{,3}",
                              R"(\h)",
                              R"(\bword)",
                              R"(\Kx)",
                              "(?m:.)",
                              "(?<name>a)",
                              "a(?i)b",
                              "(*UTF)a",
                              R"([\W])",
                              R"(\xE9)",
                              R"(\u12)",
                              R"(\p{L)",
                              R"(\pL)",
                              "[]a]",
                              "[a",
                              "\\",
                              R"(\1)",
                              "(a",
                              "a)",
                              R"(\p{NoSuchScript})",
                              R"(\x{110000})",
                              "*a"}) {
    test::expect_error(ErrorKind::model, "pattern", [&] { Regex{pattern}; });
  }
}

TEST(Regex, AMatchThatTakesTooLongIsAnError) {
  std::string text(40, 'a');
  text += "cb";
  test::expect_error(ErrorKind::data, "on a text of 42 bytes", [&] { matches("(?:a|a|a)*b", text); });
}

TEST(Regex, DeepGroupsNeedNoStack) {
  const std::string text(300'000, 'a');
  EXPECT_EQ(matches("(?:a|b)+", text), Strings{text});
}

}  // namespace
}  // namespace chorus::text
