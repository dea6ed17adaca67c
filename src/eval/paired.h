// Is one method better than another on the same questions? Only the questions on which they differ can say.
//
//   Discordant d;
//   for (std::size_t i = 0; i < n; ++i) d.add(flex_right[i], avg_right[i]);
//   const double p = mcnemar_exact(d);
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace chorus::eval {

/// Questions that exactly one of two methods answered rightly.
struct Discordant {
  std::int64_t first_only = 0;
  std::int64_t second_only = 0;

  void add(bool first_right, bool second_right) {
    first_only += first_right && !second_right ? 1 : 0;
    second_only += second_right && !first_right ? 1 : 0;
  }
};

/// The two-sided exact p value of McNemar's test: under equal methods each discordant question is a fair
/// coin. In [0, 1]; 1 where the methods never differ. Relative error under 1e-9 for fewer than a million
/// discordant questions; values under 1e-300 come out as 0. Throws Error(data) for a negative count.
double mcnemar_exact(Discordant counts);

/// The smallest lead, first_only - second_only, that mcnemar_exact() gives a p of at most `alpha` where so many questions are
/// discordant; 0 where none does. Throws Error(data) for a negative count.
std::int64_t smallest_lead(std::int64_t discordant, double alpha = 0.05);

/// Holm's step-down adjustment of the p values of one table (S. Holm, Scand. J. Statist. 6, 1979), in the order given: the chance of
/// any false alarm among those at most alpha is at most alpha. NaN stands for "no test": it stays and is not counted.
std::vector<double> holm(std::span<const double> p_values);

}  // namespace chorus::eval
