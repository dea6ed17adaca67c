// Figures are images of their size, with what was drawn on them.
#include "report/figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/errors.h"

namespace chorus::report {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

MaskView view() {
  return {prompt_of_ranges({{0, 48}, {48, 95}}, 100), 5};
}

TEST(Figures, PngAndSvg) {
  const std::string png = mask_figure(view(), Format::png), svg = mask_figure(view(), Format::svg);
  EXPECT_THAT(png, StartsWith("\x89PNG\r\n"));
  EXPECT_EQ(static_cast<unsigned char>(png[18]) * 256 + static_cast<unsigned char>(png[19]),
            1500);  // two pixels a point
  EXPECT_THAT(svg, StartsWith("<?xml"));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_TRUE(mask_figure(view(), Format::svg) == svg);
}

TEST(Figures, ManyTokensAreDrawnInBlocks) {
  const MaskView small(prompt_of_ranges({{0, 400}}, 400), 0), large(prompt_of_ranges({{0, 20000}}, 20000), 0);
  EXPECT_LT(mask_figure(large, Format::svg).size(), 2 * mask_figure(small, Format::svg).size());
}

TEST(Figures, BarsAndLinesTakeAnyNumber) {
  EXPECT_THAT(bar_figure("t", {}, Format::svg), HasSubstr("</svg>"));
  EXPECT_THAT(bar_figure("t", {{"a", 0, 0, 0}, {"b", 1, 0.9, 1, true}}, Format::svg), HasSubstr("</svg>"));
  EXPECT_THAT(line_figure("t", "N", "accuracy", {}, false, Format::svg), HasSubstr("</svg>"));
  EXPECT_THAT(line_figure("t", "N", "accuracy", {{"one", {{5, 0.5}}}}, false, Format::svg),
              HasSubstr("</svg>"));
  EXPECT_THAT(
      line_figure("t", "N", "accuracy", {{"one", {{2, 0.5}, {5, 0.7}}}, {"two", {}}}, true, Format::png),
      StartsWith("\x89PNG"));
}

TEST(Figures, FormatsAreKnownByTheirNames) {
  EXPECT_EQ(format_of("a/b.png"), Format::png);
  EXPECT_EQ(format_of("b.svg"), Format::svg);
  test::expect_error(ErrorKind::usage, "'b.jpg'", [] { format_of("b.jpg"); });
}

}  // namespace
}  // namespace chorus::report
