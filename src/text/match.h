// When a prediction counts as an answer: the rule `gold-in-prediction`.
//
//   contains_run(words("al-Aksa"), words("It is Sus al-Aksa."))   // true
#pragma once

#include <span>
#include <string>

namespace chorus::text {

/// Whether the gold answer's words (or lemmas) occur as one contiguous run in the prediction's. An empty
/// prediction is wrong; a gold answer without words is in every other.
bool contains_run(std::span<const std::string> gold, std::span<const std::string> prediction);

}  // namespace chorus::text
