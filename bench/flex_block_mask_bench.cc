// Time to make block masks from structure: 131072 x 131072 pairs, one thread. Run: build/bench/flex_block_mask_bench
#include <benchmark/benchmark.h>

#include <vector>

#include "flex/block_mask.h"
#include "flex/mods.h"

namespace chorus::flex {
namespace {

constexpr Index kTokens = 131072, kSegments = 16;

/// Sixteen segments of a sixteenth each, or of lengths that end inside blocks.
std::vector<Index> segments(bool ragged) {
  std::vector<Index> ids(kTokens);
  for (Index i = 0; i < kTokens; ++i)
    ids[static_cast<std::size_t>(i)] = ragged ? (i + i / 3) / (kTokens / 12 + 77) : i / (kTokens / kSegments);
  return ids;
}

template <MaskMod M>
void make(benchmark::State& state, const M& mod) {
  const auto block = static_cast<Index>(state.range(0));
  for ([[maybe_unused]] auto step : state) {
    const BlockMask mask = BlockMask::make(
        mod, {.q_length = kTokens, .kv_length = kTokens, .q_block = block, .kv_block = block});
    benchmark::DoNotOptimize(mask.row(0, 0, mask.row_blocks() - 1).data());
  }
  const BlockMask mask =
      BlockMask::make(mod, {.q_length = kTokens, .kv_length = kTokens, .q_block = block, .kv_block = block});
  state.counters["full"] = static_cast<double>(mask.count(BlockKind::full));
  state.counters["partial"] = static_cast<double>(mask.count(BlockKind::partial));
}

void segment_relation(benchmark::State& state) {
  const SegmentRelation relation(segments(false), kSegments, {}, kTokens);
  make(state, relation.mask());
}
void segment_relation_ragged(benchmark::State& state) {
  const SegmentRelation relation(segments(true), kSegments, {}, kTokens);
  make(state, relation.mask());
}
void causal_and_document(benchmark::State& state) {
  const Runs runs(segments(true));
  make(state, causal() & document(runs));
}
void causal_alone(benchmark::State& state) {
  make(state, causal());
}

BENCHMARK(segment_relation)->Arg(64)->Arg(128)->Unit(benchmark::kMicrosecond);
BENCHMARK(segment_relation_ragged)->Arg(64)->Arg(128)->Unit(benchmark::kMicrosecond);
BENCHMARK(causal_and_document)->Arg(64)->Arg(128)->Unit(benchmark::kMicrosecond);
BENCHMARK(causal_alone)->Arg(64)->Arg(128)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace chorus::flex

BENCHMARK_MAIN();
