#include "core/vector_math.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/vector_math.cc"
// foreach_target.h comes before highway.h.
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace chorus::core {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;

float MaxValue(const float* values, std::size_t n) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  constexpr float kLowest = -std::numeric_limits<float>::infinity();
  auto largest = hn::Set(d, kLowest);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto v = hn::LoadU(d, values + i);
    largest = hn::IfThenElse(hn::Gt(v, largest), v, largest);
  }
  float result = hn::GetLane(hn::MaxOfLanes(d, largest));
  for (; i < n; ++i) result = values[i] > result ? values[i] : result;
  return result;
}

double SumExp(const float* values, std::size_t n, float shift) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const auto minus = hn::Set(d, -shift);
  // Sums of 8 vectors in float, those in double: a lane's sum loses at most 8 half units in the last place.
  double total = 0;
  std::size_t i = 0;
  while (i + lanes <= n) {
    auto partial = hn::Zero(d);
    for (int k = 0; k < 8 && i + lanes <= n; ++k, i += lanes)
      partial = hn::Add(partial, hn::Exp(d, hn::Add(hn::LoadU(d, values + i), minus)));
    total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, partial)));
  }
  for (; i < n; ++i) total += std::exp(static_cast<double>(values[i] - shift));
  return total;
}

void MaxExp(const float* values, std::size_t n, float shift, float* out) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const auto minus = hn::Set(d, -shift);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto e = hn::Exp(d, hn::Add(hn::LoadU(d, values + i), minus));
    hn::StoreU(hn::Max(hn::LoadU(d, out + i), e), d, out + i);
  }
  for (; i < n; ++i) out[i] = std::max(out[i], std::exp(values[i] - shift));
}

void Accumulate(const float* values, std::size_t n, float* out) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    hn::StoreU(hn::Add(hn::LoadU(d, out + i), hn::LoadU(d, values + i)), d, out + i);
  for (; i < n; ++i) out[i] += values[i];
}

bool AllFinite(const float* values, std::size_t n) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  auto zero = hn::Zero(d);  // 0 * v is 0, or NaN where v is no finite number, and stays so
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) zero = hn::MulAdd(hn::LoadU(d, values + i), hn::Zero(d), zero);
  bool finite = std::isfinite(hn::GetLane(hn::SumOfLanes(d, zero)));
  for (; i < n; ++i) finite &= std::isfinite(values[i]);
  return finite;
}

}  // namespace HWY_NAMESPACE
}  // namespace chorus::core
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chorus::core {

HWY_EXPORT(MaxValue);
HWY_EXPORT(SumExp);
HWY_EXPORT(MaxExp);
HWY_EXPORT(Accumulate);
HWY_EXPORT(AllFinite);

namespace {

float max_value(std::span<const float> values) {
  return HWY_DYNAMIC_DISPATCH(MaxValue)(values.data(), values.size());
}

}  // namespace

TopTwo top_two(std::span<const float> values) {
  TopTwo top;
  top.value = max_value(values);
  const auto at = std::find(values.begin(), values.end(), top.value);
  const auto index = at == values.end() ? 0 : static_cast<std::size_t>(at - values.begin());
  top.index = static_cast<std::int64_t>(index);
  top.second = std::max(max_value(values.first(index)), max_value(values.subspan(index + 1)));
  return top;
}

double log_sum_exp(std::span<const float> values) {
  if (values.empty()) return -std::numeric_limits<double>::infinity();
  const float shift = max_value(values);
  if (!std::isfinite(shift)) return static_cast<double>(shift);
  return static_cast<double>(shift) +
         std::log(HWY_DYNAMIC_DISPATCH(SumExp)(values.data(), values.size(), shift));
}

void max_exp(std::span<const float> values, float shift, std::span<float> out) {
  HWY_DYNAMIC_DISPATCH(MaxExp)(values.data(), values.size(), shift, out.data());
}

bool all_finite(std::span<const float> values) {
  return HWY_DYNAMIC_DISPATCH(AllFinite)(values.data(), values.size());
}

double sum(std::span<const float> values) {
  double total = 0;
  for (const float v : values) total += static_cast<double>(v);
  return total;
}

void accumulate(std::span<const float> values, std::span<float> out) {
  HWY_DYNAMIC_DISPATCH(Accumulate)(values.data(), values.size(), out.data());
}

}  // namespace chorus::core
#endif
