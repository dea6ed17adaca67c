// The tensor core instructions of Hopper (sm_90a): a group of four warps multiplies 64 rows, its own operand in registers, the
// other read from shared memory, in the background.
//
//   wgmma_begin();
//   wgmma<core::bf16, 64, 0>(scores, queries[step], keys_operand(address + step * 32), step > 0);
//   wgmma_commit();
//   wgmma_wait();
//   settle(scores);   // now scores may be read
#pragma once

#include "flex/cuda/fragment.cuh"

// Defined while code for sm_90a is compiled: elsewhere these instructions do not exist.
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define CHORUS_SM90A 1
#endif

namespace chorus::flex::cuda {

/// A panel: rows of 128 bytes, chunk c of row r at c ^ (r % 8), as the instructions expect; aligned to 1024 bytes.
inline constexpr int kPanelDims = 64;

/// The byte offset of a chunk (of kDim / 8) of a row, in panels of kRows rows.
template <int kRows>
__device__ inline std::uint32_t panelled(int row, int chunk) {
  constexpr int kPanelBytes = kRows * kPanelDims * 2;
  return static_cast<std::uint32_t>(chunk / 8 * kPanelBytes) + swizzled<kPanelDims>(row, chunk % 8);
}

#ifdef CHORUS_SM90A
/// An operand in shared memory, swizzled by 128 bytes; strides in bytes (PTX, matrix descriptor).
__device__ inline std::uint64_t operand(std::uint32_t address, std::uint32_t leading, std::uint32_t stride) {
  return std::uint64_t{(address & 0x3ffffU) >> 4} | std::uint64_t{leading >> 4} << 16 |
         std::uint64_t{stride >> 4} << 32 | std::uint64_t{1} << 62;
}
/// Keys [key][dim], 16 dims from `address` on: 8 keys are 1024 bytes.
__device__ inline std::uint64_t keys_operand(std::uint32_t address) {
  return operand(address, 16, 1024);
}
/// Values [key][dim], all dims of 16 keys from `address` on: panels of `panel` bytes.
__device__ inline std::uint64_t values_operand(std::uint32_t address, std::uint32_t panel) {
  return operand(address, panel, 1024);
}

/// Registers that a wgmma uses are written before this and read after it: the compiler, which takes a wgmma for done once it
/// has begun, may not move their uses across. Call it before wgmma_begin and after wgmma_wait.
template <int kN>
__device__ inline void settle(Fragment<1, kN>& f) {
#pragma unroll
  for (int n = 0; n < kN; ++n)
#pragma unroll
    for (int e = 0; e < 4; ++e) asm volatile("" : "+f"(f[0][n][e])::"memory");
}
template <int kCount>
__device__ inline void settle(std::uint32_t (&f)[kCount][4]) {
#pragma unroll
  for (int n = 0; n < kCount; ++n)
#pragma unroll
    for (int e = 0; e < 4; ++e) asm volatile("" : "+r"(f[n][e])::"memory");
}

/// Before the first wgmma that uses registers written since.
__device__ inline void wgmma_begin() {
  asm volatile("wgmma.fence.sync.aligned;\n" ::: "memory");
}
__device__ inline void wgmma_commit() {
  asm volatile("wgmma.commit_group.sync.aligned;\n" ::: "memory");
}
/// Waits for all of them.
__device__ inline void wgmma_wait() {
  asm volatile("wgmma.wait_group.sync.aligned 0;\n" ::: "memory");
}
/// Makes this thread's ordinary writes to shared memory visible to the tensor cores; a barrier follows.
__device__ inline void publish_shared() {
  asm volatile("fence.proxy.async.shared::cta;\n" ::: "memory");
}

// An instruction's operands are text for the assembler and a list for the compiler, so they can only be joined by the
// preprocessor: registers %0 to %31 or %63 of d, and d itself, a row of a fragment at a time. `type`: "bf16" or "f16".
#define CHORUS_REGISTERS_32                                                \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, " \
  "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define CHORUS_REGISTERS_64                                                          \
  CHORUS_REGISTERS_32                                                                \
  ", "                                                                               \
  "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, " \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define CHORUS_ROW(n) "+f"(d[0][n][0]), "+f"(d[0][n][1]), "+f"(d[0][n][2]), "+f"(d[0][n][3])
#define CHORUS_ROWS(n) CHORUS_ROW(n), CHORUS_ROW(n + 1), CHORUS_ROW(n + 2), CHORUS_ROW(n + 3)
#define CHORUS_ROWS_8 CHORUS_ROWS(0), CHORUS_ROWS(4)
#define CHORUS_ROWS_16 CHORUS_ROWS_8, CHORUS_ROWS(8), CHORUS_ROWS(12)
#define CHORUS_MULTIPLY(shape, type) "wgmma.mma_async.sync.aligned." shape ".f32." type "." type " "

// a in registers, 64 columns, 128 columns; a in shared memory, 64 columns.
#define CHORUS_WGMMA_64(type)                                                          \
  asm volatile("{.reg .pred p; setp.ne.b32 p, %37, 0; " CHORUS_MULTIPLY(               \
                   "m64n64k16", type) "{" CHORUS_REGISTERS_32                          \
                                      "}, {%32, %33, %34, %35}, %36, p, 1, 1, %38;}\n" \
               : CHORUS_ROWS_8                                                         \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(add), "n"(kTransposed))
#define CHORUS_WGMMA_128(type)                                                          \
  asm volatile("{.reg .pred p; setp.ne.b32 p, %69, 0; " CHORUS_MULTIPLY(                \
                   "m64n128k16", type) "{" CHORUS_REGISTERS_64                          \
                                       "}, {%64, %65, %66, %67}, %68, p, 1, 1, %70;}\n" \
               : CHORUS_ROWS_16                                                         \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(add), "n"(kTransposed))
#define CHORUS_WGMMA_SHARED_64(type)                                                           \
  asm volatile("{.reg .pred p; setp.ne.b32 p, %34, 0; " CHORUS_MULTIPLY(                       \
                   "m64n64k16", type) "{" CHORUS_REGISTERS_32 "}, %32, %33, p, 1, 1, 0, 0;}\n" \
               : CHORUS_ROWS_8                                                                 \
               : "l"(a), "l"(b), "r"(add))

/// d[64 x kN] (+)= a[64 x 16] b: each warp has 16 rows of a and d. kTransposed: b lies [16][kN].
template <class T, int kN, int kTransposed>
__device__ inline void wgmma(Fragment<1, kN / 8>& d, const std::uint32_t (&a)[4], std::uint64_t b, int add) {
  static_assert(kN == 64 || kN == 128, "columns");
  constexpr bool kBf16 = std::is_same_v<T, core::bf16>;
  if constexpr (kN == 64 && kBf16) CHORUS_WGMMA_64("bf16");
  if constexpr (kN == 64 && !kBf16) CHORUS_WGMMA_64("f16");
  if constexpr (kN == 128 && kBf16) CHORUS_WGMMA_128("bf16");
  if constexpr (kN == 128 && !kBf16) CHORUS_WGMMA_128("f16");
}

/// d[64 x 64] (+)= a[64 x 16] b, both in shared memory as keys_operand says.
template <class T>
__device__ inline void wgmma_shared(Fragment<1, 8>& d, std::uint64_t a, std::uint64_t b, int add) {
  if constexpr (std::is_same_v<T, core::bf16>) {
    CHORUS_WGMMA_SHARED_64("bf16");
  } else {
    CHORUS_WGMMA_SHARED_64("f16");
  }
}

#undef CHORUS_REGISTERS_32
#undef CHORUS_REGISTERS_64
#undef CHORUS_ROW
#undef CHORUS_ROWS
#undef CHORUS_ROWS_8
#undef CHORUS_ROWS_16
#undef CHORUS_MULTIPLY
#undef CHORUS_WGMMA_64
#undef CHORUS_WGMMA_128
#undef CHORUS_WGMMA_SHARED_64
#endif

}  // namespace chorus::flex::cuda
