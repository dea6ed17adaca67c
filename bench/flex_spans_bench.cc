// Attention over spans at the sizes SmolLM2 gives it: GFLOP/s over the pairs really computed (4 x head_dim
// each). Every case is checked against the double-precision reference before it is timed.
#include <benchmark/benchmark.h>

#include <cmath>
#include <stdexcept>
#include <vector>

#include "flex/spans.h"
#include "tests/flex/spans_fixture.h"

namespace {

using namespace chorus;
using flex::Index;
using flex::KvSpan;
using flex::RowKind;
using flex::SpanProblem;
using flex::SpanTile;
using flex::testing::Store;

constexpr Index kHeads = 9, kKvHeads = 3, kDim = 64, kPage = 16;

// keys[0] is shared by all tiles, as an instruction is; the other spans are each tile's own.
template <class T>
struct Work {
  Work(Index count, Index rows, const std::vector<Index>& keys, RowKind kind)
      : store(pages(count, keys), kPage, kKvHeads, kDim, 1), spans(static_cast<std::size_t>(count)) {
    const KvSpan shared = store.place(0, 0, keys[0]);
    for (Index t = 0; t < count; ++t) {
      auto& list = spans[static_cast<std::size_t>(t)];
      list.push_back(shared);
      for (std::size_t s = 1; s < keys.size(); ++s)
        list.push_back(store.place(t * 100 + static_cast<Index>(s), 0, keys[s]));
      tiles.push_back({.row = t * rows, .rows = rows, .q_row = t * rows, .spans = list, .kind = kind});
      for (const Index n : keys) pairs += static_cast<double>(rows) * n * kHeads;
    }
    q = flex::testing::normal_values(static_cast<std::size_t>(std::int64_t{count} * rows * kHeads * kDim), 3);
    out.resize(q.size());
  }
  static Index pages(Index count, const std::vector<Index>& keys) {
    Index n = 0;
    for (const Index k : keys) n += count * ((k + kPage - 1) / kPage);
    return n;
  }
  SpanProblem<T> problem(float* to) const {
    return {
        .pages = store.view(), .tiles = tiles, .q = q.data(), .out = to, .q_heads = kHeads, .scale = 0.125F};
  }
  void check(core::ThreadPool& pool) {
    std::vector<float> want(out.size());
    attention_spans(problem(out.data()), pool);
    attention_spans_reference(problem(want.data()));
    for (std::size_t i = 0; i < out.size(); ++i)
      if (!(std::abs(out[i] - want[i]) < 1e-4F))
        throw std::runtime_error("the kernel differs from the reference");
  }

  Store<T> store;
  std::vector<std::vector<KvSpan>> spans;
  std::vector<SpanTile> tiles;
  std::vector<float> q, out;
  double pairs = 0;
};

template <class T>
void run(benchmark::State& state, Index tiles, Index rows, const std::vector<Index>& keys, RowKind kind) {
  Work<T> work(tiles, rows, keys, kind);
  core::ThreadPool pool(static_cast<int>(state.range(0)));
  work.check(pool);
  for (auto _ : state) attention_spans(work.problem(work.out.data()), pool);
  state.counters["GFLOP/s"] =
      benchmark::Counter(work.pairs * 4 * kDim * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["us/tile"] = benchmark::Counter(
      1e-6 * tiles, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void f32(benchmark::State& state, Index tiles, Index rows, const std::vector<Index>& keys, RowKind kind) {
  run<float>(state, tiles, rows, keys, kind);
}
void bf16(benchmark::State& state, Index tiles, Index rows, const std::vector<Index>& keys, RowKind kind) {
  run<core::bf16>(state, tiles, rows, keys, kind);
}

const std::vector<Index> kOwn{112, 16}, kLong{192, 64}, kDecode{112, 20, 18, 22, 15, 19, 6};

BENCHMARK_CAPTURE(f32, prefill_16_rows, 40, 16, kOwn, RowKind::prefill)->Arg(1)->Arg(2);
BENCHMARK_CAPTURE(f32, prefill_112_rows, 4, 112, kLong, RowKind::prefill)->Arg(1)->Arg(2);
BENCHMARK_CAPTURE(bf16, prefill_112_rows, 4, 112, kLong, RowKind::prefill)->Arg(1)->Arg(2);
BENCHMARK_CAPTURE(f32, prefill_256_rows_2048_keys, 1, 256, std::vector<Index>{2048}, RowKind::prefill)
    ->Arg(1)
    ->Arg(2);
BENCHMARK_CAPTURE(f32, decode_2_rows_in_cache, 2, 1, kDecode, RowKind::decode)->Arg(1);
BENCHMARK_CAPTURE(f32, decode_40_rows, 40, 1, kDecode, RowKind::decode)->Arg(1)->Arg(2);
BENCHMARK_CAPTURE(bf16, decode_40_rows, 40, 1, kDecode, RowKind::decode)->Arg(1)->Arg(2);

}  // namespace

BENCHMARK_MAIN();
