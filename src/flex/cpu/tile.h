// The compiled half of attention(): packing and the two products of a tile, chosen at run time for the processor. They
// know no mod; the template in flex/attention.h runs the mods on the scores between them.
#pragma once

#include <memory>
#include <new>

#include "core/dtype.h"
#include "flex/cpu/tile_layout.h"

namespace chorus::flex::cpu {

/// Floats at 64-byte addresses, not initialised.
struct AlignedFloats {
  struct Free {
    void operator()(float* p) const { ::operator delete (p, std::align_val_t{64}); }
  };
  using Pointer = std::unique_ptr<float, Free>;
  static Pointer make(std::size_t count) {
    return Pointer(static_cast<float*>(::operator new (count * sizeof(float), std::align_val_t{64})));
  }
};

/// rows[i] is key i of the block; entries outside `keys` may be any readable row.
/// Packs keys as [dim][kBlock] and values as [kBlock][padded(dim)].
void pack_tile_keys(const float* const* rows, Index dim, KeyRange keys, float* packed);
void pack_tile_keys(const core::bf16* const* rows, Index dim, KeyRange keys, float* packed);
void pack_tile_values(const float* const* rows, Index dim, KeyRange keys, float* packed);
void pack_tile_values(const core::bf16* const* rows, Index dim, KeyRange keys, float* packed);

/// scores[i][key] = scale * q[i] . key, rows of kBlock floats, for keys in `keys` (others are left undefined).
void score_tile(const float* const* q, Index vectors, Index dim, const float* packed_keys, KeyRange keys,
                float scale, float* scores);

/// Adds a tile to the running softmax of its rows: natural-log scores become weights in place (-infinity: 0), states
/// take max, sums and weighted values.
void add_tile(float* scores, Index vectors, KeyRange keys, const float* packed_values, Index dim,
              const RowStates& states);

}  // namespace chorus::flex::cpu
