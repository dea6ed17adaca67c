// FlexAttention on the CPU: softmax(score_mod(scale q k^T)) v over the pairs a mask mod allows, in tiles, never a
// q x kv buffer. q, k, v, out are strided views of float or bf16; sums are float; k and v are never repeated for GQA.
//
// A row that sees nothing has output 0 and LSE minus infinity. Blocks that the mask leaves empty are not visited, full
// ones run no mask code: from the block mask if given, else from the mod's structure; an opaque callable without a block
// mask is asked for every pair. A row's result depends on its own keys only: neither threads, nor the other rows, nor
// how many rows there are change a bit of it.
//
//   attention(head_major(q, {1, 9, 100, 64}), head_major(k, {1, 3, 100, 64}), head_major(v, {1, 3, 100, 64}),
//             head_major(out, {1, 9, 100, 64}), {.pool = &pool}, causal());
//   attention(q_row, k, v, out_row, {.q_offset = length - 1}, relation.mask(), soft_cap(20));
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "flex/cpu/tile.h"
#include "flex/options.h"

namespace chorus::flex {
namespace cpu {

/// One call's tensors, mods and options, and the rows of one (batch, kv head, row range) at a time.
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
        group_(q.extents.heads / k.extents.heads),
        scale_(scale_of(options, q.extents.dim)) {
    rows_ = std::max(1, kVectors / group_);
    if (options.block_mask != nullptr) {  // a task's rows lie in one block row
      const Index block = options.block_mask->shape().q_block;
      rows_ = std::min(rows_, block);
      while (block % rows_ != 0) --rows_;
    }
  }

  std::int64_t tasks() const { return std::int64_t{q_.extents.batch} * k_.extents.heads * pieces(); }
  std::int64_t scratch_floats() const {
    const std::int64_t n = vectors_most();
    return kBlock * (q_.extents.dim + padded(v_.extents.dim)) +
           n * (kBlock + kLanes + padded(v_.extents.dim) + q_.extents.dim) + round_up(n);
  }

  void run(std::int64_t task, float* scratch) const {
    const auto piece = static_cast<Index>(task % pieces()), plane = static_cast<Index>(task / pieces());
    Tile t{.b = plane / k_.extents.heads, .kv_head = plane % k_.extents.heads, .first = piece * rows_};
    t.count = std::min(rows_, q_.extents.rows - t.first);
    place(t, scratch);
    load_queries(t);
    for (Index key = 0; key < k_.extents.rows; key += kBlock) {
      const Index keys = std::min(kBlock, k_.extents.rows - key);
      const BlockKind kind = kind_of(t, {key, key + keys});
      if (kind != BlockKind::empty) add_block(t, key, {0, keys}, kind);
    }
    write(t);
  }

 private:
  static constexpr Index kVectors =
      96;  // query vectors of a task: pays for packing, fits the second-level cache

  struct Tile {
    Index b = 0, kv_head = 0, first = 0, count = 0;
    float *keys = nullptr, *values = nullptr, *scores = nullptr, *queries = nullptr;
    RowStates states{};
    std::array<const float*, 256> q{};
  };

  static constexpr std::int64_t round_up(std::int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }
  Index pieces() const { return (q_.extents.rows + rows_ - 1) / rows_; }
  std::int64_t vectors_most() const { return std::int64_t{rows_} * group_; }
  Index vectors(const Tile& t) const { return t.count * group_; }
  Index head(const Tile& t, Index i) const { return t.kv_head * group_ + i % group_; }
  Index row(const Tile& t, Index i) const { return t.first + i / group_; }

  void place(Tile& t, float* at) const {
    const std::int64_t n = vectors_most();
    const auto take = [&at](std::int64_t floats) { return std::exchange(at, at + floats); };
    t.keys = take(std::int64_t{kBlock} * q_.extents.dim);
    t.values = take(std::int64_t{kBlock} * padded(v_.extents.dim));
    t.scores = take(n * kBlock);
    t.states.sum = take(n * kLanes);
    t.states.acc = take(n * padded(v_.extents.dim));
    t.states.max = take(round_up(n));
    t.queries = take(n * q_.extents.dim);
    std::fill_n(t.states.max, vectors(t), -std::numeric_limits<float>::infinity());
    std::fill_n(t.states.sum, std::int64_t{vectors(t)} * kLanes, 0.0F);
    std::fill_n(t.states.acc, std::int64_t{vectors(t)} * padded(v_.extents.dim), 0.0F);
  }

  void load_queries(Tile& t) const {
    for (Index i = 0; i < vectors(t); ++i) {
      const T* from = q_.row(t.b, head(t, i), row(t, i));
      if constexpr (std::is_same_v<T, float>) {
        t.q[static_cast<std::size_t>(i)] = from;
      } else {
        float* to = t.queries + std::int64_t{i} * q_.extents.dim;
        for (Index d = 0; d < q_.extents.dim; ++d) to[d] = static_cast<float>(from[d]);
        t.q[static_cast<std::size_t>(i)] = to;
      }
    }
  }

  // What the mask does with the task's rows, all its heads together, and keys [kv.begin, kv.end) of one tile.
  BlockKind kind_of(const Tile& t, Range kv) const {
    BlockKind all{};
    for (Index g = 0; g < group_; ++g) {
      const Index h = t.kv_head * group_ + g;
      const BlockKind kind = kind_of_head(t, h, kv);
      if (g > 0 && kind != all) return BlockKind::partial;
      all = kind;
    }
    return all;
  }
  BlockKind kind_of_head(const Tile& t, Index h, Range kv) const {
    if (options_.block_mask != nullptr) {
      const BlockMaskShape& shape = options_.block_mask->shape();
      return options_.block_mask->at(t.b, h, t.first / shape.q_block, kv.begin / shape.kv_block);
    }
    const Index q = options_.q_offset + t.first;
    return classify_by_structure(mask_mod_, t.b, h, {q, q + t.count}, kv);
  }

  void add_block(Tile& t, Index first_key, KeyRange keys, BlockKind kind) const {
    std::array<const T*, kBlock> k, v;
    for (Index i = 0; i < kBlock; ++i) {
      const Index key = std::min(first_key + i, k_.extents.rows - 1);
      k[static_cast<std::size_t>(i)] = k_.row(t.b, t.kv_head, key);
      v[static_cast<std::size_t>(i)] = v_.row(t.b, t.kv_head, key);
    }
    pack_tile_keys(k.data(), q_.extents.dim, keys, t.keys);
    pack_tile_values(v.data(), v_.extents.dim, keys, t.values);
    score_tile(t.q.data(), vectors(t), q_.extents.dim, t.keys, keys, scale_, t.scores);
    apply_mods(t, first_key, keys.hi, kind == BlockKind::partial);
    add_tile(t.scores, vectors(t), keys, t.values, v_.extents.dim, t.states);
  }

  // The one place where a score becomes (batch, head, query, key).
  void apply_mods(Tile& t, Index first_key, Index keys, bool masked) const {
    if (std::is_same_v<S, KeepScore> && !masked) return;
    for (Index i = 0; i < vectors(t); ++i) {
      float* scores = t.scores + std::int64_t{i} * kBlock;
      const Index h = head(t, i), q = options_.q_offset + row(t, i);
      if constexpr (!std::is_same_v<S, KeepScore>)
        for (Index j = 0; j < keys; ++j) scores[j] = score_mod_(scores[j], t.b, h, q, first_key + j);
      if (masked)
        for (Index j = 0; j < keys; ++j)
          scores[j] =
              mask_mod_(t.b, h, q, first_key + j) ? scores[j] : -std::numeric_limits<float>::infinity();
    }
  }

  void write(const Tile& t) const {
    for (Index i = 0; i < vectors(t); ++i) {
      const Index h = head(t, i), r = row(t, i);
      const float sum = sum_lanes(t.states.sum + i * kLanes), factor = sum == 0.0F ? 0.0F : 1.0F / sum;
      const float* acc = t.states.acc + std::int64_t{i} * padded(v_.extents.dim);
      T* out = out_.row(t.b, h, r);
      for (Index d = 0; d < v_.extents.dim; ++d) {
        if constexpr (std::is_same_v<T, float>)
          out[d] = acc[d] * factor;
        else
          out[d] = T::from_float(acc[d] * factor);
      }
      if (options_.lse.empty()) continue;
      const std::size_t at = (static_cast<std::size_t>(t.b) * static_cast<std::size_t>(q_.extents.heads) +
                              static_cast<std::size_t>(h)) *
                                 static_cast<std::size_t>(q_.extents.rows) +
                             static_cast<std::size_t>(r);
      constexpr float kLn2 = 0.693147180559945309417F;
      options_.lse[at] = {sum == 0.0F ? -std::numeric_limits<float>::infinity()
                                      : (t.states.max[i] + std::log2(sum)) * kLn2};
    }
  }

  View<const T> q_, k_, v_;
  View<T> out_;
  const AttentionOptions& options_;
  const M& mask_mod_;
  const S& score_mod_;
  Index group_, rows_ = 0;
  float scale_;
};

}  // namespace cpu

/// Computes out. T is float or core::bf16, taken from out. out may not overlap q, k or v. Throws Error(usage) when the
/// tensors and options do not fit together (check_attention says what fits).
template <class T, MaskMod M = AllowAll, ScoreMod S = KeepScore>
void attention(std::type_identity_t<View<const T>> q, std::type_identity_t<View<const T>> k,
               std::type_identity_t<View<const T>> v, View<T> out, const AttentionOptions& options = {},
               const M& mask_mod = {}, const S& score_mod = {}) {
  check_attention(q.extents, k.extents, v.extents, out.extents, options);
  const cpu::DenseAttention<T, M, S> work(q, k, v, out, options, mask_mod, score_mod);
  const auto floats = static_cast<std::size_t>(work.scratch_floats());
  if (options.pool == nullptr) {
    const auto scratch = cpu::AlignedFloats::make(floats);
    for (std::int64_t task = 0; task < work.tasks(); ++task) work.run(task, scratch.get());
    return;
  }
  std::vector<cpu::AlignedFloats::Pointer> scratch(static_cast<std::size_t>(options.pool->size()));
  options.pool->parallel_for(work.tasks(), [&](std::int64_t task, int thread) {
    auto& own = scratch[static_cast<std::size_t>(thread)];
    if (own == nullptr) own = cpu::AlignedFloats::make(floats);
    work.run(task, own.get());
  });
}

}  // namespace chorus::flex
