// chorus doctor on machines that are well and on some that are not.
#include <gmock/gmock.h>

#include "tests/cli/program.h"

namespace chorus::test {
namespace {

using testing::HasSubstr;

/// The level of the first line about a subject.
std::string level_of(const Outcome& outcome, const std::string& subject) {
  for (const std::string& line : lines_of(outcome.out)) {
    std::istringstream words(line);
    std::string level, rest;
    words >> level >> std::ws;
    std::getline(words, rest);
    if (rest.starts_with(subject + " ")) return level;
  }
  return "no line about " + subject;
}

TEST(Doctor, AWellMachine) {
  const Program program;
  const Outcome done = program.run({"doctor", "--model", program.model()});
  EXPECT_EQ(done.code, 0) << done.out << done.err;
  EXPECT_EQ(done.err, "");
  for (const char* subject : {"chorus", "processor", "GPU", "libraries", "WordNet", "locale", "attention",
                              "product", "results", "cache", "hub", "model"})
    EXPECT_EQ(level_of(done, subject), "ok") << subject << '\n' << done.out;
  for (const char* subject : {"threads", "memory"}) EXPECT_THAT(done.out, HasSubstr(subject));
  EXPECT_THAT(done.out, testing::Not(HasSubstr("fallback")));
  EXPECT_THAT(done.out, HasSubstr(" 0 wrong\n"));
}

TEST(Doctor, WarningsSayWhatToDo) {
  Program program;
  program.set("LC_ALL=C");
  program.set("HF_HUB_CACHE=/dev/null/hub");
  const Outcome done = program.run({"doctor"});
  EXPECT_EQ(done.code, 0) << done.out << done.err;
  EXPECT_EQ(level_of(done, "locale"), "warn");
  EXPECT_THAT(done.out, HasSubstr("-> export LC_ALL=C.UTF-8"));
  EXPECT_EQ(level_of(done, "cache"), "warn");
  EXPECT_EQ(level_of(done, "model"), "warn");  // the small model is not in this home
  EXPECT_THAT(done.out, HasSubstr("'./run demo' fetches it"));
}

TEST(Doctor, ErrorsBecomeTheExitCode) {
  Program program;
  std::string bytes = read_file(program / "tiny.gguf");
  bytes.resize(bytes.size() / 2);
  write_file(program / "cut.gguf", bytes);
  const Outcome cut = program.run({"doctor", "--model", "cut.gguf"});
  EXPECT_EQ(level_of(cut, "model"), "error");
  expect_failure(cut, 4, "model: cut.gguf");
  program.set("HF_ENDPOINT=ftp://x");
  const Outcome endpoint = program.run({"doctor", "--model", "tiny.gguf"});
  EXPECT_EQ(level_of(endpoint, "hub"), "error");
  expect_failure(endpoint, 2, "HF_ENDPOINT is 'ftp://x'");
}

TEST(Doctor, DownloadsThatWereNotFinished) {
  const Program program;
  fs::create_directories(program / "home/hub/models--org--half/blobs");
  const fs::path snapshot = program / "home/hub/models--org--part/snapshots/0123";
  fs::create_directories(snapshot);
  write_file(snapshot / "config.json", "{}");
  const Outcome done = program.run({"doctor", "--model", program.model()});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("org/half: its download was not finished"));
  EXPECT_THAT(done.out, HasSubstr("org/part: lacks *.safetensors"));
  EXPECT_THAT(done.out, HasSubstr("'chorus models get org/part' goes on"));
}

TEST(Doctor, Json) {
  const Program program;
  const Outcome done = program.run({"doctor", "--json", "--threads", "1"});
  ASSERT_EQ(done.code, 0) << done.err;
  const auto json = nlohmann::json::parse(done.out);
  EXPECT_GE(json["checks"].size(), 12U);
  for (const auto& check : json["checks"]) {
    EXPECT_TRUE(check["level"] == "ok" || check["level"] == "warn") << check;
    EXPECT_EQ(check["todo"] == "", check["level"] == "ok") << check;
  }
}

}  // namespace
}  // namespace chorus::test
