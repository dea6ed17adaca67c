// The view of the published system's own example, and the mask against flex's.
#include "report/mask_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ensemble/layout.h"
#include "flex/mods/segment_relation.h"
#include "tests/support/errors.h"

namespace chorus::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::pair<std::int32_t, std::int32_t>> kRanges = {
    {0, 48}, {48, 95}, {95, 143}, {143, 192}, {192, 238}};

engine::Prompt shared_prompt(ensemble::Cue cue) {
  ensemble::LayoutTokens tokens{.paraphrases = {{1, 2, 3, 4, 5}, {1, 2, 6, 7}, {1, 2, 8}}, .shared = 2};
  if (cue == ensemble::Cue::fused) tokens.cue = {9, 10};
  return ensemble::assemble_layout(
      {.kind = ensemble::LayoutKind::shared, .bos_scope = ensemble::BosScope::all, .cue = cue}, tokens);
}

TEST(MaskView, GoldenPositions) {
  const MaskView view(prompt_of_ranges(kRanges, 238), 10);
  EXPECT_THAT(view.positions(), ElementsAre(0, 16, 32, 47, 48, 63, 79, 94, 95, 111, 127, 142, 143, 159, 175,
                                            191, 192, 207, 237, 238, 239, 240, 241, 242, 247));
  EXPECT_EQ(view.label(0), "S1");
  EXPECT_EQ(view.label(47), "E1");
  EXPECT_EQ(view.label(192), "S5");
  EXPECT_EQ(view.label(237), "E5");
  EXPECT_EQ(view.label(238), "G0");
  EXPECT_EQ(view.label(239), "");
}

TEST(MaskView, ShortSequencesAreShownWholeAndLongOnesFill) {
  EXPECT_EQ(MaskView(prompt_of_ranges({{0, 20}}, 20), 5).positions().size(), 25U);
  EXPECT_EQ(MaskView(prompt_of_ranges({{0, 20}}, 20), 6).positions().size(), 25U);
  const auto positions = MaskView(prompt_of_ranges({{0, 1000}}, 1000), 0).positions();
  EXPECT_EQ(positions.size(), 25U);
  EXPECT_EQ(positions.front(), 0);
  EXPECT_EQ(positions.back(), 999);
  std::vector<std::pair<std::int32_t, std::int32_t>> many;
  for (int i = 0; i < 40; ++i) many.emplace_back(10 * i, 10 * i + 9);
  const auto kept = MaskView(prompt_of_ranges(many, 400), 10).positions();
  EXPECT_EQ(kept.size(), 25U);
  for (const int position : {399, 400, 401, 402, 403, 404, 409})
    EXPECT_THAT(kept, testing::Contains(position));
}

TEST(MaskView, IsTheMaskOfFlex) {
  for (const auto cue : {ensemble::Cue::own, ensemble::Cue::fused}) {
    const engine::Prompt prompt = shared_prompt(cue);
    const MaskView view(prompt, 3);
    const flex::SegmentRelation relation(
        {prompt.segment_of.begin(), prompt.segment_of.end()}, prompt.segments,
        std::vector<std::pair<flex::Index, flex::Index>>(prompt.sees.begin(), prompt.sees.end()),
        prompt.free_from);
    const auto mask = relation.mask();
    for (std::int32_t q = 0; q < view.length(); ++q)
      for (std::int32_t k = 0; k < view.length(); ++k)
        EXPECT_EQ(view.allowed(q, k), mask(0, 0, q, k)) << q << " " << k;
  }
}

TEST(MaskView, DrawsSquaresAndDots) {
  const MaskView view(prompt_of_ranges({{0, 2}, {3, 4}}, 4), 1);
  EXPECT_EQ(view.text(),
            "Q\\KV       0   1   2   3   4\n"
            "S1     0   ■   ·   ·   ·   ·\n"
            "E1     1   ■   ■   ·   ·   ·\n"
            "       2   ·   ·   ·   ·   ·\n"
            "S2     3   ·   ·   ·   ■   ·\n"
            "G0     4   ■   ■   ■   ■   ■\n");
  EXPECT_EQ(view.by_segment(),
            "Q\\KV  S1  S2   G\n"
            "S1     ■   ·   ·\n"
            "S2     ·   ■   ·\n"
            "G      ■   ■   ■\n");
  EXPECT_THAT(view.legend(), HasSubstr("prompt: 4 tokens; generated: 1"));
}

TEST(MaskView, ASharedInstructionIsSeenByAll) {
  EXPECT_EQ(MaskView(shared_prompt(ensemble::Cue::fused), 2).by_segment(),
            "Q\\KV  SI  S1  S2  S3   C   G\n"
            "SI     ■   ·   ·   ·   ·   ·\n"
            "S1     ■   ■   ·   ·   ·   ·\n"
            "S2     ■   ·   ■   ·   ·   ·\n"
            "S3     ■   ·   ·   ■   ·   ·\n"
            "C      ■   ■   ■   ■   ■   ·\n"
            "G      ■   ■   ■   ■   ■   ■\n");
}

TEST(MaskView, RangesMustBeAscendingAndInside) {
  test::expect_error(ErrorKind::usage, "segment 3-5", [] { prompt_of_ranges({{0, 4}, {3, 5}}, 9); });
  test::expect_error(ErrorKind::usage, "segment 4-4", [] { prompt_of_ranges({{4, 4}}, 9); });
  test::expect_error(ErrorKind::usage, "segment 0-10", [] { prompt_of_ranges({{0, 10}}, 9); });
  test::expect_error(ErrorKind::usage, "-1 generated", [] { MaskView(prompt_of_ranges({{0, 4}}, 4), -1); });
}

}  // namespace
}  // namespace chorus::report
