// A tile of rows of a head in shared memory: rows of kDim elements in chunks of 16 bytes, chunk c of row r stored at
// c ^ (r % 8), so that the eight rows one ldmatrix reads lie in different banks.
//
//   load_rows<128, 64, 128>(keys, k_head, stride, first_key, kv_rows, dim);   // 64 rows by 128 threads, in the background
//   ldmatrix(b, keys + swizzled<128>(row, chunk));
#pragma once

#include "flex/cuda/ptx.cuh"
#include "flex/index.h"

namespace chorus::flex::cuda {

inline constexpr int kChunk = 8;  // elements of 16 bits in 16 bytes

template <int kDim>
inline constexpr std::uint32_t kRowBytes = kDim * 2;

/// The byte offset of a chunk of a row.
template <int kDim>
__device__ inline std::uint32_t swizzled(int row, int chunk) {
  return static_cast<std::uint32_t>(row * kDim * 2 + ((chunk ^ (row & 7)) << 4));
}

/// Begins to copy rows [first, first + kRows) of a head to shared memory, with all kThreads threads, `thread` of them this
/// one; place(row, chunk) is where a chunk goes. Rows from `limit` on and columns from `dim` on become 0. Rows are `stride`
/// elements apart, limit is positive.
template <int kDim, int kRows, int kThreads, class T, class Place>
__device__ inline void load_rows(std::uint32_t to, const T* head, std::int64_t stride, Index first,
                                 Index limit, Index dim, int thread, const Place& place) {
  constexpr int kChunks = kDim / kChunk, kStep = kThreads / kChunks;
  static_assert(kThreads % kChunks == 0 && kRows % kStep == 0, "a thread keeps its chunk of a row");
  const int chunk = thread % kChunks, row = thread / kChunks;
  const bool column = chunk * kChunk < dim;
  const T* from = head + (column ? chunk * kChunk : 0);
#pragma unroll
  for (int i = 0; i < kRows / kStep; ++i) {
    const Index at = first + row + i * kStep;
    const bool inside = at < limit;
    copy_16_async(to + place(row + i * kStep, chunk), from + (inside ? at : 0) * stride, inside && column);
  }
}
/// The same into rows of kDim, swizzled.
template <int kDim, int kRows, int kThreads, class T>
__device__ inline void load_rows(std::uint32_t to, const T* head, std::int64_t stride, Index first,
                                 Index limit, Index dim, int thread) {
  load_rows<kDim, kRows, kThreads>(to, head, stride, first, limit, dim, thread,
                                   [](int row, int chunk) { return swizzled<kDim>(row, chunk); });
}

}  // namespace chorus::flex::cuda
