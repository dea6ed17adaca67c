// The spelling of layout options, and which go together.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "core/spelling.h"
#include "ensemble/layout.h"

namespace chorus::ensemble {
namespace {

constexpr core::Spelling<LayoutKind> kKinds[] = {{LayoutKind::concat, "concat"},
                                                 {LayoutKind::shared, "shared"},
                                                 {LayoutKind::examples, "examples"},
                                                 {LayoutKind::causal_concat, "causal-concat"},
                                                 {LayoutKind::causal_shared, "causal-shared"}};
constexpr core::Spelling<SeparatorScope> kSeparatorScopes[] = {{SeparatorScope::none, "none"},
                                                               {SeparatorScope::own, "own"}};
constexpr core::Spelling<BosScope> kBosScopes[] = {
    {BosScope::own, "own"}, {BosScope::all, "all"}, {BosScope::first, "first"}, {BosScope::none, "none"}};
constexpr core::Spelling<Cue> kCues[] = {{Cue::own, "own"}, {Cue::fused, "fused"}};
constexpr core::Spelling<Positions> kPositions[] = {{Positions::sequential, "sequential"},
                                                    {Positions::aligned, "aligned"}};
constexpr core::Spelling<Calibration> kCalibrations[] = {{Calibration::none, "none"},
                                                         {Calibration::ape, "ape"}};

}  // namespace

std::string_view name(LayoutKind kind) {
  return kind == LayoutKind::custom ? "custom" : core::spelled(kKinds, kind);
}
std::string_view name(SeparatorScope scope) {
  return core::spelled(kSeparatorScopes, scope);
}
std::string_view name(BosScope scope) {
  return core::spelled(kBosScopes, scope);
}
std::string_view name(Cue cue) {
  return core::spelled(kCues, cue);
}
std::string_view name(Positions positions) {
  return core::spelled(kPositions, positions);
}
std::string_view name(Calibration calibration) {
  return core::spelled(kCalibrations, calibration);
}

LayoutKind layout_kind_from(std::string_view text) {
  return core::parsed(kKinds, "--layout", text);
}
SeparatorScope separator_scope_from(std::string_view text) {
  return core::parsed(kSeparatorScopes, "--separator-scope", text);
}
BosScope bos_scope_from(std::string_view text) {
  return core::parsed(kBosScopes, "--bos-scope", text);
}
Cue cue_from(std::string_view text) {
  return core::parsed(kCues, "--cue", text);
}
Positions positions_from(std::string_view text) {
  return core::parsed(kPositions, "--positions", text);
}
Calibration calibration_from(std::string_view text) {
  return core::parsed(kCalibrations, "--calibration", text);
}

std::string order_name(const LayoutOptions& options) {
  if (options.order == Order::given) return "given";
  if (options.order == Order::reversed) return "reversed";
  return fmt::format("seed:{}", options.order_seed);
}

void set_order(std::string_view text, LayoutOptions& options) {
  if (text == "given" || text == "reversed") {
    options.order = text == "given" ? Order::given : Order::reversed;
    return;
  }
  const std::string_view number = text.starts_with("seed:") ? text.substr(5) : std::string_view();
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), options.order_seed);
  if (number.empty() || error != std::errc() || end != number.data() + number.size())
    throw Error(ErrorKind::usage, fmt::format("--order '{}'", text),
                "given, reversed or seed:K with K a number", "choose one of them");
  options.order = Order::seeded;
}

void check(const LayoutOptions& options) {
  const auto refuse = [](std::string got, std::string expected) {
    throw Error(ErrorKind::usage, std::move(got), std::move(expected), "see 'chorus generate --help'");
  };
  for (const auto& [option, value] : {std::pair{"--context-temperature", options.context_temperature},
                                      {"--context-scale", options.context_scale}})
    if (!(value > 0) || !std::isfinite(value))
      refuse(fmt::format("{} {}", option, value), "a number above 0");
  if (options.kind == LayoutKind::custom && options.file == nullptr)
    refuse("a layout of one's own without its file", "--layout FILE.json");
  const bool places_itself = options.kind == LayoutKind::examples || options.kind == LayoutKind::custom;
  if ((options.is_causal() || places_itself) && options.positions == Positions::aligned)
    refuse(fmt::format("--positions aligned with --layout {}", name(options.kind)),
           "sequential, or concat or shared");
  if (places_itself && options.cue != Cue::fused)
    refuse(fmt::format("--cue own with --layout {}", name(options.kind)),
           "fused: the cue stands after all phrasings");
  if (options.is_concat()) return;
  if (options.separator_scope == SeparatorScope::own)
    refuse(fmt::format("--separator-scope own with --layout {}", name(options.kind)),
           "none: there is no separator");
  if (!options.separator.empty())
    refuse(fmt::format("--separator with --layout {}", name(options.kind)),
           "no separator: paraphrases follow each other directly");
  if (options.bos_scope != BosScope::all && options.bos_scope != BosScope::none)
    refuse(fmt::format("--bos-scope {} with --layout {}", name(options.bos_scope), name(options.kind)),
           "all or none");
}

}  // namespace chorus::ensemble
