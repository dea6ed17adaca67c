#include "model/cpu/decode_kernel.h"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#define CHORUS_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define CHORUS_AVX512_BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
#endif

namespace chorus::model::cpu {

#if defined(__x86_64__)
namespace {

constexpr int kVectors = kStrip / 16;  // registers that hold one row of a strip
constexpr std::int64_t kLine = 64;

template <int Rows>
CHORUS_AVX512 void store(const __m512 (&sum)[Rows][kVectors], float* out, std::int64_t stride) {
  for (int r = 0; r < Rows; ++r)
    for (int v = 0; v < kVectors; ++v) _mm512_storeu_ps(out + r * stride + v * 16, sum[r][v]);
}

// Rows * kVectors sums stay in registers; every step reads one line of each vector and a pair of inputs a row.
template <int Rows>
CHORUS_AVX512_BF16 void product(const core::bf16* in, const core::bf16* strip, std::int64_t cols, float* out,
                                std::int64_t stride, const char* ahead) {
  __m512 sum[Rows][kVectors];
  for (auto& row : sum)
    for (auto& v : row) v = _mm512_setzero_ps();
  for (std::int64_t k = 0; k < cols / 2; ++k) {
    const core::bf16* line = strip + k * 2 * kStrip;
    if (ahead != nullptr)
      for (int v = 0; v < kVectors; ++v) _mm_prefetch(ahead + (k * kVectors + v) * kLine, _MM_HINT_T1);
    __m512bh w[kVectors];
    for (int v = 0; v < kVectors; ++v) w[v] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(line + v * 32));
    for (int r = 0; r < Rows; ++r) {
      std::int32_t pair = 0;
      std::memcpy(&pair, in + r * cols + 2 * k, sizeof(pair));
      const auto a = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
      for (int v = 0; v < kVectors; ++v) sum[r][v] = _mm512_dpbf16_ps(sum[r][v], a, w[v]);
    }
  }
  store<Rows>(sum, out, stride);
}

template <int Rows>
CHORUS_AVX512 void product(const float* in, const float* strip, std::int64_t cols, float* out,
                           std::int64_t stride, const char* ahead) {
  __m512 sum[Rows][kVectors];
  for (auto& row : sum)
    for (auto& v : row) v = _mm512_setzero_ps();
  for (std::int64_t k = 0; k < cols; ++k) {
    const float* line = strip + k * kStrip;
    if (ahead != nullptr)
      for (int v = 0; v < kVectors; ++v) _mm_prefetch(ahead + (k * kVectors + v) * kLine, _MM_HINT_T1);
    __m512 w[kVectors];
    for (int v = 0; v < kVectors; ++v) w[v] = _mm512_loadu_ps(line + v * 16);
    for (int r = 0; r < Rows; ++r) {
      const __m512 a = _mm512_set1_ps(in[r * cols + k]);
      for (int v = 0; v < kVectors; ++v) sum[r][v] = _mm512_fmadd_ps(a, w[v], sum[r][v]);
    }
  }
  store<Rows>(sum, out, stride);
}

template <class T>
void product_of(std::int64_t count, const T* in, const T* strip, std::int64_t cols, float* out,
                std::int64_t stride, const char* ahead) {
  switch (count) {
    case 1:
      return product<1>(in, strip, cols, out, stride, ahead);
    case 2:
      return product<2>(in, strip, cols, out, stride, ahead);
    case 3:
      return product<3>(in, strip, cols, out, stride, ahead);
    case 4:
      return product<4>(in, strip, cols, out, stride, ahead);
    case 5:
      return product<5>(in, strip, cols, out, stride, ahead);
    default:
      return product<6>(in, strip, cols, out, stride, ahead);
  }
}

/// Groups of up to six rows, as even as they come; only the last fetches ahead.
template <class T>
void in_groups(const T* in, const T* strip, std::int64_t cols, std::int64_t rows, float* out,
               std::int64_t stride, const void* ahead) {
  constexpr std::int64_t kMost = 6;  // 24 sums and 4 weights fit the 32 registers
  const std::int64_t groups = (rows + kMost - 1) / kMost;
  for (std::int64_t g = 0, row = 0; g < groups; ++g) {
    const std::int64_t count = (rows - row + groups - g - 1) / (groups - g);
    product_of(count, in + row * cols, strip, cols, out + row * stride, stride,
               g + 1 == groups ? static_cast<const char*>(ahead) : nullptr);
    row += count;
  }
}

}  // namespace

void decode_product(const core::bf16* in, const core::bf16* strip, std::int64_t cols, std::int64_t rows,
                    float* out, std::int64_t out_stride, const void* ahead) {
  in_groups(in, strip, cols, rows, out, out_stride, ahead);
}
void decode_product(const float* in, const float* strip, std::int64_t cols, std::int64_t rows, float* out,
                    std::int64_t out_stride, const void* ahead) {
  in_groups(in, strip, cols, rows, out, out_stride, ahead);
}

bool has_decode_kernel_f32() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}
bool has_decode_kernel_bf16() {
  return has_decode_kernel_f32() && __builtin_cpu_supports("avx512bf16");
}

#else

void decode_product(const core::bf16*, const core::bf16*, std::int64_t, std::int64_t, float*, std::int64_t,
                    const void*) {}
void decode_product(const float*, const float*, std::int64_t, std::int64_t, float*, std::int64_t,
                    const void*) {}
bool has_decode_kernel_f32() {
  return false;
}
bool has_decode_kernel_bf16() {
  return false;
}

#endif

}  // namespace chorus::model::cpu
