// Reductions over long float vectors (logits), compiled for several instruction sets and chosen at run time. A result is
// the same bits for the same values on the same processor.
//
//   const TopTwo top = top_two(logits);
//   const double logprob = top.value - log_sum_exp(logits);
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

/// values must not be empty; NaN is never the largest (values that are all NaN: index 0, -infinity).
TopTwo top_two(std::span<const float> values);

/// ln(sum(exp(values))), relative error of the sum below 2.5e-6; -infinity for an empty span.
double log_sum_exp(std::span<const float> values);

/// out[i] = max(out[i], exp(values[i] - shift)), relative error of the exponential below 2.5e-6; out has values.size().
void max_exp(std::span<const float> values, float shift, std::span<float> out);

/// No value is NaN or infinite.
bool all_finite(std::span<const float> values);

/// The sum of values, in double, first to last.
double sum(std::span<const float> values);

/// out[i] += values[i]; out has values.size().
void accumulate(std::span<const float> values, std::span<float> out);

}  // namespace chorus::core
