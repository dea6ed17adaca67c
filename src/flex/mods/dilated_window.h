// Dilated local attention: every `step`-th key up to `window` away on both sides, 2 (window / step) + 1 keys in all. The
// window is a distance, not a number of keys.
//
//   attention(q, k, v, out, {}, dilated_window(128, 4));              // 32 keys before, itself, 32 after
//   attention(q, k, v, out, {}, causal() & dilated_window(128, 4));   // 32 keys before and itself
#pragma once

#include "flex/mods/dilated.h"
#include "flex/mods/symmetric_window.h"

namespace chorus::flex {

/// `window` is 0 or more, `step` 1 or more.
constexpr auto dilated_window(Index window, Index step) {
  return symmetric_window(window) & dilated(step);
}

}  // namespace chorus::flex
