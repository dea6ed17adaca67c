// The kernels of flex/cpu/tile.h on processors that multiply bf16 (AVX512_BF16).
//
//   if (const TileKernels<core::bf16>* kernels = native_bf16_kernels()) ...
#pragma once

#include "flex/cpu/tile.h"

namespace chorus::flex::cpu {

/// Null where the processor lacks AVX512_BF16. For code that has been chosen for AVX-512: it does not ask Highway, which asks
/// the processor anew each time, and that takes microseconds in a virtual machine.
const TileKernels<core::bf16>* native_bf16_kernels();

}  // namespace chorus::flex::cpu
