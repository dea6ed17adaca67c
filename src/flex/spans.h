// Attention over spans of paged keys: the form in which an engine that shares segments states its work.
//
// A tile is a run of query rows that see the same spans. Spans with the same consecutive `segment` label are
// pieces of one logical segment, and the kernel cuts keys at multiples of kSpanBlock from a segment's logical
// index 0, so a row's result depends on the logical structure only: where physical pieces begin or end
// changes no bit of it.
//
//   SpanTile tile{.rows = 1, .spans = spans, .kind = RowKind::decode};
//   SpanProblem<float> p{.pages = pages, .tiles = {&tile, 1}, .q = q, .out = out, .q_heads = 9, .scale = 0.125F};
//   attention_spans(p, pool);
#pragma once

#include <cstdint>
#include <span>

#include "core/threads.h"
#include "flex/index.h"

namespace chorus::flex {

/// Keys of one logical segment are processed in blocks of this many.
inline constexpr Index kSpanBlock = 64;

/// Pages of keys and values: k and v are [page][kv_head][slot][head_dim], T is float, core::bf16 or core::f16.
template <class T>
struct KvPages {
  const T* k = nullptr;
  const T* v = nullptr;
  Index page_tokens = 0;
  Index kv_heads = 0;
  Index head_dim = 0;
};

/// A range of keys. Slot s counts from the first slot of pages[0]; slot s lies in pages[s / page_tokens].
struct KvSpan {
  std::span<const Index> pages{};
  Index begin = 0, end = 0;  // slots [begin, end)
  Index logical_first = 0;   // index within its segment of key `begin`
  Index segment = 0;         // consecutive spans with the same label continue one logical segment
  Index variant = 0;         // which variant of the queries scores these keys
  Index state = 0;           // the softmax state these keys add to, < the tile's `states`
  float score_scale = 1;     // multiplies the scaled scores (1/temperature)
  float score_bias = 0;      // added to them after that (a log weight; -infinity hides the span)
  bool causal = false;       // row r of the tile sees only keys with logical index <= causal_first + r
};

/// What a row is, of many that are computed together or the newest of its sequence.
enum class RowKind { prefill, decode };

/// Rows [row, row + rows) of the output; their queries are q[q_row + variant * rows + r], r in [0, rows).
struct SpanTile {
  Index row = 0, rows = 0;
  std::int64_t q_row = 0;
  std::span<const KvSpan> spans{};  // in logical order; none: the output is 0
  Index causal_first = 0;           // logical index of row 0 within the causal span's segment
  Index states = 1;
  std::span<const float> lse_scale{};  // per state: multiplies its natural-log LSE before the merge; empty: 1
  // Multiplies the natural-log LSE of states 1, 2, ... taken together, after lse_scale; their shares of it stay.
  float joint_scale = 1;
  bool share = true;                // whether its rows' shares are written where the problem asks for shares
  RowKind kind = RowKind::prefill;  // a kernel is chosen by it, never by `rows`
};

template <class T>
struct SpanProblem {
  KvPages<T> pages{};
  std::span<const SpanTile> tiles{};
  const float* q = nullptr;  // [q_row][q_head][head_dim], already rotated
  float* out = nullptr;      // [row][q_head][head_dim]
  // Optional [row][q_head][share_states]: the part of a row's mass in each state; sums to 1, or all 0 if the row
  // sees nothing. share_states is at least the largest `states`; entries past a tile's states are 0.
  float* share = nullptr;
  Index share_states = 0;
  Index q_heads = 0;  // a multiple of kv_heads; query head h uses kv head h / (q_heads / kv_heads)
  float scale = 1;    // multiplies q.k
};

/// Runs every tile; rows of different tiles must not overlap. T is float, core::bf16 or core::f16; sums are float.
/// The result is the same bits for any number of threads, any order of tiles, any grouping of rows of one
/// kind into tiles (for decode rows; prefill rows too), and any physical cut of the segments.
template <class T>
void attention_spans(const SpanProblem<T>& problem, core::ThreadPool& pool);

/// The same in double precision, one plain loop; the kernel answers to it.
template <class T>
void attention_spans_reference(const SpanProblem<T>& problem);

}  // namespace chorus::flex
