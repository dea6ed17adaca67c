// Prompts: what check() refuses, and the runs and relation that execution is planned from.
#include "engine/prompt.h"

#include <gtest/gtest.h>

#include "support/errors.h"

namespace chorus::engine {
namespace {

using test::expect_error;

Prompt two_segments() {
  Prompt p;
  p.ids = {5, 6, 7, 8, 9, 1};
  p.segment_of = {0, 0, -1, 1, 1, -1};
  p.segments = 2;
  p.sees = {{1, 0}};
  p.positions = {0, 1, 2, 3, 4, 5};
  p.free_from = 5;
  p.paraphrase_of = {-1, 0};
  p.paraphrases = 1;
  return p;
}

TEST(Prompt, SoundOnesPass) {
  EXPECT_NO_THROW(check(two_segments(), 10));
  EXPECT_NO_THROW(check(causal_prompt({0, 9}), 10));
  Prompt all_free = two_segments();
  all_free.free_from = 0;
  EXPECT_NO_THROW(check(all_free, 10));
}

TEST(Prompt, EachBrokenPartIsNamed) {
  const auto refused = [](const std::string& part, auto&& change) {
    Prompt p = two_segments();
    change(p);
    expect_error(ErrorKind::data, part, [&] { check(p, 10); });
  };
  refused("no tokens", [](Prompt& p) { p = Prompt{}; });
  refused("5 segment numbers", [](Prompt& p) { p.segment_of.pop_back(); });
  refused("7 positions", [](Prompt& p) { p.positions.push_back(6); });
  refused("token id 10", [](Prompt& p) { p.ids[2] = 10; });
  refused("token id -1", [](Prompt& p) { p.ids[2] = -1; });
  refused("segment 2 of 2", [](Prompt& p) { p.segment_of[4] = 2; });
  refused("segment -2", [](Prompt& p) { p.segment_of[4] = -2; });
  refused("segment 1 sees 2", [](Prompt& p) { p.sees.emplace_back(1, 2); });
  refused("segment -1 sees 0", [](Prompt& p) { p.sees.emplace_back(-1, 0); });
  refused("free rows from 7", [](Prompt& p) { p.free_from = 7; });
  refused("free rows from -1", [](Prompt& p) { p.free_from = -1; });
  refused("1 paraphrase marks for 2", [](Prompt& p) { p.paraphrase_of.pop_back(); });
  refused("paraphrase 1 of 1", [](Prompt& p) { p.paraphrase_of[0] = 1; });
  refused("paraphrase -2", [](Prompt& p) { p.paraphrase_of[0] = -2; });
  refused("position -3", [](Prompt& p) { p.positions[0] = -3; });
  refused("position 2147483647", [](Prompt& p) { p.positions[5] = 2147483647; });
}

TEST(Prompt, GenerationContinuesAfterTheLargestPosition) {
  Prompt p = two_segments();
  EXPECT_EQ(p.next_position(), 6);
  p.positions[1] = 40;
  EXPECT_EQ(p.next_position(), 41);
  EXPECT_EQ(Prompt{}.next_position(), 0);
}

TEST(Prompt, CausalPromptIsOneSegment) {
  const Prompt p = causal_prompt({3, 4, 5});
  EXPECT_EQ(p.segment_of, (std::vector<std::int32_t>{0, 0, 0}));
  EXPECT_EQ(p.positions, (std::vector<std::int32_t>{0, 1, 2}));
  EXPECT_EQ(p.free_from, 3);
  EXPECT_EQ(p.segments, 1);
}

std::vector<std::vector<std::int32_t>> runs(std::vector<std::int32_t> segment_of, std::int32_t free_from) {
  Prompt p;
  p.ids.assign(segment_of.size(), 0);
  p.segment_of = std::move(segment_of);
  p.free_from = free_from;
  std::vector<std::vector<std::int32_t>> result;
  for (const Run& run : runs_of(p)) result.push_back({run.segment, run.begin, run.end});
  return result;
}

TEST(Prompt, RunsAreMaximalAndEndAtTheFreeRows) {
  using Runs = std::vector<std::vector<std::int32_t>>;
  EXPECT_EQ(runs({0, 0, -1, 1, 1, -1}, 5), (Runs{{0, 0, 2}, {-1, 2, 3}, {1, 3, 5}}));
  EXPECT_EQ(runs({0, 1, 0, 0}, 4), (Runs{{0, 0, 1}, {1, 1, 2}, {0, 2, 4}}));
  EXPECT_EQ(runs({0, 0, 0}, 2), (Runs{{0, 0, 2}}));
  EXPECT_EQ(runs({-1, -1}, 2), (Runs{{-1, 0, 2}}));
  EXPECT_EQ(runs({0, 0}, 0), Runs{});
}

TEST(Prompt, SeesIsUsedAsWritten) {
  Prompt p = two_segments();
  p.segments = 3;
  p.sees = {{1, 0}, {2, 1}};
  EXPECT_EQ(sees_matrix(p), (std::vector<std::uint8_t>{1, 0, 0, 1, 1, 0, 0, 1, 1}));  // 2 does not see 0
}

}  // namespace
}  // namespace chorus::engine
