// How far two words are apart: for "did you mean".
//
//   edit_distance("--metod", "--method") == 1
#pragma once

#include <cstddef>
#include <string_view>

namespace chorus::text {

/// Levenshtein's distance: the fewest insertions, deletions and replacements of bytes that make `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace chorus::text
