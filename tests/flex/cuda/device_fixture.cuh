// Attention on the device beside the double-precision reference: random tensors, one call, the part of the bound used.
//
//   DeviceCase<core::bf16> c({.kv_heads = 2, .group = 3, .q_rows = 65, .kv_rows = 130, .dim = 64});
//   c.run({.q_offset = 3}, causal());
//   EXPECT_LE(c.used({.q_offset = 3}, causal()), 1.0);
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "flex/cuda/attention.cuh"
#include "flex/mods.h"
#include "flex/reference.h"

namespace chorus::flex::cuda::testing {

/// Skips the test where there is no device, and says so.
#define SKIP_WITHOUT_DEVICE()                      \
  if (::chorus::flex::cuda::device_count() == 0) { \
    GTEST_SKIP() << "no CUDA device";              \
  }                                                \
  static_assert(true)

struct Sizes {
  Index batch = 1, kv_heads = 1, group = 1, q_rows = 1, kv_rows = 1, dim = 64;
  Extents q() const { return {batch, kv_heads * group, q_rows, dim}; }
  Extents kv() const { return {batch, kv_heads, kv_rows, dim}; }
};

inline std::size_t count_of(Extents e) {
  return static_cast<std::size_t>(e.batch * e.heads) * static_cast<std::size_t>(e.rows * e.dim);
}

template <class T>
std::vector<T> normal_elements(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<T> values(n);
  for (T& value : values) value = T::from_float(normal(random));
  return values;
}

template <class T>
struct DeviceCase {
  explicit DeviceCase(const Sizes& sizes) : DeviceCase(sizes, {}, {}, {}) {}
  /// Tensors of one's own, or none: random ones.
  DeviceCase(const Sizes& sizes, std::vector<T> own_q, std::vector<T> own_k, std::vector<T> own_v)
      : s(sizes),
        q(own_q.empty() ? normal_elements<T>(count_of(s.q()), 1) : std::move(own_q)),
        k(own_k.empty() ? normal_elements<T>(count_of(s.kv()), 2) : std::move(own_k)),
        v(own_v.empty() ? normal_elements<T>(count_of(s.kv()), 3) : std::move(own_v)),
        device_q(stream, q),
        device_k(stream, k),
        device_v(stream, v),
        device_out(q.size()),
        device_lse(q.size() / static_cast<std::size_t>(s.dim)) {}

  template <class... Mods>
  void run(Options options, const Mods&... mods) {
    device_out.fill(stream, 0xff);  // NaN: what is not written is seen
    device_lse.fill(stream, 0xff);
    options.lse = device_lse.data();
    attention(stream, head_major<const T>(device_q.data(), s.q()),
              head_major<const T>(device_k.data(), s.kv()), head_major<const T>(device_v.data(), s.kv()),
              head_major(device_out.data(), s.q()), options, mods...);
    out = device_out.to_host(stream);
    lse = device_lse.to_host(stream);
  }

  template <class... Mods>
  ReferenceResult reference(const std::vector<T>& values, Index q_offset, const Mods&... mods) const {
    return reference_attention(head_major(q.data(), s.q()), head_major(k.data(), s.kv()),
                               head_major(values.data(), s.kv()), {.q_offset = q_offset}, mods...);
  }

  /// The largest part of the error allowed that is used. A weight and an output are each rounded to u = 2^-8 (bf16) or
  /// 2^-11 (f16), so an output is off by u times the mean of |v| under the softmax and u times itself. Scores are float
  /// sums, added in dim / 16 steps of 2^-22 at worst: off by d = (dim / 16 + 8) 2^-22 times their size, LSE likewise, an
  /// output by twice that of the mean of |v|. f16 weights below 2^-14 are off by 2^-25.
  template <class... Mods>
  double used(Index q_offset, const Mods&... mods) const {
    std::vector<T> sizes = v;
    for (T& x : sizes) x.bits &= 0x7fff;
    const ReferenceResult want = reference(v, q_offset, mods...), size = reference(sizes, q_offset, mods...);
    const bool half = std::is_same_v<T, core::f16>;
    const double u = half ? 0x1p-11 : 0x1p-8, score = 2.5 * std::sqrt(s.dim) + 10;
    const double d = (s.dim / 16.0 + 8) * 0x1p-22 * score,
                 tiny = half ? s.kv_rows * 0x1p-25 * 5 + 0x1p-25 : 0;
    double worst = 0;
    const auto check = [&](double got, double expected, double bound) {
      if (std::isinf(expected) || bound == 0)
        worst = got == expected ? worst : INFINITY;
      else
        worst = std::max(worst, std::isnan(got) ? INFINITY : std::abs(got - expected) / bound);
    };
    for (std::size_t i = 0; i < out.size(); ++i)
      check(float{out[i]}, want.out[i],
            size.out[i] == 0 ? 0 : (u + 2 * d) * size.out[i] + u * std::abs(want.out[i]) + tiny);
    for (std::size_t i = 0; i < lse.size(); ++i) check(lse[i].value, want.lse[i], d + 0x1p-20);
    return worst;
  }

  Sizes s;
  Stream stream;
  std::vector<T> q, k, v, out;
  std::vector<LogSumExp> lse;
  Buffer<T> device_q, device_k, device_v, device_out;
  Buffer<LogSumExp> device_lse;
};

}  // namespace chorus::flex::cuda::testing
