// What a mask leaves of a tile's rows. A mod is asked for its structure a few rows at a time, once a tile: fine enough that
// of the blocks on a border only the pairs near the border are left to be asked one by one.
//
//   const SeenRows<Causal> seen(causal(), rows, shape, q_offset, {0, kv_length});
//   seen.add_to(kinds, {0, kv_length});
//   if (seen.mask(block, keys, mask)) ...   // mask.lanes: which lanes see which keys
#pragma once

#include <optional>

#include "flex/cpu/tile_blocks.h"

namespace chorus::flex::cpu {

template <MaskMod M>
class SeenRows {
 public:
  /// `keys` are those that matter, not empty.
  SeenRows(const M& mod, const TileRows& rows, const TileShape& shape, Index q_offset, Range keys)
      : mod_(mod), b_(rows.b), row_step_(shape.row_step) {
    for (Index h = 0; h < (kOneHead ? 1 : rows.heads); ++h) {
      const std::uint64_t heads =
          kOneHead ? shape.row_lanes(rows.heads) : std::uint64_t{1} << shape.lane(h, 0);
      for (Index r = 0; r < rows.count; r += kStep) {
        const Index first = q_offset + rows.first + r, count = std::min(kStep, rows.count - r);
        Part& part = parts_[static_cast<std::size_t>(count_++)].emplace();
        part.h = rows.first_head + h;
        part.q = {first, first + count};
        part.row = heads << shape.lane(0, r);
        part.rows = shape.lanes_of_rows(part.row, count);
        seen_keys(mod, b_, part.h, part.q, keys, part.seen);
      }
    }
  }

  void add_to(BlockKinds& kinds, Range keys) const {
    for (Index i = 0; i < count_; ++i) kinds.add(part(i).seen, keys);
  }

  /// What all rows together make of the keys.
  BlockKind kind(Range keys) const {
    bool none = true, all = true;
    for (Index i = 0; i < count_; ++i) {
      none = none && part(i).seen.any.empty();
      all = all && part(i).seen.all.covers(keys);
    }
    return all ? BlockKind::full : none ? BlockKind::empty : BlockKind::partial;
  }

  /// Which lanes see which of the keys, a part of the block; false if none sees any. Here a pair becomes (batch, head,
  /// query, key), and where a score mod runs, and nowhere else.
  bool mask(Index block, Range keys, TileMask& mask) const {
    mask.clear();
    for (Index i = 0; i < count_; ++i) {
      const Part& p = part(i);
      const auto lanes_of = [&](Index key) -> std::uint64_t& {
        return mask.lanes[static_cast<std::size_t>(key - block * kBlock)];
      };
      for (const Range known : p.seen.all)
        for (Index key = std::max(known.begin, keys.begin), end = std::min(known.end, keys.end); key < end;
             ++key)
          lanes_of(key) |= p.rows;
      for (const Range open : p.seen.any)
        for (Index key = std::max(open.begin, keys.begin), end = std::min(open.end, keys.end); key < end;
             ++key) {
          std::uint64_t& lanes = lanes_of(key);
          if ((lanes & p.rows) != p.rows) lanes |= ask(p, key);
        }
    }
    mask.close();
    return mask.any();
  }

 private:
  // Without structure nothing is gained by asking for few rows.
  static constexpr Index kStep = has_structure<M> ? 8 : kTileLanes;
  static constexpr bool kOneHead = has_structure<M> && same_for_heads<M>();
  static constexpr std::size_t kMostParts = kOneHead ? (kTileLanes + kStep - 1) / kStep : kTileLanes;

  struct Part {
    Index h = 0;                      // query head, or the first of all
    std::uint64_t row = 0, rows = 0;  // lanes of the first row, of all
    Range q{};
    SeenKeys seen;
  };

  const Part& part(Index i) const { return *parts_[static_cast<std::size_t>(i)]; }

  /// The lanes of the part that see the key, row by row.
  std::uint64_t ask(const Part& p, Index key) const {
    std::uint64_t lanes = 0;
    if constexpr (has_structure<M>) {
      if (p.q.size() == kStep) {  // as many as can be asked at once where the mod allows it
        std::array<bool, kStep> sees;
        for (Index r = 0; r < kStep; ++r)
          sees[static_cast<std::size_t>(r)] = mod_(b_, p.h, p.q.begin + r, key);
        for (Index r = 0; r < kStep; ++r)
          lanes |= (p.row << (r * row_step_)) & -std::uint64_t{sees[static_cast<std::size_t>(r)]};
        return lanes;
      }
      for (Index r = 0; r < p.q.size(); ++r)
        lanes |= (mod_(b_, p.h, p.q.begin + r, key) ? p.row : 0) << (r * row_step_);
    } else {  // many rows, each in the lane after the last: the loop becomes vectors where the mod allows it
      std::array<unsigned char, kTileLanes> sees{};
      for (Index r = 0; r < p.q.size(); ++r)
        sees[static_cast<std::size_t>(r)] = mod_(b_, p.h, p.q.begin + r, key);
      lanes = bits_of(sees.data(), p.q.size()) * p.row;
    }
    return lanes;
  }

  const M& mod_;
  Index b_, row_step_, count_ = 0;
  std::array<std::optional<Part>, kMostParts> parts_;  // as many as are needed are made
};

}  // namespace chorus::flex::cpu
