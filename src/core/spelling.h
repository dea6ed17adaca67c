// How the values of an enum are spelled on the command line and in results, both ways. A table is any array of entries with a
// `value` and a `name`.
//
//   constexpr Spelling<Cue> kCues[] = {{Cue::own, "own"}, {Cue::fused, "fused"}};
//   spelled(kCues, Cue::own);           // "own"
//   parsed(kCues, "--cue", "fusion");   // throws: --cue 'fusion'; expected own, fused; choose one of them
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "core/error.h"

namespace chorus::core {

template <class E>
struct Spelling {
  E value;
  std::string_view name;
};

/// Empty for a value that the table lacks.
template <class Table, class E>
std::string_view spelled(const Table& table, E value) {
  for (const auto& entry : table)
    if (entry.value == value) return entry.name;
  return "";
}

/// Hyphens and underscores are the same. Throws Error(usage) that lists what there is.
template <class Table>
auto parsed(const Table& table, std::string_view option, std::string_view text) {
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

}  // namespace chorus::core
