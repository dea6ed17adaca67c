#include "cli/layout_arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <utility>

#include "cli/option_checks.h"
#include "core/error.h"
#include "ensemble/layout_file.h"

namespace chorus::cli {
namespace {

/// What a preset sets. A layout named beside it brings its own separator and BOS scope.
struct Preset {
  std::string_view name, layout, cue, positions, bos_scope, calibration, stop;
};
constexpr Preset kPresets[] = {{"published", "concat", "own", "sequential", "first", "none", "eos"},
                               {"pcw", "shared", "fused", "aligned", "all", "none", "newline"},
                               {"ape", "shared", "fused", "aligned", "all", "ape", "newline"}};
constexpr Preset kDefault = {"", "shared", "fused", "aligned", "", "none", "newline"};

const Preset& preset_from(const std::optional<std::string>& name) {
  if (!name) return kDefault;
  for (const Preset& preset : kPresets)
    if (preset.name == *name) return preset;
  throw Error(ErrorKind::usage, fmt::format("--preset '{}'", *name), "published, pcw, ape",
              "choose one of them");
}

}  // namespace

ensemble::LayoutOptions LayoutArguments::options() const {
  const Preset& base = preset_from(preset);
  ensemble::LayoutOptions options;
  const bool from_file = layout && layout->ends_with(".json");
  if (from_file) {
    check_file_alone();
    options.kind = ensemble::LayoutKind::custom;
    options.file = std::make_shared<ensemble::LayoutFile>(ensemble::LayoutFile::read(*layout));
  } else {
    options.kind = ensemble::layout_kind_from(layout.value_or(std::string(base.layout)));
  }
  options.separator = with_escapes(separator.value_or(options.is_concat() ? options.separator : ""));
  if (separator_scope) options.separator_scope = ensemble::separator_scope_from(*separator_scope);
  options.bos_scope = bos_scope                            ? ensemble::bos_scope_from(*bos_scope)
                      : !layout && !base.bos_scope.empty() ? ensemble::bos_scope_from(base.bos_scope)
                      : options.is_concat()                ? ensemble::BosScope::own
                                                           : ensemble::BosScope::all;
  options.cue = from_file ? ensemble::Cue::fused : ensemble::cue_from(cue.value_or(std::string(base.cue)));
  options.positions =
      ensemble::positions_from(positions.value_or(layout ? "sequential" : std::string(base.positions)));
  options.calibration = ensemble::calibration_from(calibration.value_or(std::string(base.calibration)));
  const bool calibrates = options.calibration != ensemble::Calibration::none;
  if (!calibrates && (context_temperature || context_scale))
    throw Error(ErrorKind::usage, "--context-temperature or --context-scale without a calibration",
                "--calibration ape", "add it, or leave them out");
  if (context_temperature) options.context_temperature = static_cast<float>(*context_temperature);
  if (context_scale) options.context_scale = static_cast<float>(*context_scale);
  ensemble::set_order(order, options);
  ensemble::check(options);
  return options;
}

/// A file says all of this itself.
void LayoutArguments::check_file_alone() const {
  const std::pair<const char*, bool> said[] = {{"--preset", preset.has_value()},
                                               {"--cue", cue.has_value()},
                                               {"--positions", positions.has_value()},
                                               {"--separator", separator.has_value()},
                                               {"--separator-scope", separator_scope.has_value()},
                                               {"--bos-scope", bos_scope.has_value()}};
  for (const auto& [name, is_given] : said)
    if (is_given)
      throw Error(ErrorKind::usage, fmt::format("{} with --layout {}", name, *layout),
                  "a layout file alone: it says this itself", "write it into the file");
}

std::vector<std::string> LayoutArguments::given() const {
  std::vector<std::string> names;
  if (preset) names.push_back(*preset == "published" ? "--preset (but for its --stop)" : "--preset");
  if (layout) names.push_back("--layout");
  if (cue) names.push_back("--cue");
  if (positions) names.push_back("--positions");
  if (order != LayoutArguments().order) names.push_back("--order");
  if (separator) names.push_back("--separator");
  if (separator_scope) names.push_back("--separator-scope");
  if (bos_scope) names.push_back("--bos-scope");
  if (calibration) names.push_back("--calibration");
  if (context_temperature) names.push_back("--context-temperature");
  if (context_scale) names.push_back("--context-scale");
  return names;
}

std::string LayoutArguments::stop() const {
  return std::string(preset_from(preset).stop);
}

std::string unused_layout_note(ensemble::Method method, const LayoutArguments& arguments) {
  const auto given = arguments.given();
  if (ensemble::is_flex(method) || given.empty()) return "";
  return fmt::format("{} has no layout: {} left unused", name(method), fmt::join(given, ", "));
}

void add_layout_options(CLI::App& command, LayoutArguments& arguments) {
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command.add_option(name, value, help)->type_name(type)->group("Layout (flex)");
  };
  add("--layout", arguments.layout, "NAME",
      "concat: complete prompts one after the other; shared: one instruction that all see; "
      "examples: worked examples in all their phrasings; "
      "causal-concat, causal-shared: the same tokens under causal attention; or FILE.json, a layout of your "
      "own "
      "[shared]")
      ->check(offers(ensemble::layout_kind_from));
  add("--cue", arguments.cue, "WHERE",
      "own: the answer cue ends each paraphrase; fused: it stands once, after all, and sees all [fused]")
      ->check(offers(ensemble::cue_from));
  add("--positions", arguments.positions, "HOW",
      "sequential, or aligned: all paraphrases start at one position [aligned; sequential with --layout]")
      ->check(offers(ensemble::positions_from));
  add("--separator", arguments.separator, "TEXT",
      "Between paraphrases (--layout concat); \\n is a newline [\\n\\n[SEP]\\n\\n]");
  add("--separator-scope", arguments.separator_scope, "SCOPE",
      "none: of no segment; own: of the paraphrase it ends [none]")
      ->check(offers(ensemble::separator_scope_from));
  add("--bos-scope", arguments.bos_scope, "SCOPE",
      "own, all, first or none, for models with a BOS [concat: own; shared: all]")
      ->check(offers(ensemble::bos_scope_from));
  add("--order", arguments.order, "ORDER", "Of the paraphrases: given, reversed or seed:K")
      ->capture_default_str();
  add("--calibration", arguments.calibration, "HOW",
      "ape: attention over the parallel phrasings, flatter than over one, is sharpened (arXiv 2502.05431) "
      "[none]")
      ->check(offers(ensemble::calibration_from));
  add("--context-temperature", arguments.context_temperature, "T",
      "Divides the scores on phrasings (--calibration ape) [0.9]");
  add("--context-scale", arguments.context_scale, "S",
      "Multiplies the phrasings' log-sum-exp (--calibration ape) [0.9]");
  add("--preset", arguments.preset, "NAME",
      "published: as the scripts had it; pcw: parallel context windows; ape: pcw, calibrated")
      ->check(one_of({"published", "pcw", "ape"}));
}

std::map<std::string, std::string> layout_settings(const ensemble::LayoutOptions& options) {
  std::map<std::string, std::string> settings{{"order", order_name(options)}};
  if (options.file) {
    settings["layout"] = options.file->path().filename().string();
  } else {
    settings["layout"] = name(options.kind);
    settings["cue"] = name(options.cue);
    settings["positions"] = name(options.positions);
    settings["bos-scope"] = name(options.bos_scope);
  }
  if (options.is_concat()) {
    settings["separator"] = options.separator;
    settings["separator-scope"] = name(options.separator_scope);
  }
  if (options.calibration != ensemble::Calibration::none) {
    settings["calibration"] = name(options.calibration);
    settings["context-temperature"] = fmt::format("{}", options.context_temperature);
    settings["context-scale"] = fmt::format("{}", options.context_scale);
  }
  return settings;
}

}  // namespace chorus::cli
