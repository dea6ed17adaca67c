// Neighbourhood attention over a picture of height x width tokens in row-major order (NATTEN, arXiv 2204.07143): a query sees
// the kernel_height x kernel_width tokens around it. At a border the kernel is moved inside, so that every query sees that
// many; of an even kernel the larger half lies before the query. Tokens past the picture see nothing and are not seen.
//
//   attention(q, k, v, out, {}, neighbourhood({.height = 32, .width = 48}, {.height = 7, .width = 9}));
//   attention(q, k, v, out, {}, batchify(neighbourhood({8, 8}, {3, 3}), 64));   // pictures in a row
#pragma once

#include "flex/combine.h"

namespace chorus::flex {

struct Area {
  Index height = 0, width = 0;
};

struct Neighbourhood : MaskOperand {
  static constexpr bool kSameForHeads = true;
  Area canvas, kernel;
  constexpr Neighbourhood(Area picture, Area window) : canvas(picture), kernel(window) {}

  FLEX_MOD constexpr bool operator()(Index, Index, Index q, Index kv) const {
    const Index y = q / canvas.width, x = q % canvas.width, top = first(y, canvas.height, kernel.height),
                left = first(x, canvas.width, kernel.width);
    const Index key_y = kv / canvas.width, key_x = kv % canvas.width;
    return y < canvas.height && key_y >= top && key_y < top + kernel.height && key_x >= left &&
           key_x < left + kernel.width;
  }
  void seen_keys(Index, Index, Range q, Range kv, SeenKeys& out) const;

  /// The first place of the kernel of the query at `at`, along one axis.
  FLEX_MOD static constexpr Index first(Index at, Index length, Index size) {
    const Index begin = at - size / 2, most = length - size;
    return begin < 0 ? 0 : begin < most ? begin : most;
  }
};

/// Throws Error(usage) unless kernel sides are 1 or more and at most the canvas's.
Neighbourhood neighbourhood(Area canvas, Area kernel);

}  // namespace chorus::flex
