// A warp's scores as the tensor cores leave them: where each lies, the mods that run on them, and the online softmax.
//
// Element e of fragment (m, n) of a lane is score (row 16 m + 8 (e / 2) + lane / 4, key 8 n + 2 (lane % 4) + e % 2).
// FragmentRows is the only place where a fragment becomes (batch, head, query, key), and where mods are called.
//
//   const auto seen = rows.template visible<4>(mask_mod, first_key, kv_rows);
//   rows.apply(score_mod, scores, first_key, kv_rows, scale);
//   softmax.add(scores, factor, acc);
#pragma once

#include <cmath>

#include "flex/cuda/ptx.cuh"
#include "flex/cuda/shared_tile.cuh"
#include "flex/mod.h"

namespace chorus::flex::cuda {

inline constexpr unsigned kWholeWarp = 0xffffffffU;
inline constexpr float kLog2E = 1.44269504088896340736F, kLn2 = 0.693147180559945309417F;

__device__ inline int lane_id() {
  return static_cast<int>(threadIdx.x % 32);
}
/// The warp's number, in a way that tells the compiler that all lanes agree.
__device__ inline int warp_id() {
  return __shfl_sync(kWholeWarp, static_cast<int>(threadIdx.x / 32), 0);
}
__device__ inline float minus_infinity() {
  return __int_as_float(static_cast<int>(0xff800000));
}

/// A fragment's elements, kM tiles of 16 rows by kN tiles of 8 columns.
template <int kM, int kN>
using Fragment = float[kM][kN][4];

/// The rows of a lane: half 0 and 1 of tile m are rows 16 m + lane / 4 and 8 further.
template <int kM>
struct FragmentRows {
  Index batch = 0;
  Index head[kM][2]{}, query[kM][2]{};  // query with the offset; rows past the last stand for the last

  /// The key of element e of column tile n.
  __device__ static Index key(Index first_key, int n, int e) {
    return first_key + n * 8 + (lane_id() % 4) * 2 + (e & 1);
  }

  /// Bit 4 n + e of word m: does the mask allow the pair, and is there such a key? kN is at most 8.
  template <int kN, class M>
  __device__ void visible(const M& mask_mod, Index first_key, Index kv_rows,
                          std::uint32_t (&bits)[kM]) const {
#pragma unroll
    for (int m = 0; m < kM; ++m) bits[m] = 0;
#pragma unroll
    for (int n = 0; n < kN; ++n)
#pragma unroll
      for (int c = 0; c < 2; ++c) {
        const Index kv = key(first_key, n, c), known = min(kv, kv_rows - 1);
#pragma unroll
        for (int m = 0; m < kM; ++m)
#pragma unroll
          for (int half = 0; half < 2; ++half) {
            const bool allowed = mask_mod(batch, head[m][half], query[m][half], known);
            bits[m] |= static_cast<std::uint32_t>(allowed && kv < kv_rows) << (4 * n + 2 * half + c);
          }
      }
  }

  /// scores = score_mod(scale * scores), in base-2 units.
  template <int kN, class S>
  __device__ void apply(const S& score_mod, Fragment<kM, kN>& scores, Index first_key, Index kv_rows,
                        float scale) const {
#pragma unroll
    for (int n = 0; n < kN; ++n)
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const Index kv = min(key(first_key, n, e), kv_rows - 1);
#pragma unroll
        for (int m = 0; m < kM; ++m)
          scores[m][n][e] =
              score_mod(scores[m][n][e] * scale, batch, head[m][e / 2], query[m][e / 2], kv) * kLog2E;
      }
  }
};

/// Hides what visible() did not find.
template <int kM, int kN>
__device__ inline void hide(Fragment<kM, kN>& scores, const std::uint32_t (&bits)[kM]) {
#pragma unroll
  for (int m = 0; m < kM; ++m)
#pragma unroll
    for (int n = 0; n < kN; ++n)
#pragma unroll
      for (int e = 0; e < 4; ++e)
        if ((bits[m] >> (4 * n + e) & 1U) == 0) scores[m][n][e] = minus_infinity();
}

/// The running softmax of a lane's rows. `reference` is a score near each row's maximum, in base-2 units: it follows the
/// maximum only when that is more than kSlack above, since a rescaling of the accumulators costs more than large weights.
/// Whether it does depends on the row alone. The sum is this lane's part until finish().
template <int kM>
struct FragmentSoftmax {
  static constexpr float kSlack = 8;
  float reference[kM][2], sum[kM][2];

  __device__ FragmentSoftmax() {
#pragma unroll
    for (int m = 0; m < kM; ++m)
#pragma unroll
      for (int half = 0; half < 2; ++half) reference[m][half] = minus_infinity(), sum[m][half] = 0;
  }

  /// scores (times factor: base-2 units) become weights; acc is rescaled to the new references.
  template <int kN, int kD>
  __device__ void add(Fragment<kM, kN>& scores, float factor, Fragment<kM, kD>& acc) {
    float keep[kM][2];
    bool raised = false;
#pragma unroll
    for (int m = 0; m < kM; ++m)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        float top = scores[m][0][2 * half];
#pragma unroll
        for (int n = 0; n < kN; ++n)
          top = fmaxf(top, fmaxf(scores[m][n][2 * half], scores[m][n][2 * half + 1]));
        top = fmaxf(top, __shfl_xor_sync(kWholeWarp, top, 1));
        top = fmaxf(top, __shfl_xor_sync(kWholeWarp, top, 2)) * factor;
        const float old = reference[m][half];
        const bool raise = top > old + kSlack;
        const float now = raise ? top : old;
        keep[m][half] = raise ? exp2_fast(old - now) : 1.0F;
        raised |= raise;
        reference[m][half] = now;
        const float base = now == minus_infinity() ? 0.0F : now;
        float part = 0;
#pragma unroll
        for (int n = 0; n < kN; ++n)
#pragma unroll
          for (int c = 0; c < 2; ++c) {
            float& score = scores[m][n][2 * half + c];
            score = exp2_fast(fmaf(score, factor, -base));
            part += score;
          }
        sum[m][half] = sum[m][half] * keep[m][half] + part;
      }
    if (!__any_sync(kWholeWarp, raised)) return;
#pragma unroll
    for (int m = 0; m < kM; ++m)
#pragma unroll
      for (int d = 0; d < kD; ++d)
#pragma unroll
        for (int e = 0; e < 4; ++e) acc[m][d][e] *= keep[m][e / 2];
  }

  /// Adds the four lanes of each row.
  __device__ void finish() {
#pragma unroll
    for (int m = 0; m < kM; ++m)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        sum[m][half] += __shfl_xor_sync(kWholeWarp, sum[m][half], 1);
        sum[m][half] += __shfl_xor_sync(kWholeWarp, sum[m][half], 2);
      }
  }
};

/// The natural-log log-sum-exp of a finished row; minus infinity where nothing was seen.
__device__ inline LogSumExp lse_of(float reference, float sum) {
  return {sum == 0 ? minus_infinity() : (reference + log2f(sum)) * kLn2};
}

/// scores += q k for the 8 kN keys whose rows begin at `keys` in shared memory; query(step, a) gives the rows' fragment of
/// columns [16 step, 16 step + 16).
template <class T, int kDim, int kM, int kN, class Query>
__device__ inline void multiply_keys(std::uint32_t keys, const Query& query, Fragment<kM, kN>& scores) {
  const int lane = lane_id(), row = (lane & 7) + (lane >> 4) * 8;
#pragma unroll
  for (int step = 0; step < kDim / 16; ++step) {
    std::uint32_t a[kM][4];
    query(step, a);
    const std::uint32_t column = keys + swizzled<kDim>(row, 2 * step + ((lane >> 3) & 1));
#pragma unroll
    for (int n = 0; n < kN / 2; ++n) {
      std::uint32_t b[4];
      ldmatrix(b, column + n * kRowBytes<kDim> * 16);
#pragma unroll
      for (int m = 0; m < kM; ++m) {
        mma<T>(scores[m][2 * n], a[m], b[0], b[1]);
        mma<T>(scores[m][2 * n + 1], a[m], b[2], b[3]);
      }
    }
  }
}

/// acc += weights v for the 8 kN keys whose values begin at `values` in shared memory.
template <class T, int kDim, int kM, int kN>
__device__ inline void multiply_values(const Fragment<kM, kN>& weights, std::uint32_t values,
                                       Fragment<kM, kDim / 8>& acc) {
  const int lane = lane_id();
#pragma unroll
  for (int t = 0; t < kN / 2; ++t) {
    std::uint32_t a[kM][4];
#pragma unroll
    for (int m = 0; m < kM; ++m)
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const float(&w)[4] = weights[m][2 * t + i / 2];
        a[m][i] = pack<T>(w[i % 2 * 2], w[i % 2 * 2 + 1]);
      }
#pragma unroll
    for (int n = 0; n < kDim / 16; ++n) {
      std::uint32_t b[4];
      ldmatrix_transposed(b,
                          values + t * kRowBytes<kDim> * 16 + swizzled<kDim>(lane & 15, 2 * n + (lane >> 4)));
#pragma unroll
      for (int m = 0; m < kM; ++m) {
        mma<T>(acc[m][2 * n], a[m], b[0], b[1]);
        mma<T>(acc[m][2 * n + 1], a[m], b[2], b[3]);
      }
    }
  }
}

}  // namespace chorus::flex::cuda
