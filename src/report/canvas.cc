#include "report/canvas.h"

#include <cairo-svg.h>
#include <cairo.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "core/error.h"

namespace chorus::report {
namespace {

constexpr double kPixelsPerPoint = 2;

cairo_status_t append(void* target, const unsigned char* bytes, unsigned int count) {
  static_cast<std::string*>(target)->append(reinterpret_cast<const char*>(bytes), count);
  return CAIRO_STATUS_SUCCESS;
}

/// cairo numbers its surfaces through a process; the same figure shall be the same bytes.
void drop_surface_number(std::string& svg) {
  constexpr std::string_view kName = "id=\"surface";
  const std::size_t at = svg.find(kName);
  if (at == std::string::npos) return;
  const std::size_t number = at + kName.size(), end = svg.find('"', number);
  svg.erase(number, end - number);
}

struct SurfaceEnd {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
struct ContextEnd {
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};

}  // namespace

struct Canvas::Impl {
  std::string bytes;  // outlives the surface that writes to it
  Format format = Format::svg;
  std::unique_ptr<cairo_surface_t, SurfaceEnd> surface;
  std::unique_ptr<cairo_t, ContextEnd> context;

  void colour(Colour c) const { cairo_set_source_rgb(context.get(), c.red, c.green, c.blue); }
  void font(const TextStyle& style) const {
    cairo_select_font_face(context.get(), "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           style.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(context.get(), style.size);
  }
};

Colour colour_of(std::size_t n) {
  constexpr std::array kColours = {Colour{0.00, 0.45, 0.70},
                                   Colour{0.84, 0.37, 0.00},
                                   Colour{0.00, 0.62, 0.45},
                                   Colour{0.80, 0.47, 0.65},
                                   Colour{0.34, 0.71, 0.91},
                                   Colour{0.90, 0.62, 0.00},
                                   kInk,
                                   kGrey};
  return kColours[n % kColours.size()];
}

Format format_of(const std::filesystem::path& file) {
  if (file.extension() == ".png") return Format::png;
  if (file.extension() == ".svg") return Format::svg;
  throw Error(ErrorKind::usage, fmt::format("a figure called '{}'", file.string()),
              "a name that ends in .png or .svg", "change the name");
}

Canvas::Canvas(double width, double height, Format format) : impl_(std::make_unique<Impl>()) {
  impl_->format = format;
  if (format == Format::svg) {
    impl_->surface.reset(cairo_svg_surface_create_for_stream(append, &impl_->bytes, width, height));
  } else {
    impl_->surface.reset(cairo_image_surface_create(CAIRO_FORMAT_RGB24,
                                                    static_cast<int>(width * kPixelsPerPoint),
                                                    static_cast<int>(height * kPixelsPerPoint)));
    cairo_surface_set_device_scale(impl_->surface.get(), kPixelsPerPoint, kPixelsPerPoint);
  }
  if (const auto status = cairo_surface_status(impl_->surface.get()); status != CAIRO_STATUS_SUCCESS) {
    throw Error(
        ErrorKind::usage,
        fmt::format("a figure of {:.0f} x {:.0f} points ({})", width, height, cairo_status_to_string(status)),
        "a size that fits an image", "draw less");
  }
  impl_->context.reset(cairo_create(impl_->surface.get()));
  box(0, 0, width, height, kPaper);
}

Canvas::~Canvas() = default;

void Canvas::box(double x, double y, double width, double height, Colour fill) {
  impl_->colour(fill);
  cairo_rectangle(impl_->context.get(), x, y, width, height);
  cairo_fill(impl_->context.get());
}

void Canvas::line(double x0, double y0, double x1, double y1, Colour colour, double thickness, bool dashed) {
  cairo_t* const context = impl_->context.get();
  constexpr std::array kDashes = {4.0, 3.0};
  impl_->colour(colour);
  cairo_set_line_width(context, thickness);
  cairo_set_dash(context, kDashes.data(), dashed ? static_cast<int>(kDashes.size()) : 0, 0);
  cairo_move_to(context, x0, y0);
  cairo_line_to(context, x1, y1);
  cairo_stroke(context);
}

void Canvas::sign(std::size_t n, double x, double y, double radius, Colour colour) {
  cairo_t* const context = impl_->context.get();
  impl_->colour(colour);
  constexpr std::size_t kSigns = 6, kCross = 5;
  if (n % kSigns == kCross) {
    line(x - radius, y - radius, x + radius, y + radius, colour, 1.8);
    line(x - radius, y + radius, x + radius, y - radius, colour, 1.8);
    return;
  }
  // corners on a circle: how many, and the angle of the first
  constexpr std::array<std::pair<int, double>, kCross> kCorners = {
      std::pair{0, 0.0}, {4, 0.25}, {3, -0.5}, {4, 0.0}, {3, 0.5}};
  const auto [corners, first] = kCorners[n % kSigns];
  cairo_new_path(context);  // a text leaves a point behind
  if (corners == 0) cairo_arc(context, x, y, radius, 0, 2 * std::numbers::pi);
  for (int i = 0; i < corners; ++i) {
    const double angle = std::numbers::pi * (first + 2.0 * i / corners), size = 1.25 * radius;
    cairo_line_to(context, x + size * std::cos(angle), y + size * std::sin(angle));
  }
  cairo_close_path(context);
  cairo_fill(context);
}

double Canvas::text_width(std::string_view text, const TextStyle& style) const {
  impl_->font(style);
  cairo_text_extents_t extents;
  cairo_text_extents(impl_->context.get(), std::string(text).c_str(), &extents);
  return extents.x_advance;
}

void Canvas::text(double x, double y, std::string_view text, const TextStyle& style) {
  cairo_t* const context = impl_->context.get();
  const double width = text_width(text, style);
  const double shift = style.align == Align::left ? 0 : style.align == Align::right ? -width : -width / 2;
  impl_->colour(style.colour);
  cairo_save(context);
  cairo_translate(context, x, y);
  cairo_rotate(context, style.angle);
  cairo_move_to(context, shift, 0);
  cairo_show_text(context, std::string(text).c_str());
  cairo_restore(context);
}

std::string Canvas::finish() {
  impl_->context.reset();
  cairo_surface_t* const surface = impl_->surface.get();
  cairo_status_t status = CAIRO_STATUS_SUCCESS;
  if (impl_->format == Format::png)
    status = cairo_surface_write_to_png_stream(surface, append, &impl_->bytes);
  cairo_surface_finish(surface);
  if (status == CAIRO_STATUS_SUCCESS) status = cairo_surface_status(surface);
  if (impl_->format == Format::svg) drop_surface_number(impl_->bytes);
  if (status == CAIRO_STATUS_SUCCESS) return std::move(impl_->bytes);
  throw Error(ErrorKind::io, fmt::format("a figure could not be made: {}", cairo_status_to_string(status)),
              "an image", "free memory and try again");
}

}  // namespace chorus::report
