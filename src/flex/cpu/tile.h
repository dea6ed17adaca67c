// The compiled half of attention(): what is done with a tile of queries and a block of keys, chosen at run time for the
// processor. The kernels know no mod; the templates of flex/cpu/dense.h run the mods on the scores between them.
//
// A tile is up to kTileLanes query vectors that share a kv head. They lie across the lanes of the registers: scores are
// [key][lane], so that a row's softmax is a chain down a lane, keys are read where they lie, and what a lane holds depends on
// nothing beside it. Blocks are multiples of kBlock keys from key 0; a row's sums have one order whatever its tile is.
//
//   const TileKernels<float>& kernels = tile_kernels<float>();
//   kernels.begin(rows, tile);
//   for (...) { kernels.score(block, mask, scale * kLog2E, tile); kernels.add(block, mask, tile, nullptr); }
//   kernels.store(tile, out_rows);   // or the last add is given them
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

#include "core/dtype.h"
#include "flex/cpu/ahead.h"
#include "flex/cpu/tile_layout.h"

namespace chorus::flex::cpu {

/// Floats at 64-byte addresses, not initialised.
struct AlignedFloats {
  struct Free {
    void operator()(float* p) const { ::operator delete (p, std::align_val_t{64}); }
  };
  using Pointer = std::unique_ptr<float, Free>;
  static Pointer make(std::size_t count) {
    return Pointer(static_cast<float*>(::operator new (count * sizeof(float), std::align_val_t{64})));
  }
};

/// Keys whose scores are computed together, or half of them where a mask cuts; what a mask leaves of a block is kept by groups.
inline constexpr Index kKeyGroup = 8;
inline constexpr Index kKeyGroups = kBlock / kKeyGroup;
inline constexpr float kLog2E = 1.44269504088896340736F;

/// Which lanes see which keys of a block: bit i is lane i.
struct TileMask {
  // Of each key, set where a group of keys is looked at; one more, so that a kernel may read past the last.
  std::array<std::uint64_t, kBlock + 1> lanes;
  std::array<std::uint64_t, kKeyGroups> groups;  // of any key of a group; 0 in groups that are not looked at
  bool masked;                                   // false: every lane sees every key, `lanes` is not read

  /// To be filled, or cleared, before anything is read: a tile's masks are made often.
  TileMask() { lanes[kBlock] = 0; }  // NOLINT(*-member-init)

  /// No lane sees any key; `lanes` may then be set for these keys.
  void clear(Range keys) {
    const Range g = groups_over(keys);
    std::memset(lanes.data() + g.begin * kKeyGroup, 0,
                static_cast<std::size_t>(g.size()) * kKeyGroup * sizeof(lanes[0]));
    groups = {};
    masked = true;
  }
  /// Makes `groups` of the `lanes` of the keys that were cleared.
  void close(Range keys) {
    const Range range = groups_over(keys);
    for (auto g = static_cast<std::size_t>(range.begin); g < static_cast<std::size_t>(range.end); ++g)
      for (std::size_t key = 0; key < kKeyGroup; ++key) groups[g] |= lanes[g * kKeyGroup + key];
  }
  /// These lanes see keys [keys.begin, keys.end) of the block, and no others.
  void fill(std::uint64_t by, Range keys) {
    if (keys == Range{0, kBlock}) {
      groups.fill(by);
      masked = false;
      return;
    }
    clear(keys);
    std::fill(lanes.begin() + keys.begin, lanes.begin() + keys.end, by);
    close(keys);
  }
  /// Lanes that see any of the first four keys of a group, or of the other four.
  std::uint64_t half(Index group, Index which) const {
    if (!masked) return groups[static_cast<std::size_t>(group)];
    const std::uint64_t* four = lanes.data() + group * kKeyGroup + which * kKeyGroup / 2;
    return four[0] | four[1] | four[2] | four[3];
  }
  static constexpr Range groups_over(Range keys) {
    return {keys.begin / kKeyGroup, (keys.end + kKeyGroup - 1) / kKeyGroup};
  }
  bool any() const {
    return std::any_of(groups.begin(), groups.end(), [](std::uint64_t g) { return g != 0; });
  }
  /// Key groups [first, last) that a lane of `lanes_wanted` sees.
  Range groups_of(std::uint64_t lanes_wanted) const {
    Range r{kKeyGroups, 0};
    for (Index g = 0; g < kKeyGroups; ++g)
      if ((groups[static_cast<std::size_t>(g)] & lanes_wanted) != 0) r = {std::min(r.begin, g), g + 1};
    return r.begin < r.end ? r : Range{};
  }
  /// Keys [first, last) that a lane of `lanes_wanted` sees, exactly; where nothing is masked the whole block.
  Range keys_of(std::uint64_t lanes_wanted) const {
    const Range g = groups_of(lanes_wanted);
    Range keys{g.begin * kKeyGroup, g.end * kKeyGroup};
    if (!masked || keys.size() == 0) return keys;
    while ((lanes[static_cast<std::size_t>(keys.begin)] & lanes_wanted) == 0) ++keys.begin;
    while ((lanes[static_cast<std::size_t>(keys.end) - 1] & lanes_wanted) == 0) --keys.end;
    return keys;
  }
};

/// Groups of kLanes lanes, first and count; from the first that has a lane of some set to the last.
struct LaneGroups {
  Index first, count;
  friend bool operator==(LaneGroups, LaneGroups) = default;
};
inline LaneGroups lane_groups(std::uint64_t lanes) {
  if (lanes == 0) return {0, 0};
  const Index first = __builtin_ctzll(lanes) / kLanes;
  return {first, (63 - __builtin_clzll(lanes)) / kLanes + 1 - first};
}

/// Keys and values of a block where they lie, rows `stride` elements apart; 1 .. kBlock of them.
template <class T>
struct KeyBlock {
  const T* k = nullptr;
  const T* v = nullptr;
  std::int64_t k_stride = 0, v_stride = 0;
  Index keys = 0;
  Index slot = 0;  // of Tile::values
  Ahead ahead{};   // from the first key on
};

/// Which values lie packed in a slot: these keys of the block whose values begin at `v`. Null: none.
struct PackedSlot {
  const void* v = nullptr;
  Range keys;
};

/// The memory of one tile after another. Rows of [kTileLanes] hold a number a lane. Nothing in it is set before begin(), but
/// `packed`, which is empty at first.
struct Tile {
  /// Has `slots` for values.
  Tile(Index dim, Index v_dim, Index slots);

  Index lanes = 0, dim, v_dim;
  float* queries = nullptr;  // [dim][kTileLanes], or pairs of bf16 in half as many rows
  float* scores = nullptr;   // [kBlock][kTileLanes], in base-2 units
  float* weights = nullptr;  // [kBlock / 2][kTileLanes] pairs of bf16
  float* max = nullptr;      // [kTileLanes], base-2
  float* sum = nullptr;      // [kTileLanes]
  float* keep =
      nullptr;  // [kTileLanes], what the next block multiplies acc by; 0: acc counts as 0, whatever it holds
  float* acc = nullptr;     // [kTileLanes][padded(v_dim)], not normalised; of no meaning while sum is 0
  float* keys = nullptr;    // [kLanes][padded(dim)], rows made wider
  float* values = nullptr;  // [slots][kBlock][padded(v_dim)], in the kernel's form
  std::unique_ptr<PackedSlot[]> packed;  // [slots]: what `values` hold

  float* values_of(Index slot) const { return values + std::int64_t{slot} * kBlock * padded(v_dim); }

 private:
  AlignedFloats::Pointer memory_;
};

/// Takes `keys` of a block as packed and returns those that are not yet: the caller packs them at once, none if empty. Tiles
/// that follow each other want the same blocks, the tensors of a call do not change between them, and a block stays where it is.
inline Range claim_keys(const Tile& tile, Index slot, const void* v, Range keys) {
  PackedSlot& packed = tile.packed[static_cast<std::size_t>(slot)];
  Range missing = keys;
  if (packed.v == v) {  // what lies there grows to one side or both; then all of it is packed anew
    const Range both{std::min(packed.keys.begin, keys.begin), std::max(packed.keys.end, keys.end)};
    if (both == packed.keys) return {};
    missing = both.begin == packed.keys.begin ? Range{packed.keys.end, both.end}
              : both.end == packed.keys.end   ? Range{both.begin, packed.keys.begin}
                                              : both;
    keys = both;
  }
  packed = {v, keys};
  return missing;
}

template <class T>
struct TileKernels {
  /// Makes the states empty and loads the queries: rows[i] is lane i's, tile.lanes rounded up to kLanes of them.
  void (*begin)(const T* const* rows, const Tile& tile);
  /// tile.scores[key][lane] = factor * q . k wherever the mask has a lane; elsewhere they are that or left as they are.
  void (*score)(const KeyBlock<T>& block, const TileMask& mask, float factor, const Tile& tile);
  /// Adds the block to the running softmax of the lanes. Turns the scores into weights or spoils them. With `rows` it is the
  /// tile's last block, and a lane must see a key of it: the sums go there as store() would put them, and tile.acc loses
  /// its meaning.
  void (*add)(const KeyBlock<T>& block, const TileMask& mask, const Tile& tile, T* const* rows);
  /// rows[i] = acc / sum of lane i, rounded to nearest even; 0 where it saw no key. A null row is not written.
  void (*store)(const Tile& tile, T* const* rows);
};

/// The kernels for this processor. T is float, core::bf16 or core::f16. bf16 is multiplied as such where the processor has
/// AVX512_BF16 (weights are rounded to bf16 then, sums are float); elsewhere, as f16 always, it is made float first.
template <class T>
const TileKernels<T>& tile_kernels();

/// totals[key][lane] += 2^(score - lse[lane]) over the pairs the mask allows; scores and lse in base-2 units.
void add_probabilities(const TileMask& mask, const float* lse, const Tile& tile, float* totals);

/// Bit i is bytes[i], 0 or 1, for i < count; bytes up to the next multiple of 8 are there and 0.
inline std::uint64_t bits_of(const unsigned char* bytes, Index count) {
  std::uint64_t bits = 0;
  for (Index at = 0; at < count; at += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes + at, 8);
    bits |= ((eight * 0x0102040810204080U) >> 56) << at;  // bit 0 of each byte moves to bit 56 + its place
  }
  return bits;
}

}  // namespace chorus::flex::cpu
