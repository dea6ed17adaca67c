#include "cli/tuned.h"

#include <fmt/format.h>

#include <utility>

#include "core/error.h"
#include "data/durable_file.h"

namespace chorus::cli {
namespace {

/// Calls `use(name, option)` for every layout option that a tuned file may set.
template <class Arguments, class Use>
void for_each_text(Arguments& arguments, const Use& use) {
  use("layout", arguments.layout);
  use("cue", arguments.cue);
  use("positions", arguments.positions);
  use("calibration", arguments.calibration);
}
template <class Arguments, class Use>
void for_each_number(Arguments& arguments, const Use& use) {
  use("context-temperature", arguments.context_temperature);
  use("context-scale", arguments.context_scale);
}

}  // namespace

data::Json layout_json(const LayoutArguments& arguments) {
  data::Json json = data::Json::object();
  const auto put = [&](const char* name, const auto& option) {
    if (option) json[name] = *option;
  };
  for_each_text(arguments, put);
  for_each_number(arguments, put);
  return json;
}

data::Dataset TunedOptions::remaining(const data::DatasetOptions& options) const {
  constexpr const char* kExpected = "the data set they were tuned on";
  if (options.dataset != dataset)
    throw Error(ErrorKind::data, fmt::format("options tuned on {} for {}", dataset, options.dataset),
                kExpected, "run 'chorus tune' on this one");
  data::DatasetOptions others = options;
  others.left_out = questions;
  data::Dataset result = data::load_dataset(others);
  if (result.digest != digest)
    throw Error(
        ErrorKind::data, fmt::format("{} with other questions than options were tuned on", options.dataset),
        kExpected,
        "give the options that choose its questions as 'chorus tune' had them, or run it on this one");
  result.notes.push_back(
      fmt::format("{} questions that the options were tuned on are left out", questions.size()));
  return result;
}

std::optional<TunedOptions> read_tuned(const std::filesystem::path& file, ensemble::Method method,
                                       LayoutArguments& layout) {
  if (file.empty()) return std::nullopt;
  if (!ensemble::is_flex(method))
    throw Error(ErrorKind::usage, fmt::format("--tuned with --method {}", name(method)),
                "flex or weighted_flex", "leave it out");
  try {
    const data::Json json = data::Json::parse(data::read_file(file));
    const data::Json& options = json.at("options");
    // A layout that was typed brings the rest with it.
    if (!layout.layout && !layout.preset) {
      const auto text = [&](const char* name, std::optional<std::string>& option) {
        if (!option && options.contains(name)) option = options.at(name).get<std::string>();
      };
      const auto number = [&](const char* name, std::optional<double>& option) {
        if (!option && options.contains(name)) option = options.at(name).get<double>();
      };
      for_each_text(layout, text);
      if (layout.calibration != "none") for_each_number(layout, number);
    }
    return TunedOptions{json.at("dataset").get<std::string>(), json.at("dataset_sha256").get<std::string>(),
                        json.at("questions").get<std::set<std::string>>()};
  } catch (const data::Json::exception& error) {
    throw Error(ErrorKind::data, fmt::format("{}: {}", file.string(), error.what()),
                "a file that 'chorus tune' wrote", "run 'chorus tune' again");
  }
}

}  // namespace chorus::cli
