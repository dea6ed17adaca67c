// The methods: how each is called, what it is in a few words, what its results hold. The one list of them.
//
//   method_from("weighted-avg");   // Method::weighted_avg
//   name(Method::weighted_avg);    // "weighted_avg"
//   entry(Method::vote).kind;      // ResultKind::ensemble
#pragma once

#include <array>
#include <string_view>

#include "data/result_schema.h"

namespace chorus::data {

enum class Method { origin, per_prompt, avg, max, weighted_avg, weighted_max, vote, flex, weighted_flex };

struct MethodEntry {
  Method value;
  std::string_view name;
  std::string_view about;  // for help texts; methods with the same words are told of together
  ResultKind kind;
  bool weighted = false;  // weighs phrasings by confidence
};

inline constexpr std::array kMethods = {
    MethodEntry{Method::origin, "origin", "the first phrasing alone", ResultKind::origin},
    MethodEntry{Method::per_prompt, "per_prompt", "each alone", ResultKind::per_prompt},
    MethodEntry{Method::avg, "avg", "their outputs combined", ResultKind::ensemble},
    MethodEntry{Method::max, "max", "their outputs combined", ResultKind::ensemble},
    MethodEntry{Method::weighted_avg, "weighted_avg", "by confidence", ResultKind::ensemble, true},
    MethodEntry{Method::weighted_max, "weighted_max", "by confidence", ResultKind::ensemble, true},
    MethodEntry{Method::vote, "vote", "the answer most of them give", ResultKind::ensemble},
    MethodEntry{Method::flex, "flex", "all in one attention", ResultKind::flex},
    MethodEntry{Method::weighted_flex, "weighted_flex", "by confidence", ResultKind::flex, true}};

const MethodEntry& entry(Method method);
std::string_view name(Method method);
/// Null for a name that is no method's, spelled as in kMethods.
const MethodEntry* find_method(std::string_view name);
/// Throws Error(usage) that lists the methods. Hyphens and underscores are the same; flex_attention is flex.
Method method_from(std::string_view text);

/// One sequence in a layout: flex, weighted_flex.
bool is_flex(Method method);
/// Weighs phrasings by confidence: weighted_avg, weighted_max, weighted_flex.
bool is_weighted(Method method);
/// Answers every phrasing by itself: per_prompt, vote.
bool answers_apart(Method method);

}  // namespace chorus::data
