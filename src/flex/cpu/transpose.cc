#include "flex/cpu/transpose.h"

#include <hwy/highway.h>

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored \
    "-Wmaybe-uninitialized"  // g++ 12 sees it in its own intrinsics (GCC bug 105593)
#endif

HWY_PUSH_ATTRIBUTES("avx512f")
namespace chorus::flex::cpu {
namespace {

/// Four neighbours of a, b, c and d each, transposed within each quarter of the registers.
HWY_INLINE void transpose_quarters(__m512i& a, __m512i& b, __m512i& c, __m512i& d) {
  const __m512i ab0 = _mm512_unpacklo_epi32(a, b), ab1 = _mm512_unpackhi_epi32(a, b);
  const __m512i cd0 = _mm512_unpacklo_epi32(c, d), cd1 = _mm512_unpackhi_epi32(c, d);
  a = _mm512_unpacklo_epi64(ab0, cd0);
  b = _mm512_unpackhi_epi64(ab0, cd0);
  c = _mm512_unpacklo_epi64(ab1, cd1);
  d = _mm512_unpackhi_epi64(ab1, cd1);
}

template <class T>
HWY_INLINE const T* at(const T* row, Index unit) {
  return row + std::int64_t{unit} * (4 / Index{sizeof(T)});
}
template <class T>
HWY_INLINE __m128i four(const T* row, Index unit) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at(row, unit)));
}

/// Sixteen units of 16 rows.
template <class T>
HWY_INLINE void whole_lines(const T* const* rows, Index unit, float* to) {
  __m512i v[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) v[i] = _mm512_loadu_si512(at(rows[i], unit));
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) transpose_quarters(v[i], v[i + 1], v[i + 2], v[i + 3]);
    // quarter l of v[4 i + j] holds unit 4 l + j of rows 4 i ..: now the quarters change places
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const __m512i a = _mm512_shuffle_i32x4(v[j], v[4 + j], 0x88),
                  b = _mm512_shuffle_i32x4(v[j], v[4 + j], 0xdd);
    const __m512i c = _mm512_shuffle_i32x4(v[8 + j], v[12 + j], 0x88),
                  d = _mm512_shuffle_i32x4(v[8 + j], v[12 + j], 0xdd);
    _mm512_storeu_si512(to + j * kTileLanes, _mm512_shuffle_i32x4(a, c, 0x88));
    _mm512_storeu_si512(to + (4 + j) * kTileLanes, _mm512_shuffle_i32x4(b, d, 0x88));
    _mm512_storeu_si512(to + (8 + j) * kTileLanes, _mm512_shuffle_i32x4(a, c, 0xdd));
    _mm512_storeu_si512(to + (12 + j) * kTileLanes, _mm512_shuffle_i32x4(b, d, 0xdd));
  }
}

template <class T>
HWY_INLINE void transpose(const T* const* rows, Index units, float* packed) {
  Index unit = 0;
  for (; unit + 16 <= units; unit += 16) whole_lines(rows, unit, packed + unit * kTileLanes);
  for (; unit < units; unit += 4) {  // four units of 16 rows: four 4 x 4 transposes in each register
    __m512i v[4];
    for (int j = 0; j < 4; ++j) {
      v[j] = _mm512_castsi128_si512(four(rows[j], unit));
      v[j] = _mm512_inserti32x4(v[j], four(rows[j + 4], unit), 1);
      v[j] = _mm512_inserti32x4(v[j], four(rows[j + 8], unit), 2);
      v[j] = _mm512_inserti32x4(v[j], four(rows[j + 12], unit), 3);
    }
    transpose_quarters(v[0], v[1], v[2], v[3]);
    for (int j = 0; j < 4; ++j) _mm512_storeu_si512(packed + (unit + j) * kTileLanes, v[j]);
  }
}

}  // namespace

void transpose_sixteen(const float* const* rows, Index units, float* packed) {
  transpose(rows, units, packed);
}
void transpose_sixteen(const core::bf16* const* rows, Index units, float* packed) {
  transpose(rows, units, packed);
}

}  // namespace chorus::flex::cpu
HWY_POP_ATTRIBUTES
#endif
