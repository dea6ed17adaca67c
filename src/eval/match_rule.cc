#include "eval/match_rule.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "core/error.h"

namespace chorus::eval {
namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, 5> kNames = {"gold-in-prediction", "bidirectional", "exact",
                                                    "normalized-exact", "f1"};

}  // namespace

std::string_view name(MatchRule rule) {
  return kNames[static_cast<std::size_t>(rule)];
}

MatchRule match_rule_from(std::string_view text) {
  std::string wanted(text);
  std::replace(wanted.begin(), wanted.end(), '_', '-');
  const auto* const found = std::find(kNames.begin(), kNames.end(), wanted);
  if (found != kNames.end()) return static_cast<MatchRule>(found - kNames.begin());
  throw Error(ErrorKind::usage, fmt::format("--match {}", text), fmt::format("{}", fmt::join(kNames, ", ")),
              "choose one of them");
}

std::string described(MatchRule rule) {
  return fmt::format("{}, {}", name(rule),
                     uses_lemmas(rule)          ? "lemmas"
                     : rule == MatchRule::exact ? "text"
                                                : "normalised words");
}

bool is_binary(MatchRule rule) {
  return rule != MatchRule::f1;
}

bool uses_lemmas(MatchRule rule) {
  return rule == MatchRule::gold_in_prediction || rule == MatchRule::bidirectional;
}

}  // namespace chorus::eval
