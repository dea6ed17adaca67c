// The shapes the tile kernels share: a block of keys, how it is packed, and the running softmax of a row.
#pragma once

#include <algorithm>

#include "flex/spans.h"

namespace chorus::flex::cpu {

/// Keys in one block; scores of a row are contiguous, one float a key.
inline constexpr Index kBlock = kSpanBlock;
/// Keys are handled in vectors of this many, whatever the width of a register: sums have one order on every
/// machine.
inline constexpr Index kLanes = 16;
/// Rows of one register tile.
inline constexpr Index kRows = 6;
/// Query vectors of a tile of attention(). Three AVX-512 registers: with eight keys they make 24 accumulators, and the operands
/// still fit.
inline constexpr Index kTileLanes = 48;
inline constexpr Index kMaxHeadDim = 256;

/// Accumulators are padded to whole vectors.
constexpr Index padded(Index dim) {
  return (dim + kLanes - 1) / kLanes * kLanes;
}

/// The running softmax of consecutive rows, in base-2 units: sum is [row][kLanes] partial sums (slot = key %
/// kLanes), acc is [row][padded(dim)], not normalised.
struct RowStates {
  float* max = nullptr;
  float* sum = nullptr;
  float* acc = nullptr;
};

/// Keys [lo, hi) of a block exist; the others are hidden.
struct KeyRange {
  Index lo = 0, hi = kBlock;
};

/// Sum of a row's kLanes partial sums, in one order everywhere: pairs at distance 8, 4, 2, 1.
inline float sum_lanes(const float* lanes) {
  float part[kLanes];
  std::copy_n(lanes, kLanes, part);
  for (Index half = kLanes / 2; half > 0; half /= 2)
    for (Index i = 0; i < half; ++i) part[i] += part[i + half];
  return part[0];
}

}  // namespace chorus::flex::cpu
