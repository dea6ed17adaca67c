#include "cli/sweep_file.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/error.h"
#include "data/durable_file.h"

namespace chorus::cli {
namespace {

constexpr std::int64_t kMostOfARange = 1000;

std::string hyphenated(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

[[noreturn]] void refuse(const std::string& place, const std::string& got, const std::string& expected) {
  throw Error(ErrorKind::usage, fmt::format("{}: {}", place, got), expected,
              "correct it; 'chorus sweep --help' has an example");
}

/// "2..8" as its ends.
std::optional<std::pair<std::int64_t, std::int64_t>> range_of(const std::string& text) {
  std::int64_t low = 0, high = 0;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, low);
  if (first.ec != std::errc() || end - first.ptr < 3 || first.ptr[0] != '.' || first.ptr[1] != '.') return {};
  const auto second = std::from_chars(first.ptr + 2, end, high);
  if (second.ec != std::errc() || second.ptr != end) return {};
  return std::pair{low, high};
}

/// One value, or all of a range.
void add_value(const std::string& text, const std::string& place, SweepAxis& axis) {
  const auto range = range_of(text);
  if (!range) {
    axis.values.push_back({text, place});
    return;
  }
  const auto [low, high] = *range;
  if (high < low || high - low >= kMostOfARange)
    refuse(place, fmt::format("the range {}", text), "LOW..HIGH, whole numbers that ascend");
  for (std::int64_t value = low; value <= high; ++value)
    axis.values.push_back({fmt::format("{}", value), place});
}

/// Reads one file; knows its name for errors.
class Reader {
 public:
  explicit Reader(std::string name) : name_(std::move(name)) {}

  SweepFile read(const std::string& text) const {
    YAML::Node root;
    try {
      root = YAML::Load(text);
    } catch (const YAML::Exception& error) {
      refuse(fmt::format("{}:{}", name_, error.mark.line + 1), error.msg, "YAML");
    }
    if (!root.IsMap()) refuse(name_, "no mapping", "a mapping with grids");
    SweepFile file;
    for (const auto& [key, value] : pairs(root)) {
      if (key == "defaults") {
        file.defaults = grid(value);
      } else if (key == "grids") {
        file.grids = grids(value);
      } else if (key == "exclude") {
        file.exclude = grids(value);
      } else if (!key.starts_with("x-")) {
        refuse(place(value), fmt::format("unknown key '{}'", key),
               "defaults, grids, exclude, or x-NAME to refer to");
      }
    }
    for (const SweepAxis& axis : file.defaults)
      if (axis.values.size() > 1)
        refuse(axis.place, fmt::format("{} values of {} in defaults", axis.values.size(), axis.option),
               "one value: lists stand in grids");
    if (file.grids.empty()) refuse(name_, "no grids", "a list of one or more under 'grids'");
    return file;
  }

 private:
  std::string place(const YAML::Node& node) const {
    return fmt::format("{}:{}", name_, node.Mark().line + 1);
  }

  using Pairs = std::vector<std::pair<std::string, YAML::Node>>;

  static bool holds(const Pairs& pairs, const std::string& key) {
    return std::any_of(pairs.begin(), pairs.end(), [&](const auto& pair) { return pair.first == key; });
  }

  /// The entries of a mapping, each key once. "<<: *name" takes those of another that are not written here: yaml-cpp leaves that to
  /// its caller.
  Pairs pairs(const YAML::Node& map) const {
    Pairs own, merged;
    for (const auto& entry : map) {
      if (!entry.first.IsScalar())
        refuse(place(entry.first), "a key that is no word", "the name of an option");
      const std::string key = hyphenated(entry.first.Scalar());
      if (key == "<<") {
        if (!entry.second.IsMap())
          refuse(place(entry.first), "'<<' of no mapping", "'<<: *NAME', of one mapping");
        merged = pairs(entry.second);
        continue;
      }
      if (holds(own, key)) refuse(place(entry.first), fmt::format("'{}' a second time", key), "it once");
      own.emplace_back(key, entry.second);
    }
    std::erase_if(merged, [&](const auto& pair) { return holds(own, pair.first); });
    own.insert(own.end(), merged.begin(), merged.end());
    return own;
  }

  std::vector<SweepGrid> grids(const YAML::Node& list) const {
    if (!list.IsSequence()) refuse(place(list), "no list", "a list of mappings, each after '- '");
    std::vector<SweepGrid> grids;
    for (const YAML::Node& node : list) grids.push_back(grid(node));
    return grids;
  }

  SweepGrid grid(const YAML::Node& node) const {
    if (!node.IsMap() || node.size() == 0) refuse(place(node), "no mapping", "options and their values");
    SweepGrid grid;
    for (const auto& [key, value] : pairs(node)) grid.push_back(axis(key, value));
    return grid;
  }

  SweepAxis axis(const std::string& option, const YAML::Node& node) const {
    SweepAxis axis{.option = option, .place = place(node), .values = {}};
    if (node.IsSequence()) {
      for (const YAML::Node& value : node) {
        if (value.IsSequence())
          axis.values.push_back({joined(option, value), place(value)});
        else
          add_value(scalar(option, value), place(value), axis);
      }
    } else {
      add_value(scalar(option, node), axis.place, axis);
    }
    if (axis.values.empty()) refuse(axis.place, option + " without a value", "one value or more");
    return axis;
  }

  std::string joined(const std::string& option, const YAML::Node& list) const {
    std::string text;
    for (const YAML::Node& word : list) text += (text.empty() ? "" : ",") + scalar(option, word);
    return text;
  }

  std::string scalar(const std::string& option, const YAML::Node& node) const {
    if (!node.IsScalar())
      refuse(place(node), fmt::format("{} {}", option, node.IsNull() ? "without a value" : "with a mapping"),
             "a value or a list of values");
    return node.Scalar();
  }

  std::string name_;
};

std::pair<std::string, std::string> split(const std::string& text, const char* option) {
  const auto at = text.find('=');
  if (at == std::string::npos || at == 0)
    throw Error(ErrorKind::usage, fmt::format("{} '{}'", option, text), "OPTION=VALUE, such as method=flex",
                "correct it");
  std::string name = hyphenated(text.substr(0, at));
  name.erase(0, name.find_first_not_of('-'));
  return {name, text.substr(at + 1)};
}

bool same_word(const std::string& a, const std::string& b) {
  return hyphenated(a) == hyphenated(b);
}

bool is_excluded(const SweepRun& run, const SweepGrid& exclusion) {
  return std::all_of(exclusion.begin(), exclusion.end(), [&](const SweepAxis& axis) {
    const SweepSetting* setting = run.find(axis.option);
    return setting != nullptr &&
           std::any_of(axis.values.begin(), axis.values.end(),
                       [&](const SweepValue& value) { return same_word(value.text, setting->value.text); });
  });
}

/// A result of another run is named whatever folder results go to.
void name_output_dir(SweepRun& run) {
  constexpr std::string_view kName = "{output-dir}";
  const SweepSetting* folder = run.find("output-dir");
  const std::string text = folder == nullptr ? "results" : folder->value.text;
  for (SweepSetting& setting : run.settings)
    if (const auto at = setting.value.text.find(kName); at != std::string::npos)
      setting.value.text.replace(at, kName.size(), text);
}

/// Every combination of the grid's values, the last axis first.
std::vector<SweepRun> combinations(const SweepGrid& grid, const SweepGrid& defaults) {
  std::vector<SweepRun> runs{{.settings = {}, .place = grid.front().place}};
  for (const SweepAxis& axis : defaults)
    if (std::none_of(grid.begin(), grid.end(),
                     [&](const SweepAxis& own) { return own.option == axis.option; }))
      runs.front().settings.push_back({axis.option, axis.values.front(), true});
  for (const SweepAxis& axis : grid) {
    std::vector<SweepRun> longer;
    for (const SweepRun& run : runs)
      for (const SweepValue& value : axis.values) {
        longer.push_back(run);
        longer.back().settings.push_back({axis.option, value, false});
      }
    runs = std::move(longer);
  }
  return runs;
}

}  // namespace

SweepFile read_sweep(const std::filesystem::path& file) {
  return Reader(file.string()).read(data::read_file(file));
}

SweepAxis axis_from(const std::string& text) {
  const auto [option, values] = split(text, "--grid");
  SweepAxis axis{.option = option, .place = "--grid " + text, .values = {}};
  for (std::size_t begin = 0; begin <= values.size();) {
    const auto end = std::min(values.find(',', begin), values.size());
    if (end > begin) add_value(values.substr(begin, end - begin), axis.place, axis);
    begin = end + 1;
  }
  if (axis.values.empty()) refuse(axis.place, option + " without a value", "one value or more");
  return axis;
}

SweepAxis setting_from(const std::string& text) {
  const auto [option, value] = split(text, "--set");
  const std::string place = "--set " + text;
  return {.option = option, .place = place, .values = {{value, place}}};
}

const SweepSetting* SweepRun::find(const std::string& option) const {
  const auto at = std::find_if(settings.begin(), settings.end(),
                               [&](const SweepSetting& setting) { return setting.option == option; });
  return at == settings.end() ? nullptr : &*at;
}

std::vector<SweepRun> expand(const SweepFile& file) {
  std::vector<SweepRun> runs;
  for (const SweepGrid& grid : file.grids)
    for (SweepRun& run : combinations(grid, file.defaults)) runs.push_back(std::move(run));
  for (const SweepGrid& exclusion : file.exclude) {
    const auto left_out =
        std::erase_if(runs, [&](const SweepRun& run) { return is_excluded(run, exclusion); });
    if (left_out == 0)
      refuse(exclusion.front().place, "an exclusion that no run matches", "one that leaves runs out");
  }
  for (SweepRun& run : runs) name_output_dir(run);
  if (runs.empty()) throw Error(ErrorKind::usage, "no run is left", "one or more", "exclude fewer");
  return runs;
}

}  // namespace chorus::cli
