#include "report/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>
#include <string_view>

namespace chorus::report {
namespace {

constexpr std::int32_t kMostRows = 400;
constexpr Colour kLabel{0.36, 0.39, 0.44};  // grey that can be read on white

struct Range {
  double low = 0, high = 1;
  double part(double value) const { return high == low ? 0.5 : (value - low) / (high - low); }
};

/// A round step that cuts the range into about `count` parts: 1, 2 or 5 times a power of ten.
double step_of(Range range, int count) {
  const double raw = (range.high - range.low) / count;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (raw <= factor * power) return factor * power;
  return 10 * power;
}

std::string number(double value) {
  return fmt::format("{:.4g}", std::abs(value) < 1e-12 ? 0.0 : value);
}

Range widened(Range range, bool from_zero) {
  if (from_zero) range.low = std::min(range.low, 0.0);
  const double margin = std::max(1e-9, 0.08 * (range.high - range.low));
  if (range.high == range.low) return {range.low - 0.5, range.high + 0.5};
  return {from_zero ? range.low : range.low - margin, range.high + margin};
}

void draw_cells(Canvas& canvas, const MaskView& view, double x0, double y0, double side) {
  const std::int32_t block = (view.length() + kMostRows - 1) / kMostRows,
                     rows = (view.length() + block - 1) / block;
  const double cell = side / rows;
  const auto is_allowed = [&](std::int32_t row, std::int32_t column) {
    const std::int32_t q = std::min(row * block + block / 2, view.length() - 1),
                       k = std::min(column * block + block / 2, view.length() - 1);
    return view.allowed(q, k);
  };
  for (std::int32_t row = 0; row < rows; ++row)
    for (std::int32_t column = 0; column <= row;) {
      std::int32_t end = column;
      while (end <= row && is_allowed(row, end)) ++end;
      if (end > column)
        canvas.box(x0 + column * cell, y0 + row * cell, (end - column) * cell, cell + 0.4, kGreen);
      column = end + 1;
    }
}

/// To the left of x, as much of it as fits there.
void fitting_text(Canvas& canvas, std::string_view text, double x, double y, const TextStyle& style) {
  std::string shown(text);
  for (std::size_t end = text.size(); end > 0 && canvas.text_width(shown, style) > x - 8;) {
    do {
      --end;
    } while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U);
    shown = std::string(text.substr(0, end)) + "…";
  }
  canvas.text(x, y, shown, style);
}

/// What stands in brackets, a layout, has a line of its own, or two: it may break after a comma.
void bar_label(Canvas& canvas, std::string_view label, double x, double middle) {
  const std::size_t bracket = label.find(" (");
  if (bracket == std::string_view::npos) {
    fitting_text(canvas, label, x, middle + 4, {.align = Align::right});
    return;
  }
  TextStyle small{.size = 9, .align = Align::right, .colour = kLabel};
  std::string_view rest = label.substr(bracket + 1);
  const auto fits = [&](std::size_t end) { return canvas.text_width(rest.substr(0, end), small) <= x - 8; };
  std::size_t end = rest.size();
  if (!fits(end)) small.size = 8;
  while (end != 0 && !fits(end)) {
    const std::size_t comma = rest.rfind(',', end - 2);
    end = comma == std::string_view::npos ? 0 : comma + 1;
  }
  const bool breaks = end != 0 && end != rest.size();
  fitting_text(canvas, label.substr(0, bracket), x, middle - (breaks ? 6 : 1), {.align = Align::right});
  if (breaks) fitting_text(canvas, rest.substr(0, end), x, middle + 4, small);
  fitting_text(canvas, breaks ? rest.substr(end) : rest, x, middle + (breaks ? 13 : 10), small);
}

}  // namespace

std::string mask_figure(const MaskView& view, Format format) {
  constexpr double kSide = 640, kLeft = 70, kTop = 60;
  Canvas canvas(kSide + kLeft + 40, kSide + kTop + 90, format);
  canvas.text(kLeft, 24, fmt::format("Attention mask of {} tokens", view.length()),
              {.size = 15, .bold = true});
  draw_cells(canvas, view, kLeft, kTop, kSide);
  const double scale = kSide / view.length();
  for (const MaskSegment& s : view.segments()) {
    const double begin = s.begin * scale, end = s.end * scale, middle = (begin + end) / 2;
    canvas.line(kLeft + end, kTop, kLeft + end, kTop + kSide, kRed, 0.7, true);
    canvas.line(kLeft, kTop + end, kLeft + kSide, kTop + end, kBlue, 0.7, true);
    if (end - begin < 9) continue;  // no room for a label
    canvas.text(kLeft + middle, kTop - 6, s.label, {.align = Align::centre});
    canvas.text(kLeft - 8, kTop + middle + 4, s.label, {.align = Align::right});
  }
  canvas.line(kLeft, kTop, kLeft + kSide, kTop, kInk);
  canvas.line(kLeft, kTop, kLeft, kTop + kSide, kInk);
  canvas.text(kLeft + kSide / 2, kTop + kSide + 22, "Key position", {.align = Align::centre});
  canvas.text(18, kTop + kSide / 2, "Query position",
              {.align = Align::centre, .angle = -std::numbers::pi / 2});
  canvas.box(kLeft, kTop + kSide + 42, 14, 14, kGreen);
  canvas.text(kLeft + 20, kTop + kSide + 53,
              "may attend    white: may not    1, 2, ... paraphrases   I instruction   B beginning of text   "
              "C cue   G generated");
  return canvas.finish();
}

std::string bar_figure(const std::string& title, const std::vector<Bar>& bars, Format format) {
  constexpr double kRow = 30, kLeft = 250, kWidth = 340, kTop = 44, kBar = 18;
  const double bottom = kTop + kRow * static_cast<double>(bars.size());
  Canvas canvas(kLeft + kWidth + 70, bottom + 30, format);
  canvas.text(12, 24, title, {.size = 15, .bold = true});
  if (bars.empty()) canvas.text(12, kTop + 10, "nothing to show");
  for (int tenth = 0; tenth <= 10; tenth += 2) {
    const double x = kLeft + kWidth * tenth / 10;
    canvas.line(x, kTop, x, bottom, kFaint);
    canvas.text(x, bottom + 18, fmt::format("{:.1f}", tenth / 10.0),
                {.align = Align::centre, .colour = kLabel});
  }
  double y = kTop;
  for (const Bar& bar : bars) {
    const double middle = y + kRow / 2;
    bar_label(canvas, bar.label, kLeft - 8, middle);
    canvas.box(kLeft, middle - kBar / 2, kWidth * bar.value, kBar, bar.highlighted ? kOrange : kBlue);
    canvas.line(kLeft + kWidth * bar.lower, middle, kLeft + kWidth * bar.upper, middle, kInk, 1.4);
    for (const double end : {bar.lower, bar.upper})
      canvas.line(kLeft + kWidth * end, middle - 5, kLeft + kWidth * end, middle + 5, kInk, 1.4);
    canvas.text(kLeft + kWidth + 10, middle + 4, fmt::format("{:.3f}", bar.value));
    y += kRow;
  }
  return canvas.finish();
}

std::string line_figure(const std::string& title, const std::string& x_axis, const std::string& y_axis,
                        const std::vector<Line>& lines, bool from_zero, Format format) {
  constexpr double kLeft = 70, kTop = 44, kWidth = 480, kHeight = 280;
  const double below = kTop + kHeight + 56;
  Canvas canvas(kLeft + kWidth + 40, below + 20.0 * static_cast<double>(lines.size()), format);
  canvas.text(12, 24, title, {.size = 15, .bold = true});
  Range xs{1e300, -1e300}, ys{1e300, -1e300};
  std::set<double> ticks;
  for (const Line& line : lines)
    for (const Point& p : line.points) {
      xs = {std::min(xs.low, p.x), std::max(xs.high, p.x)};
      ys = {std::min(ys.low, p.y), std::max(ys.high, p.y)};
      ticks.insert(p.x);
    }
  if (ticks.empty()) {
    canvas.text(12, kTop + 10, "nothing to show");
    return canvas.finish();
  }
  xs = widened(xs, false);
  ys = widened(ys, from_zero);
  const auto place_x = [&](double x) { return kLeft + kWidth * xs.part(x); };
  const auto place_y = [&](double y) { return kTop + kHeight * (1 - ys.part(y)); };
  const double step = step_of(ys, 5);
  const int first_tick = static_cast<int>(std::ceil(ys.low / step)),
            last_tick = static_cast<int>(std::floor(ys.high / step));
  for (int tick = first_tick; tick <= last_tick; ++tick) {
    const double y = tick * step;
    canvas.line(kLeft, place_y(y), kLeft + kWidth, place_y(y), kFaint);
    canvas.text(kLeft - 8, place_y(y) + 4, number(y), {.align = Align::right, .colour = kLabel});
  }
  for (const double x : ticks)
    canvas.text(place_x(x), kTop + kHeight + 18, number(x), {.align = Align::centre, .colour = kLabel});
  canvas.text(kLeft + kWidth / 2, kTop + kHeight + 36, x_axis, {.align = Align::centre});
  canvas.text(18, kTop + kHeight / 2, y_axis, {.align = Align::centre, .angle = -std::numbers::pi / 2});
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Colour colour = colour_of(i);
    const bool dashed = i % 2 == 1;
    const auto& points = lines[i].points;
    for (std::size_t p = 0; p < points.size(); ++p) {
      if (p > 0)
        canvas.line(place_x(points[p - 1].x), place_y(points[p - 1].y), place_x(points[p].x),
                    place_y(points[p].y), colour, 1.8, dashed);
      canvas.sign(i, place_x(points[p].x), place_y(points[p].y), 4, colour);
    }
    const double y = below + 20.0 * static_cast<double>(i);
    canvas.line(kLeft, y - 4, kLeft + 28, y - 4, colour, 1.8, dashed);
    canvas.sign(i, kLeft + 14, y - 4, 4, colour);
    canvas.text(kLeft + 36, y, lines[i].label);
  }
  return canvas.finish();
}

}  // namespace chorus::report
