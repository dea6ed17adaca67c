// The blocks of keys that a tile visits, kept for the tiles that follow: they are often of other heads on the same rows, and
// then a mask need not be asked again.
//
//   if (!visits.are_of(rows, keys)) ...   // else visits.all()
//   visits.begin(rows, keys);
//   if (find(block, visits.next().mask)) use(visits.push(block));   // good while the next kMost - 1 are made
#pragma once

#include <array>
#include <span>

#include "flex/cpu/tile_blocks.h"

namespace chorus::flex::cpu {

/// A block, and what the tile's lanes see of it.
struct Visit {
  Index block = 0;
  TileMask mask;
};

class TileVisits {
 public:
  /// Are these all the visits of a tile of such rows over such keys? Of any head: whether heads agree is for the caller to know.
  bool are_of(const TileRows& rows, Range keys) const {
    return count_ <= kMost && rows.b == b_ && rows.first == first_ && rows.heads == heads_ && keys == keys_;
  }
  std::span<const Visit> all() const { return {visits_.data(), static_cast<std::size_t>(count_)}; }

  void begin(const TileRows& rows, Range keys) {
    b_ = rows.b;
    first_ = rows.first;
    heads_ = rows.heads;
    keys_ = keys;
    count_ = 0;
  }
  /// Where the next visit is to be made. More than kMost take the place of the first ones, and are no longer all there.
  Visit& next() { return visits_[static_cast<std::size_t>(count_ % kMost)]; }
  const Visit& push(Index block) {
    Visit& done = next();
    done.block = block;
    ++count_;
    return done;
  }

 private:
  static constexpr Index kMost = 8;  // a tile of more has so much to do that asking again is little

  Index b_ = -1, first_ = 0, heads_ = 0, count_ = 0;
  Range keys_;
  std::array<Visit, kMost> visits_;
};

}  // namespace chorus::flex::cpu
