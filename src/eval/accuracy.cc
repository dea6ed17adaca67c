#include "eval/accuracy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace chorus::eval {
namespace {

constexpr double kNormal975 = 1.959963984540054;  // the normal distribution's 97.5 % point

void check(Tally tally) {
  if (tally.correct >= 0 && tally.correct <= tally.n) return;
  throw Error(ErrorKind::data, fmt::format("a count of {} right answers among {}", tally.correct, tally.n),
              "a count between 0 and the number of answers", "count the same rows for both");
}

}  // namespace

Interval wilson_interval(Tally tally) {
  check(tally);
  if (tally.n == 0) return {};
  const double n = static_cast<double>(tally.n);
  const double p = static_cast<double>(tally.correct) / n;
  const double z2 = kNormal975 * kNormal975;
  const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half = kNormal975 / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  // At the two ends one limit is 0 or 1 exactly; rounding would leave 1e-17 there.
  return {tally.correct == 0 ? 0.0 : std::max(0.0, centre - half),
          tally.correct == tally.n ? 1.0 : std::min(1.0, centre + half)};
}

Accuracy accuracy(Tally tally) {
  const Interval interval = wilson_interval(tally);
  const double value = tally.n == 0 ? 0.0 : static_cast<double>(tally.correct) / static_cast<double>(tally.n);
  return {value, tally.correct, tally.n, interval};
}

double mean_over_groups(std::span<const Tally> groups) {
  double sum = 0;
  std::int64_t counted = 0;
  for (const Tally& group : groups) {
    if (group.n == 0) continue;
    sum += accuracy(group).value;
    ++counted;
  }
  return counted == 0 ? 0.0 : sum / static_cast<double>(counted);
}

}  // namespace chorus::eval
