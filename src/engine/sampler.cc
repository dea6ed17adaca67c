#include "engine/sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/error.h"
#include "core/vector_math.h"

namespace chorus::engine {
namespace {

constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15ULL;

std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

/// Keeps the k largest and what equals the smallest of them.
void keep_top_k(std::int32_t k, std::vector<float>& values) {
  if (k <= 0 || static_cast<std::size_t>(k) >= values.size()) return;
  std::vector<float> sorted = values;
  const auto last = sorted.begin() + (k - 1);
  std::nth_element(sorted.begin(), last, sorted.end(), std::greater<>());
  for (float& value : values)
    if (value < *last) value = 0;
}

/// Keeps the smallest set of the largest whose sum reaches `share` of all; of equals the first.
void keep_top_p(double share, std::vector<float>& values) {
  if (share >= 1) return;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] > 0) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  const double wanted = share * core::sum(values);
  double reached = 0;
  for (const std::size_t i : order) {
    if (reached >= wanted && reached > 0) {
      values[i] = 0;
    } else {
      reached += static_cast<double>(values[i]);
    }
  }
}

}  // namespace

void check(const SamplingOptions& options) {
  const auto refuse = [](const std::string& got, const char* expected) {
    throw Error(ErrorKind::usage, got, expected, "correct it");
  };
  if (!(options.temperature > 0) || !std::isfinite(options.temperature))
    refuse(fmt::format("--temperature {}", options.temperature), "a number above 0");
  if (options.top_k < 0) refuse(fmt::format("--top-k {}", options.top_k), "0 (all) or more");
  if (!(options.top_p > 0) || options.top_p > 1)
    refuse(fmt::format("--top-p {}", options.top_p), "above 0, at most 1");
}

std::uint64_t draw_key(std::uint64_t seed, std::initializer_list<std::string_view> names) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  const auto add = [&](unsigned char byte) { hash = (hash ^ byte) * 0x100000001B3ULL; };
  for (int shift = 0; shift < 64; shift += 8) add(static_cast<unsigned char>(seed >> shift));
  for (const std::string_view name : names) {
    for (const char c : name) add(static_cast<unsigned char>(c));
    add(0xFF);
  }
  return mixed(hash + kGolden);
}

double uniform(std::uint64_t key, std::size_t step) {
  return static_cast<double>(mixed(key + kGolden * (step + 1)) >> 11) * 0x1p-53;
}

Sampler::Sampler(SamplingOptions options, std::uint64_t key) : options_(options), key_(key) {
  check(options_);
}

std::span<const float> Sampler::scores(std::span<const std::span<const float>> logits,
                                       std::vector<float>& scratch) const {
  std::span<const float> row = logits.front();
  std::vector<float> tempered;
  if (options_.temperature != 1) {
    tempered.assign(row.begin(), row.end());
    for (float& value : tempered) value /= static_cast<float>(options_.temperature);
    row = tempered;
  }
  scratch.assign(row.size(), 0.0F);
  core::max_exp(row, core::top_two(row).value, scratch);
  keep_top_k(options_.top_k, scratch);
  keep_top_p(options_.top_p, scratch);
  return scratch;
}

text::TokenId Sampler::pick(std::span<const float> scores, std::size_t step) const {
  const double target = uniform(key_, step) * core::sum(scores);
  double reached = 0;
  std::size_t last = 0;  // should rounding leave the target past the end
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] <= 0) continue;
    reached += static_cast<double>(scores[i]);
    last = i;
    if (reached > target) break;
  }
  return static_cast<text::TokenId>(last);
}

}  // namespace chorus::engine
