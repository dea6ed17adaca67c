// Memory that is asked for before it is needed. A loop that waits for a line from far away multiplies nothing, and between its
// products there is time to ask: the loops over scores do so, a few lines with every line of their own keys. Asking for all at
// once (tried) gains nothing, for then the loop's own loads wait behind the others.
//
//   RowsAhead rows;
//   rows.add(out, b, first_head, 3, {64, 80});   // wanted soon, in the order added
//   const Ahead ahead{.k = address_of(next_k), .k_stride = stride, .rows = &rows};
//   for (Index at = 0; at < row_bytes; at += kLineBytes) { ask<8>(ahead, at); multiply(...); }
#pragma once

#include <array>
#include <cstdint>

#include "flex/cpu/tile_layout.h"
#include "flex/view.h"

namespace chorus::flex::cpu {

/// A line of the caches.
inline constexpr Index kLineBytes = 64;
/// Where q, k, v and out have fewer bytes than this in all, they are in the caches, and asking costs more than it gains.
inline constexpr std::int64_t kFarBytes = std::int64_t{8} << 20;

/// An address to ask for. No pointer, for it may lie past the end of a tensor: nothing is read there.
using Address = std::uintptr_t;
inline Address address_of(const void* at) {
  return reinterpret_cast<Address>(at);
}
/// Inlined at once, as all that calls it: g++ would find that a function that only asks has no effect, and drop its calls.
[[gnu::always_inline]] inline void ask_for(Address at) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): never read through
  __builtin_prefetch(reinterpret_cast<const void*>(at), 0, 2);
}

/// Rows that are wanted soon, asked for one after the other, each as a whole.
class RowsAhead {
 public:
  void clear() { strip_ = strips_ = 0; }
  bool any() const { return strip_ < strips_; }
  /// These rows of `heads` heads; at most two strips for each lane of a tile in all.
  template <class T>
  void add(const View<T>& tensor, Index b, Index first_head, Index heads, Range rows) {
    for (Index h = first_head; h < first_head + heads; ++h)
      all_[static_cast<std::size_t>(strips_++)] = {
          .next = address_of(tensor.row(b, h, rows.begin)),
          .stride = static_cast<Address>(tensor.row_stride) * sizeof(T),
          .rows = rows.size(),
          .bytes = tensor.extents.dim * Index{sizeof(T)}};
  }
  /// Asks for one row. There must be any.
  [[gnu::always_inline]] inline void ask() {
    Strip& strip = all_[static_cast<std::size_t>(strip_)];
    for (Index byte = 0; byte < strip.bytes; byte += kLineBytes)
      ask_for(strip.next + static_cast<Address>(byte));
    strip.next += strip.stride;
    if (--strip.rows == 0) ++strip_;
  }

 private:
  struct Strip {
    Address next, stride;
    Index rows, bytes;
  };
  std::array<Strip, 2 * kTileLanes> all_;
  Index strip_ = 0, strips_ = 0;
};

/// What is asked for while the scores of some neighbouring keys are made: as many keys of the next block, the values of these
/// keys, a row. Strides are in bytes; k is 0 where no block follows; without rows nothing is asked for.
struct Ahead {
  Address k = 0, k_stride = 0, v = 0, v_stride = 0;
  RowsAhead* rows = nullptr;

  bool any() const { return rows != nullptr; }
  /// Of the keys from `key` on.
  Ahead of(Index key) const {
    const auto n = static_cast<Address>(key);
    return {k == 0 ? 0 : k + n * k_stride, k_stride, v + n * v_stride, v_stride, rows};
  }
};

/// Asks for the line at byte `at` of kKeys keys and values, and for one row. There must be any(). `at` goes through a key's bytes: what a value has more
/// is not asked for.
template <int kKeys>
[[gnu::always_inline]] inline void ask(const Ahead& ahead, Index at) {
  const auto byte = static_cast<Address>(at);
  if (ahead.k != 0)
    for (Address j = 0; j < kKeys; ++j) ask_for(ahead.k + j * ahead.k_stride + byte);
  for (Address j = 0; j < kKeys; ++j) ask_for(ahead.v + j * ahead.v_stride + byte);
  if (ahead.rows->any()) ahead.rows->ask();
}

}  // namespace chorus::flex::cpu
