// Reductions over long float vectors (logits), compiled for several instruction sets and chosen at run time.
#pragma once

#include <cstdint>
#include <span>

namespace chorus::core {

/// The largest value, where it first stands, and the largest of the others (-infinity when there is none).
struct TopTwo {
  std::int64_t index = 0;
  float value = 0;
  float second = 0;
};

/// values must not be empty; NaN is never the largest.
TopTwo top_two(std::span<const float> values);

/// ln(sum(exp(values))), relative error of the sum below 1e-6; -infinity for an empty span.
double log_sum_exp(std::span<const float> values);

/// out[i] = max(out[i], exp(values[i] - shift)).
void max_exp(std::span<const float> values, float shift, std::span<float> out);

/// sum of values, in double.
double sum(std::span<const float> values);

/// out[i] += values[i].
void accumulate(std::span<const float> values, std::span<float> out);

}  // namespace chorus::core
