// The options of a layout as they are typed, and what they come to.
//
//   LayoutArguments arguments;
//   add_layout_options(command, arguments);                         // parsed by CLI11
//   const ensemble::LayoutOptions layout = arguments.options();     // throws Error(usage)
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ensemble/layout.h"
#include "ensemble/methods.h"

namespace CLI {
class App;
}

namespace chorus::cli {

/// Layout options as typed. What is left out: shared, with a fused cue, aligned, the best of the table in docs/results.md;
/// where a layout is named, positions are sequential unless asked otherwise; the rest takes the default of the layout.
struct LayoutArguments {
  std::optional<std::string> preset;  // published, pcw, ape: what the options left out are taken from
  std::optional<std::string> layout, cue, positions, separator, separator_scope, bos_scope, calibration;
  std::optional<double> context_temperature, context_scale;
  std::string order = "given";

  /// Throws Error(usage).
  ensemble::LayoutOptions options() const;
  /// The stop rule of the preset: newline or eos.
  std::string stop() const;
  /// The options that were typed and are not at their defaults.
  std::vector<std::string> given() const;

 private:
  void check_file_alone() const;
};

void add_layout_options(CLI::App& command, LayoutArguments& arguments);

/// One line that says which layout options the method does not use; empty when there are none.
std::string unused_layout_note(ensemble::Method method, const LayoutArguments& arguments);

/// The layout options in force by their names, for result names.
std::map<std::string, std::string> layout_settings(const ensemble::LayoutOptions& options);

}  // namespace chorus::cli
