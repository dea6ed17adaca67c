// Completion scripts, tried in the shell they are for.
#include <gmock/gmock.h>

#include <array>
#include <cstdio>
#include <memory>

#include "tests/cli/program.h"

namespace chorus::test {
namespace {

using testing::HasSubstr;

/// What bash offers for the words, the last of which is being typed.
std::string offered(const fs::path& script, const Arguments& words) {
  std::string line = "bash -c 'source \"" + script.string() + "\"; COMP_WORDS=(";
  for (const std::string& word : words) line += " \"" + word + "\"";
  line += "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _chorus; echo \"${COMPREPLY[@]}\"' 2>&1";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(line.c_str(), "r"), pclose);
  std::string out;
  for (std::array<char, 256> part{}; std::fgets(part.data(), part.size(), pipe.get()) != nullptr;)
    out += part.data();
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

TEST(Completion, BashOffersCommandsOptionsAndWords) {
  const Program program;
  const Outcome printed = program.run({"completion", "bash"});
  ASSERT_EQ(printed.code, 0) << printed.err;
  const TempFolder folder;
  const fs::path script = folder.path() / "chorus.bash";
  std::ofstream(script) << printed.out;
  EXPECT_EQ(offered(script, {"chorus", "gen"}), "generate");
  EXPECT_EQ(offered(script, {"chorus", "bench", ""}), "e2e suite --help -h");
  EXPECT_EQ(offered(script, {"chorus", "bench", "e2e", "--new"}), "--new-tokens");
  EXPECT_EQ(offered(script, {"chorus", "ask", "--stop", ""}), "newline eos");
  EXPECT_EQ(offered(script, {"chorus", "ask", "--stop", "=", "n"}), "newline");
  EXPECT_EQ(offered(script, {"chorus", "ask", "--method", "origin,a"}), "origin,avg");
  EXPECT_THAT(offered(script, {"chorus", "generate", "--model", "smol"}), HasSubstr("smollm2-135m"));
  EXPECT_EQ(offered(script, {"chorus", "completion", "z"}), "");
}

TEST(Completion, EveryShellKnowsEveryCommand) {
  const Program program;
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Outcome printed = program.run({"completion", shell});
    EXPECT_EQ(printed.code, 0) << printed.err;
    for (const char* name : {"ask", "generate", "demo", "models", "bench", "e2e", "max-samples"})
      EXPECT_THAT(printed.out, HasSubstr(name)) << shell;
  }
  expect_failure(program.run({"completion", "tcsh"}), 2, "expected bash, zsh, fish");
}

}  // namespace
}  // namespace chorus::test
