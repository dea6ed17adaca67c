#include "eval/paired.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.h"

namespace chorus::eval {

double mcnemar_exact(Discordant counts) {
  const std::int64_t fewer = std::min(counts.first_only, counts.second_only);
  const std::int64_t total = counts.first_only + counts.second_only;
  if (fewer < 0) {
    throw Error(ErrorKind::data,
                fmt::format("discordant counts {} and {}", counts.first_only, counts.second_only),
                "counts of questions, 0 or more", "count each question once");
  }
  // P(X <= fewer) for X ~ Binomial(total, 1/2), from the largest term down, so that the sum starts at 1 and
  // the smallness of the whole stays in one logarithm.
  const double n = static_cast<double>(total), k = static_cast<double>(fewer);
  const double log_largest =
      std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) - n * std::numbers::ln2;
  double term = 1, sum = 1;
  for (std::int64_t i = fewer; i > 0 && term > 1e-18 * sum; --i) {
    term *= static_cast<double>(i) / static_cast<double>(total - i + 1);
    sum += term;
  }
  return std::min(1.0, 2 * std::exp(log_largest) * sum);
}

std::int64_t smallest_lead(std::int64_t discordant, double alpha) {
  std::int64_t lead = 0;
  // Ever fewer on the second side, as long as that still tells the two apart.
  for (std::int64_t second = 0; mcnemar_exact({discordant - second, second}) <= alpha; ++second)
    lead = discordant - 2 * second;
  return lead;
}

std::vector<double> holm(std::span<const double> p_values) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p_values.size(); ++i)
    if (!std::isnan(p_values[i])) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.begin(), p_values.end());
  double largest = 0;  // an adjusted value is never below that of a smaller p
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    largest = std::max(largest, p_values[order[rank]] * static_cast<double>(order.size() - rank));
    adjusted[order[rank]] = std::min(1.0, largest);
  }
  return adjusted;
}

}  // namespace chorus::eval
