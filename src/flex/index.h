// The small types every part of flex shares: indices, ranges of them, and the natural-log log-sum-exp.
//
//   Range rows{0, 64};
//   LogSumExp lse{1.5F};   // natural logarithm; minus infinity for a row that sees nothing
#pragma once

#include <cstdint>

namespace chorus::flex {

using Index = std::int32_t;

/// Indices [begin, end).
struct Range {
  Index begin = 0, end = 0;

  constexpr Index size() const { return end - begin; }
  friend constexpr bool operator==(Range, Range) = default;
};

/// log(sum of exp(score)), natural logarithm, over the keys a row sees.
struct LogSumExp {
  float value = 0;
};

}  // namespace chorus::flex
