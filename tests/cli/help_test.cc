// What the program says of itself, and what it says to those who mistype.
#include <gmock/gmock.h>

#include "tests/cli/program.h"

namespace chorus::test {
namespace {

using testing::HasSubstr;

TEST(Help, TheFirstLinesOfEveryPage) {
  const Program program;
  const struct {
    Arguments command;
    std::string first, second;
  } pages[] = {
      {{},
       "One question, many phrasings, one answer: an ensemble inside the attention of a language model.",
       "Usage: chorus [OPTIONS] SUBCOMMAND"},
      {{"ask"}, "Ask one question in one or more phrasings", "Usage: chorus ask [OPTIONS] [phrasings...]"},
      {{"generate"},
       "Answer a data set with one method and write the results",
       "Usage: chorus generate [OPTIONS]"},
      {{"prepare"},
       "Write a data set to a file, with phrasings of its questions by a model",
       "Usage: chorus prepare [OPTIONS] [SET]"},
      {{"demo"},
       "Answer the questions inside the program with origin, avg and flex, and compare them",
       "Usage: chorus demo [OPTIONS]"},
      {{"analyze"},
       "Score and compare results: accuracy, paired tests, N, phrasings, errors",
       "Usage: chorus analyze [OPTIONS] [files...]"},
      {{"report"},
       "Put results into one HTML file: figures, tables, every question and answer",
       "Usage: chorus report [OPTIONS] [files...]"},
      {{"mask"},
       "Draw a layout's attention mask in the terminal, as PNG or as SVG",
       "Usage: chorus mask [OPTIONS]"},
      {{"prompts"},
       "Print the exact prompts of a data set: text, token ids, segments",
       "Usage: chorus prompts [OPTIONS]"},
      {{"sweep"},
       "Carry out many runs of generate and confidence, from grids of their options",
       "Usage: chorus sweep [OPTIONS] [file]"},
      {{"inspect"},
       "Answer questions step by step: tokens, mask, isolation, candidates, attention shares",
       "Usage: chorus inspect [OPTIONS]"},
      {{"models"},
       "List the model aliases, and which of them are on disk; fetch models",
       "Usage: chorus models [OPTIONS] [SUBCOMMAND]"},
      {{"sweep"},
       "Carry out many runs of generate and confidence, from grids of their options",
       "Usage: chorus sweep [OPTIONS] [file]"},
      {{"inspect"},
       "Answer questions step by step: tokens, mask, isolation, candidates, attention shares",
       "Usage: chorus inspect [OPTIONS]"},
      {{"bench"}, "Measure speed and memory", "Usage: chorus bench [OPTIONS] SUBCOMMAND"},
      {{"bench", "e2e"},
       "Whole questions on random token ids, without stop rules",
       "Usage: chorus bench e2e [OPTIONS]"}};
  for (const auto& page : pages) {
    Arguments command = page.command;
    command.emplace_back("--help");
    const Outcome help = program.run(command);
    EXPECT_EQ(help.code, 0);
    EXPECT_EQ(help.err, "");
    const auto lines = lines_of(help.out);
    ASSERT_GE(lines.size(), 2U);
    EXPECT_EQ(lines[0], page.first);
    EXPECT_EQ(lines[1], page.second);
    EXPECT_THAT(help.out, testing::Not(HasSubstr("INT:"))) << "a type that is CLI11's, not ours";
    Arguments other{"help"};
    other.insert(other.end(), page.command.begin(), page.command.end());
    EXPECT_EQ(program.run(other).out, help.out);
  }
}

TEST(Help, PagesEndInAnExampleThatRuns) {
  const Program program;
  const Arguments commands[] = {
      {"ask"},    {"generate"}, {"demo"},         {"models"},         {"models", "get"}, {"analyze"},
      {"report"}, {"mask"},     {"prompts"},      {"doctor"},         {"confidence"},    {"tune"},
      {"sweep"},  {"inspect"},  {"bench", "e2e"}, {"bench", "suite"}, {"completion"},    {"man"}};
  for (Arguments command : commands) {
    std::string name = "\n  chorus";
    for (const std::string& word : command) name += " " + word;
    command.emplace_back("--help");
    EXPECT_THAT(program.run(command).out, HasSubstr(name));
  }
}

TEST(Help, Version) {
  const Program program;
  EXPECT_THAT(program.run({"--version"}).out, testing::MatchesRegex("chorus [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(Help, MistypedNamesAreAnsweredWithTheNearest) {
  const Program program;
  expect_failure(program.run({}), 2, "no subcommand of 'chorus'");
  expect_failure(program.run({"bench"}), 2, "no subcommand of 'chorus bench'");
  expect_failure(program.run({"genrate"}), 2, "unknown subcommand 'genrate'");
  expect_failure(program.run({"genrate"}), 2, "did you mean generate?");
  expect_failure(program.run({"generate", "--max-sample", "3"}), 2, "did you mean --max-samples?");
  expect_failure(program.run({"generate", "--foo=1"}), 2, "unknown option '--foo'");
  expect_failure(program.run({"generate", "pararel"}), 2, "'pararel'");
  expect_failure(program.run({"generate", "--max-samples"}), 2, "--max-samples without its value");
  expect_failure(program.run({"generate", "--threads", "1", "--threads", "2"}), 2,
                 "--threads given more than once");
}

TEST(Help, OutputThatCannotBeWrittenIsAnError) {
  const Program program;
  expect_failure(program.run_into("/dev/full", {"models"}), 6, "standard output cannot be written");
  expect_failure(program.run_into("/dev/full", {"generate", "--help"}), 6,
                 "standard output cannot be written");
  expect_failure(
      program.run_into("/dev/full", {"ask", "--model", program.model(), "--num-few-shot", "0", "the?"}), 6,
      "standard output cannot be written");
}

}  // namespace
}  // namespace chorus::test
