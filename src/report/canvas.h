// A sheet to draw figures on, as PNG or SVG, through cairo. Lengths are in points from the upper left corner.
//
//   Canvas canvas(640, 400, Format::svg);
//   canvas.box(10, 10, 100, 20, kBlue);   canvas.text(10, 50, "flex", {.size = 12});
//   data::write_durable("bars.svg", canvas.finish());
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace chorus::report {

struct Colour {
  double red = 0, green = 0, blue = 0;  // 0 to 1
};
inline constexpr Colour kInk{0.13, 0.15, 0.19}, kGrey{0.62, 0.65, 0.70}, kFaint{0.90, 0.91, 0.93},
    kPaper{1, 1, 1};
inline constexpr Colour kBlue{0.16, 0.42, 0.72}, kOrange{0.88, 0.46, 0.10}, kGreen{0.30, 0.65, 0.42},
    kRed{0.78, 0.22, 0.22};
/// The n-th of the colours that lines take in turn: Okabe and Ito's, which colour-blind readers can tell apart (Color Universal Design, 2008).
Colour colour_of(std::size_t n);

enum class Format { png, svg };
/// By the file's extension; throws Error(usage) for another than .png and .svg.
Format format_of(const std::filesystem::path& file);

enum class Align { left, centre, right };
struct TextStyle {
  double size = 11;
  Align align = Align::left;
  Colour colour = kInk;
  bool bold = false;
  double angle = 0;  // radians, clockwise
};

class Canvas {
 public:
  /// White paper of width x height points; a PNG has two pixels a point. Throws Error(usage) for a size cairo cannot make.
  Canvas(double width, double height, Format format);
  ~Canvas();
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  void box(double x, double y, double width, double height, Colour fill);
  void line(double x0, double y0, double x1, double y1, Colour colour, double thickness = 1,
            bool dashed = false);
  /// The n-th of six signs that need no colour to be told apart: circle, square, triangle, diamond, triangle upside down, cross.
  void sign(std::size_t n, double x, double y, double radius, Colour colour);
  /// `y` is the baseline. UTF-8.
  void text(double x, double y, std::string_view text, const TextStyle& style = {});
  double text_width(std::string_view text, const TextStyle& style = {}) const;

  /// The file's bytes; the canvas is used up. Throws Error(io) where cairo cannot write it.
  std::string finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chorus::report
