// Data that a mod captured: a pointer and its length, every read checked in debug builds (NDEBUG off). A mod copies it by value;
// the data must outlive the call and, for a kernel on a device, lie in that device's memory.
//
//   const Captured<Index> document_of{std::span(ids)};
//   document_of.at(7, "my mod");   // debug: an Error that names the mod, the index and the length
#pragma once

#include <span>

#include "flex/mod.h"

namespace chorus::flex {

/// Throws Error(usage): "MOD reads entry INDEX of SIZE".
[[noreturn]] void refuse_captured_index(const char* mod, std::int64_t index, std::int64_t size);
/// Throws Error(usage): "MOD has data for SIZE WHAT", of a call that reaches `needed`.
[[noreturn]] void refuse_captured_size(const char* mod, std::int64_t size, const char* what,
                                       std::int64_t needed);

template <class T>
struct Captured {
  const T* data = nullptr;
  std::int64_t size = 0;

  constexpr Captured() = default;
  constexpr Captured(const T* first, std::int64_t count) : data(first), size(count) {}
  constexpr Captured(std::span<const T> values) : data(values.data()), size(std::ssize(values)) {}

  FLEX_MOD constexpr const T& at(std::int64_t index, [[maybe_unused]] const char* mod) const {
#ifndef NDEBUG
    if (index < 0 || index >= size) {
#ifdef __CUDA_ARCH__
      __trap();
#else
      refuse_captured_index(mod, index, size);
#endif
    }
#endif
    return data[index];
  }
  /// Throws Error(usage) unless there is an entry for each of `needed` things. For a mod's check_reach(), in release builds too.
  void check_covers(std::int64_t needed, const char* what, const char* mod) const {
    if (needed > size) refuse_captured_size(mod, size, what, needed);
  }
};

}  // namespace chorus::flex
