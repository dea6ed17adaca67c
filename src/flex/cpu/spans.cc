// Attention over spans, cut into tasks of (rows of a tile, kv head) that any thread may take in any order.
#include "flex/spans.h"

#include <algorithm>
#include <vector>

#include "core/dtype.h"
#include "flex/cpu/span_task.h"
#include "flex/spans_check.h"

namespace chorus::flex {
namespace {

using cpu::SpanScratch;
using cpu::SpanTask;

// Query vectors of one task at most: enough to pay for packing a block, few enough to stay in the
// second-level cache.
constexpr Index kTaskVectors = 192;

std::vector<SpanTask> cut(std::span<const SpanTile> tiles, Index kv_heads, Index group) {
  const Index most = std::max(1, kTaskVectors / group);
  std::vector<SpanTask> tasks;
  tasks.reserve(tiles.size() * static_cast<std::size_t>(kv_heads));
  for (std::size_t t = 0; t < tiles.size(); ++t) {
    const Index pieces = (tiles[t].rows + most - 1) / most;
    for (Index piece = 0; piece < pieces; ++piece) {
      const auto row = [&](Index i) { return static_cast<Index>(std::int64_t{tiles[t].rows} * i / pieces); };
      for (Index h = 0; h < kv_heads; ++h) tasks.push_back({t, h, row(piece), row(piece + 1) - row(piece)});
    }
  }
  return tasks;
}

template <class T>
void run(const SpanProblem<T>& p, const SpanTask& task, const SpanScratch& scratch) {
  const SpanTile& tile = p.tiles[task.tile];
  const Index group = p.q_heads / p.pages.kv_heads, dim = p.pages.head_dim;
  scratch.clear(task.rows * group, tile.states);
  if (tile.kind == RowKind::decode)
    cpu::run_decode(p, task, scratch);
  else
    cpu::run_prefill(p, task, scratch);
  const std::int64_t first = (std::int64_t{tile.row} + task.row) * p.q_heads;
  write_rows({.out = p.out + first * dim,
              .share = p.share == nullptr || !tile.share ? nullptr : p.share + first * p.share_states,
              .share_states = p.share_states,
              .q_heads = p.q_heads,
              .head_dim = dim,
              .first_head = task.kv_head * group,
              .group = group},
             tile, task.rows, scratch);
}

}  // namespace

template <class T>
void attention_spans(const SpanProblem<T>& problem, core::ThreadPool& pool) {
  check_problem(problem);
  const Index group = problem.q_heads / problem.pages.kv_heads;
  const std::vector<SpanTask> tasks = cut(problem.tiles, problem.pages.kv_heads, group);
  Index rows = 0, states = 1;
  for (const SpanTask& task : tasks) rows = std::max(rows, task.rows);
  for (const SpanTile& tile : problem.tiles) states = std::max(states, tile.states);
  std::vector<SpanScratch> scratch(static_cast<std::size_t>(pool.size()));
  pool.parallel_for(static_cast<std::int64_t>(tasks.size()), [&](std::int64_t i, int thread) {
    SpanScratch& own = scratch[static_cast<std::size_t>(thread)];
    if (own.empty()) own = SpanScratch(rows * group, states, problem.pages.head_dim);
    run(problem, tasks[static_cast<std::size_t>(i)], own);
  });
}

template void attention_spans<float>(const SpanProblem<float>&, core::ThreadPool&);
template void attention_spans<core::bf16>(const SpanProblem<core::bf16>&, core::ThreadPool&);
template void attention_spans<core::f16>(const SpanProblem<core::f16>&, core::ThreadPool&);

}  // namespace chorus::flex
