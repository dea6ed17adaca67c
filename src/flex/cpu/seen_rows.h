// What a mask leaves of a tile's rows. A mod is asked for its structure a few rows at a time, once a tile: fine enough that
// of the blocks on a border only the pairs near the border are left to be asked one by one.
//
//   const SeenRows<Causal> seen(mask_mod, rows, shape, q_offset, {0, kv_length});   // holds a reference to the mod
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
    const Range hull = hull_within(keys);
    if (hull.size() == 0) return false;
    const Range here{hull.begin - block * kBlock, hull.end - block * kBlock};
    mask.clear(here);
    for (Index i = 0; i < count_; ++i) {
      const Part& p = part(i);
      const auto each = [&](Index from, Index to, const auto& body) {
        const Range some{std::max(from, keys.begin), std::min(to, keys.end)};
        if (some.begin < some.end) body(some, mask.lanes.data() + (some.begin - block * kBlock));
      };
      const auto ask_about = [&](Range some, std::uint64_t* lanes) { ask(p, some, lanes); };
      for (const Range known : p.seen.all.touching(keys))
        each(known.begin, known.end, [&](Range some, std::uint64_t* lanes) {
          for (Index key = 0; key < some.size(); ++key) lanes[key] |= p.rows;
        });
      for (const Range range :
           p.seen.any.touching(keys)) {  // where no known range lies, a pair must be asked about
        const Range maybe{std::max(range.begin, keys.begin), std::min(range.end, keys.end)};
        Index from = maybe.begin;
        for (const Range known : p.seen.all.touching(maybe)) {
          each(from, known.begin, ask_about);
          from = known.end;
        }
        each(from, maybe.end, ask_about);
      }
    }
    mask.close(here);
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

  /// From the first of these keys that a row may see to the last.
  Range hull_within(Range keys) const {
    Range hull{keys.end, keys.begin};
    for (Index i = 0; i < count_; ++i)
      if (const auto any = part(i).seen.any.touching(keys); !any.empty())
        hull = {std::min(hull.begin, std::max(any.front().begin, keys.begin)),
                std::max(hull.end, std::min(any.back().end, keys.end))};
    return hull.begin < hull.end ? hull : Range{};
  }

  const Part& part(Index i) const { return *parts_[static_cast<std::size_t>(i)]; }

  /// Adds the lanes of the part that see each of the keys, pair by pair. Either loop becomes vectors where the mod allows it.
  void ask(const Part& p, Range keys, std::uint64_t* lanes) const {
    if constexpr (has_structure<M>) {  // few rows, few keys in an order that a mod likes to be asked in
      for (Index r = 0; r < p.q.size(); ++r) {
        const std::uint64_t row = p.row << (r * row_step_);
        const Index q = p.q.begin + r;
        for (Index key = keys.begin; key < keys.end; ++key)
          lanes[key - keys.begin] |= mod_(b_, p.h, q, key) ? row : 0;
      }
    } else {  // many rows, each in the lane after the last
      for (Index key = keys.begin; key < keys.end; ++key) {
        std::array<unsigned char, kTileLanes> sees{};
        for (Index r = 0; r < p.q.size(); ++r)
          sees[static_cast<std::size_t>(r)] = mod_(b_, p.h, p.q.begin + r, key);
        lanes[key - keys.begin] |= bits_of(sees.data(), p.q.size()) * p.row;
      }
    }
  }

  const M& mod_;
  Index b_, row_step_, count_ = 0;
  std::array<std::optional<Part>, kMostParts> parts_;  // as many as are needed are made
};

}  // namespace chorus::flex::cpu
