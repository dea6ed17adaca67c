// The figures of a report: a mask as a heat map, accuracy as bars with intervals, a number against N as lines.
//
//   data::write_durable("mask.png", mask_figure(view, Format::png));
#pragma once

#include <string>
#include <vector>

#include "report/canvas.h"
#include "report/mask_view.h"

namespace chorus::report {

/// Allowed pairs green, blocked white; segment borders dashed, red for columns and blue for rows, with their labels. Sequences of more than
/// 400 tokens are drawn in blocks, a block green where its middle pair is allowed.
std::string mask_figure(const MaskView& view, Format format);

struct Bar {
  std::string label;
  double value = 0, lower = 0, upper = 0;  // 0 to 1
  bool highlighted = false;
};
/// One horizontal bar each, with its interval and number; what a label has in brackets stands below it. No bars: an empty sheet that says so.
std::string bar_figure(const std::string& title, const std::vector<Bar>& bars, Format format);

struct Point {
  double x = 0, y = 0;
};
struct Line {
  std::string label;
  std::vector<Point> points;  // by x
};
/// Lines with signs and a legend, each of its own colour, sign and dashes; axes from the data, y from 0 where `from_zero`.
std::string line_figure(const std::string& title, const std::string& x_axis, const std::string& y_axis,
                        const std::vector<Line>& lines, bool from_zero, Format format);

}  // namespace chorus::report
