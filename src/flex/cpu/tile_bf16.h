// The kernels of flex/cpu/tile.h on processors that multiply bf16 (AVX512_BF16).
//
//   if (const TileKernels<core::bf16>* kernels = native_bf16_kernels()) ...
#pragma once

#include "flex/cpu/tile.h"

namespace chorus::flex::cpu {

/// Null where the processor, or the instruction set that Highway has been told to use, lacks AVX512_BF16.
const TileKernels<core::bf16>* native_bf16_kernels();

}  // namespace chorus::flex::cpu
