// Tensors of a call of attention(), and how much of the rounding bound its results use.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "flex/attention.h"
#include "flex/cpu/tile_bf16.h"
#include "flex/mods.h"
#include "flex/reference.h"
#include "spans_fixture.h"

namespace chorus::flex::testing {

template <class T>
std::vector<T> elements(std::size_t n, unsigned seed) {
  std::vector<T> values;
  for (const float x : normal_values(n, seed)) values.push_back(element<T>(x));
  return values;
}

struct Sizes {
  Index batch = 1, kv_heads = 1, group = 1, q_rows = 1, kv_rows = 1, dim = 64;
  Extents q() const { return {batch, kv_heads * group, q_rows, dim}; }
  Extents kv() const { return {batch, kv_heads, kv_rows, dim}; }
  static std::size_t count(Extents e) {
    return static_cast<std::size_t>(e.batch * e.heads) * static_cast<std::size_t>(e.rows * e.dim);
  }
};

template <class T>
struct Tensors {
  explicit Tensors(const Sizes& sizes)
      : s(sizes),
        q(elements<T>(Sizes::count(s.q()), 1)),
        k(elements<T>(Sizes::count(s.kv()), 2)),
        v(elements<T>(Sizes::count(s.kv()), 3)),
        out(q.size(), element<T>(NAN)),
        lse(q.size() / static_cast<std::size_t>(s.dim), {NAN}),
        key_probabilities(static_cast<std::size_t>(s.batch * s.kv_heads * s.group * s.kv_rows), 0.0F) {}
  View<const T> q_view() const { return head_major(q.data(), s.q()); }
  View<const T> k_view() const { return head_major(k.data(), s.kv()); }
  View<const T> v_view() const { return head_major(v.data(), s.kv()); }
  template <class... Mods>
  void run(AttentionOptions options, const Mods&... mods) {
    options.lse = lse;
    options.key_probabilities = key_probabilities;
    attention(q_view(), k_view(), v_view(), head_major(out.data(), s.q()), options, mods...);
  }

  Sizes s;
  std::vector<T> q, k, v, out;
  std::vector<LogSumExp> lse;
  std::vector<float> key_probabilities;
};

/// Values without their signs: attention over them says how large the terms of an output are.
template <class T>
std::vector<T> magnitudes(const std::vector<T>& values) {
  std::vector<T> m;
  for (const T x : values) m.push_back(element<T>(std::abs(static_cast<float>(x))));
  return m;
}

/// What a weight may be off by beside rounding in float: those of bf16 are rounded where the processor multiplies bf16.
template <class T>
double weight_rounding() {
  return std::is_same_v<T, core::bf16> && &cpu::tile_kernels<core::bf16>() == cpu::native_bf16_kernels()
             ? 0x1p-8
             : 0;
}
template <class T>
double output_rounding() {
  return std::is_same_v<T, float> ? 0 : std::is_same_v<T, core::bf16> ? 0x1p-8 : 0x1p-11;
}

/// The largest part of the rounding bound used. Scores are at most S = max|q| max|k| / sqrt(dim), some 1.5 sqrt(dim) here:
/// a score is off by (sqrt(dim) + 4) u S, a weight relatively by that, 8 u of the exponential and sqrt(n) u of each sum; an
/// output by twice that, and by what rounding its weights and itself adds, of the mean of |v| under the softmax.
template <class T, class... Mods>
double used(Tensors<T>& t, const AttentionOptions& options, const Mods&... mods) {
  const ReferenceResult want = reference_attention<T>(t.q_view(), t.k_view(), t.v_view(), options, mods...);
  const std::vector<T> sizes = magnitudes(t.v);
  const ReferenceResult terms =
      reference_attention<T>(t.q_view(), t.k_view(), head_major(sizes.data(), t.s.kv()), options, mods...);
  const double u = 0x1p-24, dim = t.s.dim, score = 1.5 * 1.5 * std::sqrt(dim) + 10;
  const double relative = (std::sqrt(dim) + 4) * u * score + (8 + 2 * std::sqrt(t.s.kv_rows)) * u;
  double worst = 0;
  const auto check = [&](double got, double expected, double bound) {
    if (std::isinf(expected))
      worst = got == expected ? worst : INFINITY;
    else
      worst = std::max(worst, std::isnan(got) ? INFINITY : std::abs(got - expected) / bound);
  };
  for (std::size_t i = 0; i < t.out.size(); ++i) {
    const bool empty = std::isinf(want.lse[i / static_cast<std::size_t>(t.s.dim)]);
    const double rounding =
        output_rounding<T>() * std::abs(want.out[i]) + 0x1p-25;  // the latter of subnormal f16
    check(static_cast<float>(t.out[i]), want.out[i],
          empty ? 1e-300 : (2 * relative + weight_rounding<T>()) * terms.out[i] + rounding);
  }
  for (std::size_t i = 0; i < t.lse.size(); ++i) check(t.lse[i].value, want.lse[i], relative + 40 * u);
  for (std::size_t i = 0; i < t.key_probabilities.size(); ++i)
    check(t.key_probabilities[i], want.key_probabilities[i],
          (2 * relative + t.s.q_rows * u) * want.key_probabilities[i] + 1e-30);
  return worst;
}

}  // namespace chorus::flex::testing
