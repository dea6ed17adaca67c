// What every kernel of a call gets: the tensors, the numbers of AttentionOptions, and the tiles to visit.
//
//   const Arguments<core::bf16> a{.q = q, .k = k, .v = v, .out = out, .group = q_heads / kv_heads, .scale = scale};
#pragma once

#include "flex/cuda/tile_plan.h"
#include "flex/view.h"

namespace chorus::flex::cuda {

/// A TilePlan in device memory, or no plan: then every tile of rows visits `every`.
struct TilePlanView {
  const TileRun* runs = nullptr;
  const Index* first = nullptr;
  const TileItem* items = nullptr;
  Index batch = 1, heads = 1;  // planes; 1 stands for all
  Index row_tiles = 0;
  TileRun every[2]{};  // without a plan: the runs of every tile of rows
  Index every_count = 0;
};

/// View::row for both devices.
template <class T>
FLEX_MOD T* row_of(const View<T>& view, Index b, Index h, Index r) {
  return view.data + b * view.batch_stride + h * view.head_stride + r * view.row_stride;
}

template <class T>
struct Arguments {
  View<const T> q{}, k{}, v{};
  View<T> out{};
  LogSumExp* lse = nullptr;  // [batch][q_head][row], or null
  Index group = 1;           // query heads to a kv head
  Index q_offset = 0;
  float scale = 1;  // positive
  TilePlanView plan{};
};

}  // namespace chorus::flex::cuda
