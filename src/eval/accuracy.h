// How often a method was right, and how sure a sample of that size can be of it.
//
//   Tally tally;
//   for (const auto& row : rows) tally.add(is_match(row.prediction, row.answers));
//   const Accuracy a = accuracy(tally);   // a.value, a.n, a.interval.lower, a.interval.upper
#pragma once

#include <cstdint>
#include <span>

namespace chorus::eval {

/// Right answers among those scored: 0 <= correct <= n.
struct Tally {
  std::int64_t correct = 0;
  std::int64_t n = 0;

  void add(bool right) {
    correct += right ? 1 : 0;
    ++n;
  }
};

/// Ends of an interval of a share: 0 <= lower <= upper <= 1.
struct Interval {
  double lower = 0.0;
  double upper = 1.0;
};

/// `value` is correct / n, 0 where n is 0. `interval` is Wilson's at 95 %.
struct Accuracy {
  double value = 0.0;
  std::int64_t correct = 0;
  std::int64_t n = 0;
  Interval interval;
};

/// Wilson's score interval at 95 %, without continuity correction (E. B. Wilson, JASA 22, 1927). Always
/// inside [0, 1] and never empty, which the normal approximation is not near 0 and 1; n = 0 says nothing: [0,
/// 1]. Relative error under 1e-14. Throws Error(data) unless 0 <= correct <= n.
Interval wilson_interval(Tally tally);

/// Throws as wilson_interval does.
Accuracy accuracy(Tally tally);

/// The mean of the groups' own accuracies, each group counted once whatever its size (a macro average);
/// groups with nothing scored are left out; 0 if that leaves none.
double mean_over_groups(std::span<const Tally> groups);

}  // namespace chorus::eval
