// A sweep as it is written: grids of options, in a YAML file or on the command line, and the runs they come to.
//
//   defaults: {model: smollm2-135m, num-paraphrases: 5}
//   grids:
//     - {dataset: builtin, method: [avg, flex]}            # 2 runs
//     - {dataset: builtin, method: flex, num-paraphrases: 2..8}
//   exclude:
//     - {method: flex, num-paraphrases: [2, 3]}
//
//   const SweepFile file = read_sweep("sweep.yaml");
//   for (const SweepRun& run : expand(file)) ...           // run.settings: option, value, where it was written
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace chorus::cli {

/// A value as written, and where: "sweep.yaml:12" or "--grid method=flex".
struct SweepValue {
  std::string text, place;
};
/// An option by its name without hyphens in front, spelled with hyphens, and the values it takes in turn.
struct SweepAxis {
  std::string option, place;
  std::vector<SweepValue> values;
};
using SweepGrid = std::vector<SweepAxis>;

struct SweepFile {
  SweepGrid defaults;            // of every run whose grid does not say otherwise
  std::vector<SweepGrid> grids;  // all combinations of each
  std::vector<SweepGrid>
      exclude;  // a run that has one of the values of every option of one of these is left out
};

/// A list is an axis; a list inside it is one value, its words joined by commas; "2..8" is every whole number from 2 to 8;
/// "{output-dir}" in a value is that option's. Throws
/// Error(io) for a file that cannot be read, Error(usage) with file and line for one that is no sweep.
SweepFile read_sweep(const std::filesystem::path& file);

/// "OPTION=VALUE,VALUE,..." of --grid: an axis. "OPTION=VALUE" of --set: one value, commas and dots as they stand. Throws
/// Error(usage).
SweepAxis axis_from(const std::string& text);
SweepAxis setting_from(const std::string& text);

struct SweepSetting {
  std::string option;
  SweepValue value;
  bool is_default = false;  // from the defaults: a run that has no such option goes without
};
struct SweepRun {
  std::vector<SweepSetting> settings;
  std::string place;  // of its grid

  /// Null where it is not set.
  const SweepSetting* find(const std::string& option) const;
};
/// All combinations, the last axis of a grid first, grid after grid. Throws Error(usage) for an exclusion that excludes nothing, and
/// where no run is left.
std::vector<SweepRun> expand(const SweepFile& file);

}  // namespace chorus::cli
