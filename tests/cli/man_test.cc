// The manual page: it knows every option, and roff has nothing to say against it.
#include <gmock/gmock.h>

#include <cstdlib>

#include "tests/cli/program.h"

namespace chorus::test {
namespace {

using testing::HasSubstr;

/// A name as it stands in the page.
std::string in_roff(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '-' ? std::string("\\-") : std::string(1, c);
  return result;
}

bool is_installed(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
}

TEST(ManPage, HasEverySubcommandAndOption) {
  const Program program;
  const Outcome page = program.run({"man"});
  ASSERT_EQ(page.code, 0) << page.err;
  EXPECT_TRUE(page.out.starts_with(".TH CHORUS 1 "));
  for (const char* name : {"ask", "generate", "models get", "bench e2e", "doctor", "man"})
    EXPECT_THAT(page.out, HasSubstr(std::string("\n.SS chorus ") + name + "\n"));
  // the options that completion offers
  std::size_t options = 0;
  for (const std::string& line : lines_of(program.run({"completion", "fish"}).out)) {
    const auto at = line.find(" -l ");
    if (at == std::string::npos) continue;
    const std::string name = line.substr(at + 4, line.find(' ', at + 4) - at - 4);
    EXPECT_THAT(page.out, HasSubstr(in_roff("--" + name)));
    ++options;
  }
  EXPECT_GT(options, 100U);
}

TEST(ManPage, GroffAndMandocHaveNoWarnings) {
  const Program program;
  const Outcome page = program.run({"man"});
  write_file(program / "chorus.1", page.out);
  const std::string file = "'" + (program / "chorus.1").string() + "'",
                    log = "'" + (program / "log").string() + "'";
  const bool groff = is_installed("groff"), mandoc = is_installed("mandoc");
  if (!groff && !mandoc) GTEST_SKIP() << "neither groff nor mandoc is installed";
  if (groff) {
    EXPECT_EQ(std::system(("groff -man -Tutf8 -ww -z " + file + " >" + log + " 2>&1").c_str()), 0);
    EXPECT_EQ(read_file(program / "log"), "");
  }
  if (mandoc) {
    EXPECT_EQ(std::system(("mandoc -Tlint -Wwarning " + file + " >" + log + " 2>&1").c_str()), 0);
    EXPECT_EQ(read_file(program / "log"), "");
  }
}

}  // namespace
}  // namespace chorus::test
