// One work item of attention over spans: some rows of a tile under one kv head, and the scratch its thread
// owns.
#pragma once

#include "core/dtype.h"
#include "flex/cpu/tile.h"

namespace chorus::flex::cpu {

/// Rows [row, row + rows) of problem.tiles[tile], all query heads of kv_head.
struct SpanTask {
  std::size_t tile = 0;
  Index kv_head = 0, row = 0, rows = 0;
};

/// Buffers for tasks of up to `vectors` query vectors in up to `states` softmax states.
class SpanScratch {
 public:
  SpanScratch() = default;
  SpanScratch(Index vectors, Index states, Index head_dim);

  bool empty() const { return storage_ == nullptr; }
  float* keys() const { return storage_.get(); }  // [head_dim][kBlock]
  float* values() const { return values_; }       // [kBlock][padded(head_dim)]
  RowStates state(Index s) const {
    float* at = states_ + s * vectors_ * (1 + kLanes + width_);
    return {.max = at, .sum = at + vectors_, .acc = at + vectors_ * (1 + kLanes)};
  }
  /// Makes the first `vectors` rows of the first `states` states empty.
  void clear(Index vectors, Index states) const;

 private:
  AlignedFloats::Pointer storage_;
  float* values_ = nullptr;
  float* states_ = nullptr;
  std::int64_t vectors_ = 0, width_ = 0;
};

void run_prefill(const SpanProblem<float>& problem, const SpanTask& task, const SpanScratch& scratch);
void run_prefill(const SpanProblem<core::bf16>& problem, const SpanTask& task, const SpanScratch& scratch);
void run_prefill(const SpanProblem<core::f16>& problem, const SpanTask& task, const SpanScratch& scratch);
void run_decode(const SpanProblem<float>& problem, const SpanTask& task, const SpanScratch& scratch);
void run_decode(const SpanProblem<core::bf16>& problem, const SpanTask& task, const SpanScratch& scratch);
void run_decode(const SpanProblem<core::f16>& problem, const SpanTask& task, const SpanScratch& scratch);

/// Where the rows of a task go, and how the states of a row merge.
struct SpanOutput {
  float* out;    // [row][q_head][head_dim], from the task's first row
  float* share;  // the same rows' [q_head][share_states], or null
  Index share_states, q_heads, head_dim;
  Index first_head, group;  // query heads [first_head, first_head + group)
};

/// Merges the states of every row of the task and writes them out.
void write_rows(const SpanOutput& to, const SpanTile& tile, Index rows, const SpanScratch& scratch);

}  // namespace chorus::flex::cpu
