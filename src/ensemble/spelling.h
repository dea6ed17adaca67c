// How the values of an enum are spelled on the command line and in results, both ways.
//
//   constexpr Spelling<Cue> kCues[] = {{Cue::own, "own"}, {Cue::fused, "fused"}};
//   spelled(kCues, Cue::own);           // "own"
//   parsed(kCues, "--cue", "fusion");   // throws: --cue 'fusion'; expected own, fused; choose one of them
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/error.h"

namespace chorus::ensemble {

template <class E>
struct Spelling {
  E value;
  std::string_view name;
};

/// Empty for a value that the table lacks.
template <class E, std::size_t N>
std::string_view spelled(const Spelling<E> (&table)[N], E value) {
  for (const auto& entry : table)
    if (entry.value == value) return entry.name;
  return "";
}

/// Hyphens and underscores are the same. Throws Error(usage) that lists what there is.
template <class E, std::size_t N>
E parsed(const Spelling<E> (&table)[N], std::string_view option, std::string_view text) {
  const auto folded = [](std::string_view name) {
    std::string out(name);
    std::replace(out.begin(), out.end(), '_', '-');
    return out;
  };
  std::string known;
  for (const auto& entry : table) {
    if (folded(entry.name) == folded(text)) return entry.value;
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  throw Error(ErrorKind::usage, fmt::format("{} '{}'", option, text), known, "choose one of them");
}

}  // namespace chorus::ensemble
