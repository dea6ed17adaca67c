#include "eval/bootstrap.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "core/error.h"

namespace chorus::eval {
namespace {

struct Group {
  double sum = 0, size = 0;
};

std::vector<Group> groups_of(std::span<const double> values, std::span<const std::size_t> cluster) {
  std::vector<Group> groups;
  if (cluster.empty()) {
    for (const double value : values) groups.push_back({value, 1});
    return groups;
  }
  std::map<std::size_t, Group> by_cluster;
  for (std::size_t i = 0; i < values.size(); ++i) {
    Group& group = by_cluster[cluster[i]];
    group.sum += values[i];
    group.size += 1;
  }
  for (const auto& [key, group] : by_cluster) groups.push_back(group);
  return groups;
}

double mean(const std::vector<Group>& groups) {
  Group all;
  for (const Group& group : groups) {
    all.sum += group.sum;
    all.size += group.size;
  }
  return all.sum / all.size;
}

double resampled(const std::vector<Group>& groups, std::mt19937_64& random) {
  Group all;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    // Lemire's multiply-shift on the upper 32 bits: the bias is under groups / 2^32.
    const std::size_t drawn = static_cast<std::size_t>(((random() >> 32U) * groups.size()) >> 32U);
    all.sum += groups[drawn].sum;
    all.size += groups[drawn].size;
  }
  return all.sum / all.size;
}

double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(place));
  const double part = place - std::floor(place);
  return part == 0 ? sorted[below] : sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

}  // namespace

Estimate bootstrap(std::span<const double> values, std::span<const std::size_t> cluster,
                   const BootstrapOptions& options) {
  if (!cluster.empty() && cluster.size() != values.size()) {
    throw Error(ErrorKind::data, fmt::format("{} clusters for {} values", cluster.size(), values.size()),
                "one for each value", "name a column that every row has");
  }
  if (options.resamples < 100) {
    throw Error(ErrorKind::usage, fmt::format("{} resamples", options.resamples), "100 or more",
                "raise --resamples");
  }
  if (values.empty()) return {};
  const std::vector<Group> groups = groups_of(values, cluster);
  std::mt19937_64 random(options.seed);
  std::vector<double> means(static_cast<std::size_t>(options.resamples));
  for (double& m : means) m = resampled(groups, random);
  std::sort(means.begin(), means.end());
  return {mean(groups), {quantile(means, 0.025), quantile(means, 0.975)}};
}

}  // namespace chorus::eval
