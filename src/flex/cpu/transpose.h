// Sixteen rows turned into columns, on processors with AVX-512: how queries come to lie across the lanes of a tile.
//
//   transpose_sixteen(rows, dim, tile.queries + lane);        // floats
//   transpose_sixteen(rows, dim / 2, tile.queries + lane);    // pairs of 16 bits
#pragma once

#include "core/dtype.h"
#include "flex/cpu/tile_layout.h"

namespace chorus::flex::cpu {

/// packed[i * kTileLanes + r] = the i-th 32 bits of rows[r], for 16 rows and i in [0, units); units is a multiple of 4. Only for code
/// that has been chosen for AVX-512.
void transpose_sixteen(const float* const* rows, Index units, float* packed);
void transpose_sixteen(const core::bf16* const* rows, Index units, float* packed);

}  // namespace chorus::flex::cpu
