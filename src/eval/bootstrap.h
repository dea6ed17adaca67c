// How sure is a mean, or a difference of means, when questions belong together? Resampling whole clusters of questions says.
//
//   std::vector<double> difference;                       // flex's score - avg's, one a question
//   const Estimate e = bootstrap(difference, relation_of); // e.value, e.interval.lower, e.interval.upper
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace chorus::eval {

struct Bounds {
  double lower = 0.0, upper = 0.0;
};

struct Estimate {
  double value = 0.0;
  Bounds interval;  // 95 %
};

struct BootstrapOptions {
  int resamples = 10'000;
  std::uint64_t seed = 42;
};

/// The mean of `values` with its 95 % percentile bootstrap interval (Efron 1979). `cluster`: for each value the group it belongs to,
/// any numbers; whole groups are drawn (Field and Welsh 2007); empty: every value is its own. The ends are the linear
/// quantiles .025 and .975 of the resampled means. Draws are std::mt19937_64's, the same for the same seed everywhere.
/// No values: all zero. Throws Error(data) where sizes differ, Error(usage) for fewer than 100 resamples.
Estimate bootstrap(std::span<const double> values, std::span<const std::size_t> cluster = {},
                   const BootstrapOptions& options = {});

}  // namespace chorus::eval
