#include "model/cpu/elementwise.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/cpu/elementwise.cc"
// foreach_target.h comes before highway.h.
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace chorus::model::cpu {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

inline void StoreTo(V v, D d, float* out) {
  hn::StoreU(v, d, out);
}

// Rounds to nearest even, as core::bf16::from_float does; inputs are finite here.
inline void StoreTo(V v, [[maybe_unused]] D d, core::bf16* out) {
  const hn::RebindToUnsigned<D> du;
  const hn::Rebind<std::uint16_t, D> d16;
  const auto bits = hn::BitCast(du, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1U));
  const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7fffU))));
  const hn::RebindToSigned<D> di;
  hn::StoreU(hn::DemoteTo(d16, hn::BitCast(di, rounded)), d16, reinterpret_cast<std::uint16_t*>(out));
}

inline void StoreOneTo(float v, float* out) {
  *out = v;
}
inline void StoreOneTo(float v, core::bf16* out) {
  *out = core::bf16::from_float(v);
}

template <class T>
void RmsNorm(const float* x, const float* weight, std::size_t n, float eps, T* out) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  V sum = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const V v = hn::LoadU(d, x + i);
    sum = hn::MulAdd(v, v, sum);
  }
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; i < n; ++i) total += x[i] * x[i];
  const float factor = 1.0F / std::sqrt(total / static_cast<float>(n) + eps);
  const V scale = hn::Set(d, factor);
  for (i = 0; i + lanes <= n; i += lanes)
    StoreTo(hn::Mul(hn::Mul(hn::LoadU(d, x + i), scale), hn::LoadU(d, weight + i)), d, out + i);
  for (; i < n; ++i) StoreOneTo(x[i] * factor * weight[i], out + i);
}
void RmsNormF32(const float* x, const float* w, std::size_t n, float eps, float* out) {
  RmsNorm(x, w, n, eps, out);
}
void RmsNormBf16(const float* x, const float* w, std::size_t n, float eps, core::bf16* out) {
  RmsNorm(x, w, n, eps, out);
}

inline V Silu(D d, V g) {
  const V one = hn::Set(d, 1.0F);
  // Exp is defined up to 104; at 100 it is infinite already and the quotient 0.
  const V e = hn::Exp(d, hn::Min(hn::Neg(g), hn::Set(d, 100.0F)));
  return hn::Div(g, hn::Add(one, e));
}

template <class T>
void SiluTimes(const float* gate, const float* up, std::size_t n, T* out) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    StoreTo(hn::Mul(Silu(d, hn::LoadU(d, gate + i)), hn::LoadU(d, up + i)), d, out + i);
  if (i == n) return;
  HWY_ALIGN float g[HWY_MAX_BYTES / sizeof(float)] = {};
  std::memcpy(g, gate + i, (n - i) * sizeof(float));
  hn::StoreU(Silu(d, hn::LoadU(d, g)), d, g);
  for (std::size_t j = 0; i < n; ++i, ++j) StoreOneTo(g[j] * up[i], out + i);
}
void SiluTimesF32(const float* gate, const float* up, std::size_t n, float* out) {
  SiluTimes(gate, up, n, out);
}
void SiluTimesBf16(const float* gate, const float* up, std::size_t n, core::bf16* out) {
  SiluTimes(gate, up, n, out);
}

void Add(const float* y, std::size_t n, float* x) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(hn::Add(hn::LoadU(d, x + i), hn::LoadU(d, y + i)), d, x + i);
  for (; i < n; ++i) x[i] += y[i];
}

void Rotate(const float* x, const float* cosine, const float* sine, std::size_t half, float* out) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= half; i += lanes) {
    const V a = hn::LoadU(d, x + i), b = hn::LoadU(d, x + half + i);
    const V c = hn::LoadU(d, cosine + i), s = hn::LoadU(d, sine + i);
    hn::StoreU(hn::Sub(hn::Mul(a, c), hn::Mul(b, s)), d, out + i);
    hn::StoreU(hn::MulAdd(b, c, hn::Mul(a, s)), d, out + half + i);
  }
  for (; i < half; ++i) {
    const float a = x[i], b = x[half + i];
    out[i] = a * cosine[i] - b * sine[i];
    out[half + i] = b * cosine[i] + a * sine[i];
  }
}

void NarrowBf16(const float* x, std::size_t n, core::bf16* out) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) StoreTo(hn::LoadU(d, x + i), d, out + i);
  for (; i < n; ++i) StoreOneTo(x[i], out + i);
}

}  // namespace HWY_NAMESPACE
}  // namespace chorus::model::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chorus::model::cpu {

HWY_EXPORT(RmsNormF32);
HWY_EXPORT(RmsNormBf16);
HWY_EXPORT(SiluTimesF32);
HWY_EXPORT(SiluTimesBf16);
HWY_EXPORT(Add);
HWY_EXPORT(Rotate);
HWY_EXPORT(NarrowBf16);

void rms_norm(std::span<const float> x, std::span<const float> weight, float eps, float* out) {
  HWY_DYNAMIC_DISPATCH(RmsNormF32)(x.data(), weight.data(), x.size(), eps, out);
}
void rms_norm(std::span<const float> x, std::span<const float> weight, float eps, core::bf16* out) {
  HWY_DYNAMIC_DISPATCH(RmsNormBf16)(x.data(), weight.data(), x.size(), eps, out);
}
void silu_times(std::span<const float> gate, const float* up, float* out) {
  HWY_DYNAMIC_DISPATCH(SiluTimesF32)(gate.data(), up, gate.size(), out);
}
void silu_times(std::span<const float> gate, const float* up, core::bf16* out) {
  HWY_DYNAMIC_DISPATCH(SiluTimesBf16)(gate.data(), up, gate.size(), out);
}
void add(std::span<const float> y, float* x) {
  HWY_DYNAMIC_DISPATCH(Add)(y.data(), y.size(), x);
}
void rotate(std::span<const float> x, const float* cosine, const float* sine, float* out) {
  HWY_DYNAMIC_DISPATCH(Rotate)(x.data(), cosine, sine, x.size() / 2, out);
}
void narrow(std::span<const float> x, float* out) {
  std::copy(x.begin(), x.end(), out);
}
void narrow(std::span<const float> x, core::bf16* out) {
  HWY_DYNAMIC_DISPATCH(NarrowBf16)(x.data(), x.size(), out);
}

}  // namespace chorus::model::cpu
#endif
