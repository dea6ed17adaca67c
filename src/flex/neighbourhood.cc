#include "flex/mods/neighbourhood.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"

namespace chorus::flex {

Neighbourhood neighbourhood(Area canvas, Area kernel) {
  if (kernel.height < 1 || kernel.width < 1 || kernel.height > canvas.height || kernel.width > canvas.width)
    throw Error(ErrorKind::usage,
                fmt::format("neighbourhood: a kernel of {} x {} on {} x {}", kernel.height, kernel.width,
                            canvas.height, canvas.width),
                "1 or more, and no larger than the canvas", "");
  return {canvas, kernel};
}

// The rows fall into lines of the picture; the columns that a piece of a line sees are one range, line by line.
void Neighbourhood::seen_keys(Index, Index, Range q, Range kv, SeenKeys& out) const {
  const Index tokens = canvas.height * canvas.width, end = std::min(q.end, tokens);
  for (Index row = q.begin; row < end;) {
    const Index y = row / canvas.width, x = row % canvas.width;
    const Index last = std::min(end - 1 - y * canvas.width, canvas.width - 1);
    const Index top = first(y, canvas.height, kernel.height);
    const Index left = first(x, canvas.width, kernel.width), right = first(last, canvas.width, kernel.width);
    SeenKeys line;
    for (std::int64_t from = std::int64_t{top} * canvas.width;
         from < std::int64_t{top + kernel.height} * canvas.width; from += canvas.width)
      line.add(clip_keys(from + left, from + right + kernel.width - 1, kv),
               clip_keys(from + right, from + left + kernel.width - 1, kv));
    for (const Range range : line.any) out.any.push(range);
    if (row == q.begin) {
      out.all.assign(line.all);
    } else {
      KeyRanges both;
      intersect(out.all, line.all, both);
      out.all.assign(both);
    }
    row = y * canvas.width + last + 1;
  }
  out.any.sort();
  if (q.end > tokens) out.all.clear();
}

}  // namespace chorus::flex
