// A run ended at any moment and started again leaves the bytes of an undisturbed one; nothing else changes them either.
#include <gmock/gmock.h>

#include "tests/cli/questions.h"

namespace chorus::test {
namespace {

constexpr int kQuestions = 120;
constexpr const char* kLog = "out/jsonl/tiny/flex_attention-3.bos-scope=own.log.jsonl";

std::vector<std::string> undisturbed(const Arguments& more = {}) {
  const Program program;
  write_file(program / "q.jsonl", questions(kQuestions));
  const Outcome done = program.run(generate(program, more));
  EXPECT_EQ(done.code, 0) << done.err;
  return result_bytes(program, kStem);
}

TEST(Resume, KilledAgainAndAgainItEndsWithTheSameBytes) {
  const Program program;
  write_file(program / "q.jsonl", questions(kQuestions));
  const Arguments command = generate(program, {"--batch-size", "1", "--threads", "1"});
  int before = 0;
  for (const int more : {1, 2, 30}) {
    const auto child = program.start(command);
    child->signal_when([&, target = before + more] { return logged(program / kLog) >= target; }, SIGKILL);
    EXPECT_EQ(child->wait().signal, SIGKILL);
    EXPECT_FALSE(fs::exists(program / "out/jsonl/tiny/flex_attention-3.bos-scope=own.feather"));
    EXPECT_GE(logged(program / kLog), before + more);
    before = logged(program / kLog);
  }
  const Outcome done = program.run(command);
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err,
              testing::HasSubstr(fmt::format("{} of {} questions are answered already", before, kQuestions)));
  EXPECT_EQ(result_bytes(program, kStem), undisturbed());
  EXPECT_EQ(nlohmann::json::parse(
                read_file(program / "out/jsonl/tiny/flex_attention-3.bos-scope=own.run.json"))["resumes"],
            3);
}

TEST(Resume, CtrlCEndsInOrderSaysWhatIsOnDiskAndGoesOn) {
  const Program program;
  write_file(program / "q.jsonl", questions(kQuestions));
  const Arguments command = generate(program, {"--batch-size", "2"});
  for (const int number : {SIGINT, SIGTERM}) {
    const int before = logged(program / kLog);
    const auto child = program.start(command);
    child->signal_when([&] { return logged(program / kLog) > before + 2; }, number);
    const Outcome stopped = child->wait();
    EXPECT_EQ(stopped.code, 130) << stopped.err;
    const std::string last = lines_of(stopped.err).back();
    EXPECT_THAT(last, testing::HasSubstr(fmt::format("interrupted: {} of {} questions are on disk in ",
                                                     logged(program / kLog), kQuestions)));
    EXPECT_THAT(last, testing::HasSubstr("run the same command again to go on"));
  }
  const Outcome done = program.run(command);
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(result_bytes(program, kStem), undisturbed());
}

TEST(Resume, CtrlCWhileWaitingForPhrasingsEndsAsk) {
  const Program program;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const fs::path input = fmt::format("/proc/self/fd/{}", ends[0]);
  Child child({"ask", "--model", program.model()}, program.folder().path(), input, program / "stdout");
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  child.signal(SIGINT);
  const Outcome stopped = child.wait();
  ::close(ends[0]);
  ::close(ends[1]);
  EXPECT_EQ(stopped.code, 130) << stopped.err;
}

TEST(Resume, BatchSizeAndThreadsChangeNoByte) {
  const auto expected = undisturbed({"--batch-size", "16", "--threads", "2"});
  EXPECT_EQ(undisturbed({"--batch-size", "1", "--threads", "1"}), expected);
  EXPECT_EQ(undisturbed({"--batch-size", "5", "--threads", "2"}), expected);
  EXPECT_EQ(undisturbed({"--batch-size", "5", "--threads", "1"}), expected);
}

TEST(Resume, RaisedInStepsItIsTheRunOfAll) {
  const Program program;
  write_file(program / "q.jsonl", questions(kQuestions));
  for (const char* samples : {"3", "50", "0"}) {
    const Outcome done = program.run(generate(program, {"--max-samples", samples}));
    EXPECT_EQ(done.code, 0) << done.err;
  }
  EXPECT_EQ(result_bytes(program, kStem), undisturbed());
}

TEST(Resume, TwoRunsOfOneResultAtOnceAreRefused) {
  const Program program;
  write_file(program / "q.jsonl", questions(kQuestions));
  const auto first = program.start(generate(program, {"--batch-size", "1"}));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (logged(program / kLog) < 1 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  Child second(generate(program), program.folder().path(), program / "stdin", program / "stdout2");
  const Outcome refused = second.wait();
  EXPECT_EQ(refused.code, 6) << refused.err;
  EXPECT_THAT(refused.err, testing::HasSubstr("is in use by another run"));
  EXPECT_EQ(first->wait().code, 0);
  EXPECT_EQ(result_bytes(program, kStem), undisturbed());
}

}  // namespace
}  // namespace chorus::test
