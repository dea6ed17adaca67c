#include "data/result_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <limits>

#include "data/durable_file.h"
#include "tests/support/errors.h"
#include "tests/support/limited_disk.h"
#include "tests/support/temp_folder.h"

namespace chorus::data {
namespace {

using test::expect_error;
using test::TempFolder;
using testing::ElementsAre;

const Configuration kConfiguration{.settings = {{"layout", "concat"}, {"cue", "own"}, {"max_samples", 2}}};

Json row(const std::string& uuid) {
  return {{"uuid", uuid},
          {"generation", "naïve\n\"東京\" \u2028"},
          {"logprob", -1.0 / 3.0},
          {"weights", {0.2, 1e-300}}};
}

/// A log of samples a, b, c; its lines: 1 configuration, 2 session, 3 a, 4 b, 5 c.
void write_three(const std::filesystem::path& path) {
  ResultLog log(path, kConfiguration);
  for (const char* key : {"a", "b", "c"}) log.append(key, {row(key)});
}

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::vector<std::string> lines;
  std::istringstream text(read_file(path));
  for (std::string line; std::getline(text, line);) lines.push_back(line + "\n");
  return lines;
}

TEST(ResultLog, KeepsRowsInTheOrderTheyFinished) {
  const TempFolder folder;
  {
    ResultLog log(folder / "x" / "log.jsonl", kConfiguration);
    log.append("b", {row("b")});
    log.append("a", {row("a"), row("a2")});
    EXPECT_EQ(log.read("b"), std::vector<Json>{row("b")});
  }
  const ResultLog log(folder / "x" / "log.jsonl", kConfiguration);
  EXPECT_THAT(log.keys(), ElementsAre("b", "a"));
  EXPECT_TRUE(log.contains("a"));
  EXPECT_FALSE(log.contains("c"));
  EXPECT_EQ(log.read("a"), (std::vector<Json>{row("a"), row("a2")}));
  EXPECT_EQ(log.sessions().size(), 2U);
  EXPECT_EQ(log.dropped_bytes(), 0U);
  expect_error(ErrorKind::data, "no sample 'c'", [&] { (void)log.read("c"); });
}

TEST(ResultLog, IsOnDiskWhenAppendReturns) {
  const TempFolder folder;
  ResultLog log(folder / "log", kConfiguration);
  log.append("a", {row("a")});
  EXPECT_THAT(read_file(folder / "log"), testing::HasSubstr("\"sample\":\"a\""));
}

TEST(ResultLog, SurvivesAKillAnywhereInALine) {
  const TempFolder folder;
  write_three(folder / "whole");
  const std::string whole = read_file(folder / "whole");
  const auto lines = lines_of(folder / "whole");
  std::size_t before_c = whole.size() - lines[4].size();
  for (std::size_t size = 0; size < whole.size(); size += size < before_c ? 41 : 3) {
    test::write_file(folder / "log", whole.substr(0, size));
    ResultLog log(folder / "log", kConfiguration);
    for (const char* key : {"a", "b", "c"}) {
      if (!log.contains(key)) log.append(key, {row(key)});
    }
    EXPECT_THAT(log.keys(), ElementsAre("a", "b", "c")) << size;
    EXPECT_EQ(log.read("c"), std::vector<Json>{row("c")}) << size;
  }
}

TEST(ResultLog, ADamagedLastLineIsDroppedAndCounted) {
  const TempFolder folder;
  write_three(folder / "log");
  std::string text = read_file(folder / "log");
  const auto last = lines_of(folder / "log").back().size();
  text[text.size() - 30] ^= 1;
  test::write_file(folder / "log", text);
  const ResultLog log(folder / "log", kConfiguration);
  EXPECT_THAT(log.keys(), ElementsAre("a", "b"));
  EXPECT_EQ(log.dropped_bytes(), last);
}

TEST(ResultLog, ADamagedMiddleLineIsAnErrorAndNothingIsChanged) {
  const TempFolder folder;
  write_three(folder / "whole");
  const std::string whole = read_file(folder / "whole");
  const auto lines = lines_of(folder / "whole");
  const auto end_of_b = whole.size() - lines[4].size();
  for (std::size_t at = lines[0].size() + lines[1].size(); at + 1 < end_of_b; at += 5) {
    std::string text = whole;
    text[at] = text[at] == 'x' ? 'y' : 'x';
    test::write_file(folder / "log", text);
    expect_error(ErrorKind::data, "is damaged", [&] { ResultLog(folder / "log", kConfiguration); });
    EXPECT_EQ(read_file(folder / "log"), text);
  }
}

TEST(ResultLog, RefusesFilesThatAreNoLogOfOurs) {
  const TempFolder folder;
  for (const std::string text : {"hello", "hello\n", "{\"a\":1}\n{\"b\":2}\n", "uuid,answers\n1,2\n"}) {
    test::write_file(folder / "log", text);
    expect_error(ErrorKind::data, "is no log of this program",
                 [&] { ResultLog(folder / "log", kConfiguration); });
    EXPECT_EQ(read_file(folder / "log"), text);
  }
}

TEST(ResultLog, RepeatedSamplesAreAnError) {
  const TempFolder folder;
  write_three(folder / "log");
  const auto lines = lines_of(folder / "log");
  test::write_file(folder / "log", lines[0] + lines[1] + lines[2] + lines[2] + lines[3]);
  expect_error(ErrorKind::data, "line 4 repeats sample 'a'",
               [&] { ResultLog(folder / "log", kConfiguration); });
}

TEST(ResultLog, AnotherConfigurationIsRefusedWithTheDifference) {
  const TempFolder folder;
  write_three(folder / "log");
  const std::string before = read_file(folder / "log");
  Configuration other = kConfiguration;
  other.settings["layout"] = "shared";
  expect_error(ErrorKind::data, "differs in layout: log has concat, this run has shared",
               [&] { ResultLog(folder / "log", other); });
  EXPECT_EQ(read_file(folder / "log"), before);
  const ResultLog log(folder / "log", other, {.rewrite = true});
  EXPECT_THAT(log.keys(), testing::IsEmpty());
  EXPECT_EQ(ResultLog::stored_identity(folder / "log"), other.identity());
}

TEST(ResultLog, AnotherConfigurationThatFinishedNothingMakesRoom) {
  const TempFolder folder;
  { const ResultLog begun(folder / "log", kConfiguration); }
  Configuration other = kConfiguration;
  other.settings["layout"] = "shared";
  const ResultLog log(folder / "log", other);
  EXPECT_THAT(log.keys(), testing::IsEmpty());
  EXPECT_EQ(log.sessions().size(), 1U);
  EXPECT_EQ(ResultLog::stored_identity(folder / "log"), other.identity());
}

TEST(ResultLog, MoreSamplesAreTheSameConfiguration) {
  const TempFolder folder;
  write_three(folder / "log");
  Configuration more = kConfiguration;
  more.settings["max_samples"] = 1000;
  EXPECT_EQ(ResultLog(folder / "log", more).keys().size(), 3U);
}

TEST(ResultLog, OneWriterAtATime) {
  const TempFolder folder;
  auto first = std::make_unique<ResultLog>(folder / "log", kConfiguration);
  first->append("a", {row("a")});
  expect_error(ErrorKind::io, "is in use by another run", [&] { ResultLog(folder / "log", kConfiguration); });
  expect_error(ErrorKind::io, "is in use by another run",
               [&] { ResultLog(folder / "log", kConfiguration, {.rewrite = true}); });
  ResultLog moved(std::move(*first));
  first.reset();
  expect_error(ErrorKind::io, "is in use by another run", [&] { ResultLog(folder / "log", kConfiguration); });
  moved.append("b", {row("b")});
  EXPECT_THAT(moved.keys(), ElementsAre("a", "b"));
}

TEST(ResultLog, RefusesRowsThatJsonCannotHold) {
  const TempFolder folder;
  ResultLog log(folder / "log", kConfiguration);
  log.append("a", {row("a")});
  const std::string before = read_file(folder / "log");
  expect_error(ErrorKind::data, "sample 'a' is finished already", [&] { log.append("a", {row("a")}); });
  expect_error(ErrorKind::data, "not finite", [&] {
    log.append("b", {{{"weights", {1.0, std::numeric_limits<double>::quiet_NaN()}}}});
  });
  expect_error(ErrorKind::data, "cannot be stored", [&] { log.append("b", {{{"generation", "caf\xE9"}}}); });
  EXPECT_EQ(read_file(folder / "log"), before);
  log.append("b", {row("b")});
  EXPECT_THAT(log.keys(), ElementsAre("a", "b"));
}

TEST(ResultLog, UnwritablePlaces) {
  const TempFolder folder;
  test::write_file(folder / "file", "");
  expect_error(ErrorKind::io, "folder", [&] { ResultLog(folder / "file" / "log", kConfiguration); });
  expect_error(ErrorKind::io, "cannot be opened", [&] { ResultLog("/proc/log", kConfiguration); });
  expect_error(ErrorKind::io, "no ordinary file", [&] { ResultLog("/dev/full", kConfiguration); });
  std::filesystem::create_directory(folder / "log");
  expect_error(ErrorKind::io, "cannot be opened", [&] { ResultLog(folder / "log", kConfiguration); });
}

/// Fills the disk, then makes room: the log ends at its last whole line and goes on.
TEST(ResultLog, AFullDiskLosesNothing) {
  const test::LimitedDisk disk(1 << 16);
  if (!disk.mounted()) GTEST_SKIP() << "a small file system cannot be mounted here (needs root)";
  ResultLog log(disk.path() / "log", kConfiguration);
  const Json wide = {{"generation", std::string(3000, 'x')}};
  int written = 0;
  expect_error(ErrorKind::io, "No space left", [&] {
    for (; written < 100; ++written) log.append(std::to_string(written), {wide});
  });
  EXPECT_GT(written, 5);
  EXPECT_EQ(log.keys().size(), static_cast<std::size_t>(written));
  EXPECT_TRUE(read_file(disk.path() / "log").ends_with("\"}\n"));
  ASSERT_EQ(::mount("tmpfs", disk.path().c_str(), "tmpfs", MS_REMOUNT, "size=1m"), 0);
  log.append("after", {wide});
  EXPECT_EQ(log.read("after"), std::vector<Json>{wide});
}

/// The same without root: a limit on the size of files cuts a write short.
TEST(ResultLog, AFileLimitLosesNothing) {
  const TempFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{10000, 10000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      ResultLog log(folder / "log", kConfiguration);
      for (int i = 0;; ++i) log.append(std::to_string(i), {row("x")});
    } catch (const Error& error) {
      ::_exit(error.exit_code());
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), static_cast<int>(ErrorKind::io));
  ResultLog log(folder / "log", kConfiguration);
  EXPECT_EQ(log.dropped_bytes(), 0U);
  EXPECT_GT(log.keys().size(), 20U);
  EXPECT_EQ(log.read(log.keys().back()), std::vector<Json>{row("x")});
}

}  // namespace
}  // namespace chorus::data
