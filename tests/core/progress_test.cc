#include "core/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/log.h"

namespace chorus::core {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

/// What a body writes to a stream.
template <class Body>
std::string written(Body&& body) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::tmpfile(), &std::fclose);
  body(stream.get());
  std::string text(static_cast<std::size_t>(std::ftell(stream.get())), '\0');
  std::rewind(stream.get());
  EXPECT_EQ(std::fread(text.data(), 1, text.size(), stream.get()), text.size());
  return text;
}

TEST(ProgressLine, RateShareAndTimeLeft) {
  EXPECT_EQ(progress_line("flex", 20, 500, 4.0, false), "flex: 20/500 (4 %), 5/s, 1:36 left");
  EXPECT_EQ(progress_line("flex", 500, 500, 111.0, true), "flex: 500/500 (100 %), 4.5/s, took 1:51");
  EXPECT_EQ(progress_line("flex", 499, 500, 1000.0, false), "flex: 499/500 (99 %), 0.499/s, 0:02 left");
  EXPECT_EQ(progress_line("flex", 1, 10000, 1.0, false), "flex: 1/10000 (0 %), 1/s, 2:46:39 left");
}

TEST(ProgressLine, BytesAndWhatWasThereBefore) {
  constexpr auto kBytes = ProgressUnit::bytes;
  EXPECT_EQ(progress_line("w", 1'200'000'000, 4'900'000'000, 10.0, false, kBytes),
            "w: 1.2 GB of 4.9 GB (24 %), 120.0 MB/s, 0:31 left");
  EXPECT_EQ(progress_line("w", 1'200'000'000, 4'900'000'000, 10.0, false, kBytes, 1'000'000'000),
            "w: 1.2 GB of 4.9 GB (24 %), 20.0 MB/s, 3:05 left");
  EXPECT_EQ(progress_line("x", 6, 10, 2.0, false, ProgressUnit::items, 4), "x: 6/10 (60 %), 1/s, 0:04 left");
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(999), "999 B");
  EXPECT_EQ(size_text(999'949), "999.9 kB");
  EXPECT_EQ(size_text(999'950), "1.0 MB");
  EXPECT_EQ(size_text(98'362'432), "98.4 MB");
}

TEST(ProgressLine, NothingDoneNoTotalNoTime) {
  EXPECT_EQ(progress_line("x", 0, 10, 5.0, false), "x: 0/10 (0 %)");
  EXPECT_EQ(progress_line("x", 7, 0, 2.0, false), "x: 7, 3.5/s");
  EXPECT_EQ(progress_line("x", 3, 10, 0.0, false), "x: 3/10 (30 %)");
  EXPECT_EQ(progress_line("x", 0, 0, 0.0, true), "x: 0, took 0:00");
}

TEST(Progress, ElsewhereThanOnATerminalOnlyPlainLines) {
  const std::string text = written([](std::FILE* stream) {
    Progress progress("p", 3, stream, false);
    for (int i = 0; i < 3; ++i) progress.advance(1);
    progress.finish();
    progress.advance(5);
    progress.finish();
  });
  EXPECT_THAT(text, MatchesRegex("p: 3/3 \\(100 %\\), [^\n\r]*took 0:00\n"));
}

TEST(Progress, ALiveLineMakesRoomForOtherOutput) {
  const std::string text = written([](std::FILE* stream) {
    Progress progress("p", 2, stream, true);
    progress.wipe();
    std::fputs("a row\n", stream);
    progress.advance(1);
    progress.finish();
  });
  EXPECT_THAT(text, MatchesRegex("\rp: 0/2 \\(0 %\\)\r +\ra row\n\rp: 1/2[^\n]*\n"));
}

TEST(Progress, OnATerminalALiveLineThatEnds) {
  const std::string text = written([](std::FILE* stream) {
    Progress progress("p", 2, stream, true);
    progress.advance(2);
    progress.finish();
  });
  EXPECT_THAT(text, MatchesRegex("\rp: 0/2 \\(0 %\\)\rp: 2/2 [^\n\r]*\n"));
  const std::string broken_off =
      written([](std::FILE* stream) { const Progress progress("p", 2, stream, true); });
  EXPECT_EQ(broken_off, "\rp: 0/2 (0 %)\n");
}

TEST(Progress, QuietWritesNothing) {
  testing::internal::CaptureStderr();
  {
    Progress progress("p", 2, true);
    progress.advance(2);
    progress.finish();
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), IsEmpty());
}

TEST(Progress, CountsFromManyThreads) {
  const std::string text = written([](std::FILE* stream) {
    Progress progress("p", 4000, stream, false);
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
          for (int i = 0; i < 1000; ++i) progress.advance(1);
        });
    }
    progress.finish();
  });
  EXPECT_THAT(text, HasSubstr("p: 4000/4000"));
}

TEST(Log, QuietLeavesTheWarnings) {
  for (const bool quiet : {false, true}) {
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    const Log log(quiet);
    log.info("model {} {{}}", "m");
    log.warn("{} rows with {}", 3, "{}");
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              quiet ? "warning: 3 rows with {}\n" : "model m {}\nwarning: 3 rows with {}\n");
    EXPECT_THAT(testing::internal::GetCapturedStdout(), IsEmpty());
  }
}

}  // namespace
}  // namespace chorus::core
