// A run ended at any moment and started again leaves the bytes of an undisturbed one; nothing else changes them either.
#include <gmock/gmock.h>
#include <sys/ioctl.h>

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
  ASSERT_EQ(::write(ends[1], "the\n", 4), 4);
  int unread = 4;  // once the line is read, ask waits for the next one
  child.signal_when([&] { return ::ioctl(ends[0], FIONREAD, &unread) == 0 && unread == 0; }, SIGINT);
  const Outcome stopped = child.wait();
  ::close(ends[0]);
  ::close(ends[1]);
  EXPECT_EQ(stopped.code, 130) << stopped.err;
}

TEST(Resume, CtrlCInTuneAdvisesNothingThatIsNotSo) {
  const Program program;
  write_file(program / "q.jsonl", questions(kQuestions));
  const auto child = program.start({"tune", "--dataset", "jsonl", "--data", "q.jsonl", "--model",
                                    program.model(), "--num-paraphrases", "3", "--batch-size", "1"});
  child->signal_when([&] { return !read_file(program / "stderr").empty(); }, SIGINT);
  const Outcome stopped = child->wait();
  EXPECT_EQ(stopped.code, 130) << stopped.err;
  EXPECT_THAT(stopped.err, testing::HasSubstr("interrupted"));
  EXPECT_THAT(stopped.err, testing::Not(testing::HasSubstr("to go on")));
}

TEST(Resume, AnInterruptedRewritingGoesOnWithTheSameCommand) {
  const Program program;
  write_file(program / "q.jsonl", questions(kQuestions));
  ASSERT_EQ(program.run(generate(program)).code, 0);
  const auto before = result_bytes(program, kStem);
  const std::string old_log = read_file(program / kLog);
  const Arguments command = generate(program, {"--batch-size", "2", "--rewrite"});
  const fs::path log = program / "out/jsonl/tiny/flex_attention-3.bos-scope=own.rewrite.jsonl";
  const auto child = program.start(command);
  child->signal_when([&] { return logged(log) > 2; }, SIGINT);
  const Outcome stopped = child->wait();
  ASSERT_EQ(stopped.code, 130) << stopped.err;
  EXPECT_THAT(lines_of(stopped.err).back(), testing::HasSubstr("run the same command again to go on"));
  EXPECT_EQ(result_bytes(program, kStem), before);
  EXPECT_EQ(read_file(program / kLog), old_log);
  const int done_before = logged(log);
  const Outcome done = program.run(command);
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, testing::HasSubstr(
                            fmt::format("{} of {} questions are answered already", done_before, kQuestions)));
  EXPECT_EQ(result_bytes(program, kStem), before);  // the same configuration: the same bytes
  EXPECT_FALSE(fs::exists(log));
  EXPECT_EQ(logged(program / kLog), kQuestions);
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
