// attention() on the CPU: which tiles there are, which blocks of keys each of them visits, and where the mods run. All
// arithmetic but the mods' is in the compiled kernels of flex/cpu/tile.h.
//
//   const DenseAttention<float, Causal, KeepScore> work(q, k, v, out, options, mask_mod, score_mod);   // holds references
//   DenseMemory memory = work.memory();
//   for (std::int64_t task = 0; task < work.tasks(); ++task) work.run(task, part, memory);
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "flex/cpu/seen_rows.h"
#include "flex/cpu/tile_visits.h"
#include "flex/options.h"

namespace chorus::flex::cpu {

/// The keys that a tile attends to, and where what comes of it goes.
struct DensePart {
  Range keys{};
  View<float> out{};           // null: the call's own out
  std::span<LogSumExp> lse{};  // empty: not written
};

/// What a thread works in, from one task to the next.
struct DenseMemory {
  DenseMemory(Index dim, Index v_dim, Index slots)
      : tile(dim, v_dim, slots), totals(AlignedFloats::make(kBlock * kTileLanes)) {}

  Tile tile;
  RowsAhead ahead;
  TileVisits visits;
  std::vector<BlockKinds::Count> counts;
  AlignedFloats::Pointer totals;  // [kBlock][kTileLanes]
};

template <class T, MaskMod M, ScoreMod S>
class DenseAttention {
 public:
  DenseAttention(View<const T> q, View<const T> k, View<const T> v, View<T> out,
                 const AttentionOptions& options, const M& mask_mod, const S& score_mod)
      : q_(q),
        k_(k),
        v_(v),
        out_(out),
        options_(options),
        mask_mod_(mask_mod),
        score_mod_(score_mod),
        kernels_(tile_kernels<T>()),
        shape_(q.extents, k.extents,
               std::int64_t{k.extents.rows} * (k.extents.dim + v.extents.dim) * Index{sizeof(T)}, kOrder),
        keys_(keys_of(options, k.extents)),
        blocks_(blocks_over(keys_)),
        scale_(scale_of(options, q.extents.dim)),
        heads_agree_(same_for_heads<M>() &&
                     (options.block_mask == nullptr || options.block_mask->shape().heads == 1)),
        far_(bytes_of(q) + bytes_of(k) + bytes_of(v) + bytes_of(out) >= kFarBytes) {}

  /// One tile of queries each.
  std::int64_t tasks() const { return shape_.tiles(); }
  /// One block of keys of all queries of a tile's heads each; for run_keys.
  std::int64_t key_tasks() const { return shape_.planes() * blocks_.size(); }
  DenseMemory memory() const {
    return DenseMemory(q_.extents.dim, v_.extents.dim, kSlotsOfHead * shape_.together);
  }

  /// Output and log-sum-exp of a tile over some of the call's keys.
  void run(std::int64_t task, const DensePart& part, DenseMemory& memory) const {
    const TileRows rows = shape_.tile(task);
    Tile& tile = memory.tile;
    begin(rows, tile);
    const bool in_place = part.out.data == nullptr;
    const auto to = rows_of_lanes<T>(rows, out_, nullptr);
    memory.ahead.clear();
    if (far_ && in_place) look_ahead(task, rows, memory.ahead);
    // A block is added when the next one is known: it asks for that one's keys, and the last one writes the results.
    const Visit* waiting = nullptr;
    const auto add = [&](const Visit* next, T* const* results) {
      KeyBlock<T> block = key_block(rows, waiting->block);
      if (far_) block.ahead = ahead_of(rows, block, next, memory.ahead);
      score(rows, waiting->block, cut(waiting->block, part.keys), block, waiting->mask, tile);
      kernels_.add(block, waiting->mask, tile, results);
    };
    for_visits(rows, part.keys, memory, [&](const Visit& visit) {
      if (waiting != nullptr) add(&visit, nullptr);
      waiting = &visit;
    });
    if (waiting != nullptr) add(nullptr, in_place ? to.data() : nullptr);
    if (!in_place)
      store_parts(rows, tile, part.out);
    else if (waiting == nullptr)
      kernels_.store(tile, to.data());
    if (!part.lse.empty()) write_lse(rows, tile, part.lse);
  }

  /// Probabilities of a block's keys, summed over the rows: a second pass, which needs the rows' log-sum-exps. Each sum is
  /// made by one task in one order.
  void run_keys(std::int64_t task, DenseMemory& memory) const {
    const std::int64_t plane = task / blocks_.size();
    const Index block = blocks_.begin + static_cast<Index>(task % blocks_.size());
    Tile& tile = memory.tile;
    float* totals = memory.totals.get();
    std::fill_n(totals, kBlock * kTileLanes, 0.0F);
    TileMask mask;
    std::array<float, kTileLanes> lse;
    for (Index piece = 0; piece < shape_.pieces; ++piece) {
      const TileRows rows = shape_.tile(plane, piece);
      const Range keys = cut(block, keys_);
      const SeenRows<M> seen(mask_mod_, rows, shape_, options_.q_offset, keys);
      const BlockKind kind =
          options_.block_mask != nullptr ? block_kind(*options_.block_mask, rows, block) : seen.kind(keys);
      if (!find_mask(rows, seen, block, keys, kind, mask)) continue;
      begin(rows, tile);
      score(rows, block, keys, key_block(rows, block), mask, tile);
      lse.fill(std::numeric_limits<float>::infinity());  // lanes not in use: probability 0
      for_lanes(rows, [&](Index lane, Index h, Index r) {
        const float value = options_.lse[lse_at(rows.b, h, r)].value;
        lse[static_cast<std::size_t>(lane)] = std::isinf(value) ? 0.0F : value * kLog2E;
      });
      add_probabilities(mask, lse.data(), tile, totals);
    }
    write_keys(shape_.plane(plane), block, totals);
  }

 private:
  static constexpr bool kScored = !std::is_same_v<S, KeepScore>;
  static constexpr Index kSlotsOfHead = 2;  // the values of a block and its neighbour stay packed
  static constexpr TileShape::Order kOrder =
      kScored || !has_structure<M> ? TileShape::Order::heads : TileShape::Order::rows;

  template <class U>
  static std::int64_t bytes_of(const View<U>& tensor) {
    const Extents& e = tensor.extents;
    return std::int64_t{e.batch} * e.heads * e.rows * e.dim * std::int64_t{sizeof(U)};
  }

  /// Calls body(lane, query head, row) for every lane in use.
  template <class Body>
  void for_lanes(const TileRows& rows, const Body& body) const {
    for (Index h = 0; h < rows.heads; ++h)
      for (Index r = 0; r < rows.count; ++r) body(shape_.lane(h, r), rows.first_head + h, rows.first + r);
  }

  /// The row of the tensor that each lane is of; `unused` for lanes not in use.
  template <class U>
  std::array<U*, kTileLanes> rows_of_lanes(const TileRows& rows, const View<U>& tensor, U* unused) const {
    std::array<U*, kTileLanes> all;
    all.fill(unused);
    for (Index h = 0; h < rows.heads; ++h) {
      U* const first = tensor.row(rows.b, rows.first_head + h, rows.first);
      for (Index r = 0; r < rows.count; ++r) {
        const Index lane = shape_.lane(h, r);
        all[static_cast<std::size_t>(lane)] = first + r * tensor.row_stride;
      }
    }
    return all;
  }

  std::size_t lse_at(Index b, Index h, Index r) const {
    const auto heads = static_cast<std::size_t>(q_.extents.heads),
               all = static_cast<std::size_t>(q_.extents.rows);
    return (static_cast<std::size_t>(b) * heads + static_cast<std::size_t>(h)) * all +
           static_cast<std::size_t>(r);
  }

  KeyBlock<T> key_block(const TileRows& rows, Index block) const {
    const Index first = block * kBlock;
    return {.k = k_.row(rows.b, rows.kv_head, first),
            .v = v_.row(rows.b, rows.kv_head, first),
            .k_stride = k_.row_stride,
            .v_stride = v_.row_stride,
            .keys = std::min(kBlock, k_.extents.rows - first),
            .slot = rows.kv_head % shape_.together * kSlotsOfHead + block % kSlotsOfHead};
  }

  void begin(const TileRows& rows, Tile& tile) const {
    tile.lanes = shape_.lane(rows.heads - 1, rows.count - 1) + 1;
    // lanes not in use hold something finite: the first row
    kernels_.begin(rows_of_lanes(rows, q_, q_.row(rows.b, rows.first_head, rows.first)).data(), tile);
  }

  /// What a tile will want: the rows of its results, then the queries of the next tile.
  void look_ahead(std::int64_t task, const TileRows& rows, RowsAhead& ahead) const {
    const auto add = [&](const auto& tensor, const TileRows& t) {
      ahead.add(tensor, t.b, t.first_head, t.heads, {t.first, t.first + t.count});
    };
    add(out_, rows);
    if (task + 1 < tasks()) add(q_, shape_.tile(task + 1));
  }

  Ahead ahead_of(const TileRows& rows, const KeyBlock<T>& block, const Visit* next, RowsAhead& ahead) const {
    constexpr std::int64_t kBytes = sizeof(T);
    return {.k = next == nullptr ? 0 : address_of(k_.row(rows.b, rows.kv_head, next->block * kBlock)),
            .k_stride = static_cast<Address>(block.k_stride * kBytes),
            .v = address_of(block.v),
            .v_stride = static_cast<Address>(block.v_stride * kBytes),
            .rows = &ahead};
  }

  static Range cut(Index block, Range keys) {
    return {std::max(block * kBlock, keys.begin), std::min((block + 1) * kBlock, keys.end)};
  }

  /// Calls body for every block that the tile visits, in order. A visit stays as it is for longer than the next one.
  template <class Body>
  void for_visits(const TileRows& rows, Range keys, DenseMemory& memory, const Body& body) const {
    if (keys.size() == 0) return;
    TileVisits& visits = memory.visits;
    if (heads_agree_ && visits.are_of(rows, keys)) {
      for (const Visit& visit : visits.all()) body(visit);
      return;
    }
    const Range blocks = blocks_over(keys);
    BlockKinds kinds(blocks, memory.counts);
    const SeenRows<M> seen(mask_mod_, rows, shape_, options_.q_offset, keys);
    if (options_.block_mask != nullptr)
      kinds.add(*options_.block_mask, rows);
    else
      seen.add_to(kinds, keys);
    visits.begin(rows, keys);
    for (Index block = blocks.begin; block < blocks.end; ++block)
      if (find_mask(rows, seen, block, cut(block, keys), kinds[block], visits.next().mask))
        body(visits.push(block));
  }

  /// What a tile sees of a block's keys; false if nothing.
  bool find_mask(const TileRows& rows, const SeenRows<M>& seen, Index block, Range keys, BlockKind kind,
                 TileMask& mask) const {
    if (kind == BlockKind::empty) return false;
    if (kind == BlockKind::partial) return seen.mask(block, keys, mask);
    mask.fill(all_lanes(rows), {keys.begin - block * kBlock, keys.end - block * kBlock});
    return true;
  }

  void score(const TileRows& rows, Index block, Range keys, const KeyBlock<T>& data, const TileMask& mask,
             const Tile& tile) const {
    kernels_.score(data, mask, kScored ? scale_ : scale_ * kLog2E, tile);
    if constexpr (kScored) change_scores(rows, block, keys, mask, tile);
  }

  std::uint64_t all_lanes(const TileRows& rows) const {
    return shape_.lanes_of_rows(shape_.row_lanes(rows.heads), rows.count);
  }

  // The other place, beside SeenRows, where a number in a tile becomes (batch, head, query, key).
  void change_scores(const TileRows& rows, Index block, Range keys, const TileMask& mask,
                     const Tile& tile) const {
    const Index q = options_.q_offset + rows.first;
    for (Index key = keys.begin; key < keys.end; ++key) {
      const Index j = key - block * kBlock;
      if (mask.groups[static_cast<std::size_t>(j / kKeyGroup)] == 0)
        continue;  // its lanes are not set either
      for (Index h = 0; h < rows.heads; ++h) {
        float* at = tile.scores + j * kTileLanes + shape_.lane(h, 0);  // rows side by side: kOrder
        const std::uint64_t sees =
            mask.masked ? mask.lanes[static_cast<std::size_t>(j)] >> shape_.lane(h, 0) : 0;
        const auto change = [&](Index r) {
          at[r] = score_mod_(at[r], rows.b, rows.first_head + h, q + r, key) * kLog2E;
        };
        if (!mask.masked) {
          for (Index r = 0; r < rows.count; ++r) change(r);
        } else {  // a mod is never asked about a pair that the mask hides
          for (Index r = 0; r < rows.count; ++r)
            if (((sees >> r) & 1) != 0) change(r);
        }
      }
    }
  }

  void store_parts(const TileRows& rows, const Tile& tile, const View<float>& out) const {
    tile_kernels<float>().store(tile, rows_of_lanes<float>(rows, out, nullptr).data());
  }

  void write_lse(const TileRows& rows, const Tile& tile, std::span<LogSumExp> lse) const {
    constexpr float kLn2 = 0.693147180559945309417F;
    for_lanes(rows, [&](Index lane, Index h, Index r) {
      const float sum = tile.sum[lane];
      lse[lse_at(rows.b, h, r)] = {sum == 0.0F ? -std::numeric_limits<float>::infinity()
                                               : (tile.max[lane] + std::log2(sum)) * kLn2};
    });
  }

  void write_keys(const TileRows& rows, Index block, const float* totals) const {
    const Range keys = cut(block, keys_);
    for (Index key = keys.begin; key < keys.end; ++key)
      for (Index h = 0; h < rows.heads; ++h) {
        const float* lanes = totals + (key - block * kBlock) * kTileLanes;
        float sum = 0;
        for (Index r = 0; r < shape_.rows; ++r) sum += lanes[shape_.lane(h, r)];
        const auto head = static_cast<std::size_t>(rows.b) * static_cast<std::size_t>(q_.extents.heads) +
                          static_cast<std::size_t>(rows.first_head + h);
        options_.key_probabilities[head * static_cast<std::size_t>(k_.extents.rows) +
                                   static_cast<std::size_t>(key)] = sum;
      }
  }

  View<const T> q_, k_, v_;
  View<T> out_;
  const AttentionOptions& options_;
  const M& mask_mod_;
  const S& score_mod_;
  const TileKernels<T>& kernels_;
  TileShape shape_;
  Range keys_, blocks_;
  float scale_;
  bool heads_agree_;  // on what they see
  bool far_;          // is it worth asking for memory ahead of its use?
};

}  // namespace chorus::flex::cpu
