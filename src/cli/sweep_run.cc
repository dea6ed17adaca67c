#include "cli/sweep_run.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "cli/confidence_run.h"
#include "cli/generation.h"
#include "cli/option_checks.h"
#include "core/error.h"

namespace chorus::cli {
namespace {

constexpr const char* kCommand = "command";

/// A command's options, as CLI11 knows them.
template <class Arguments>
struct Command {
  Command(const char* name, void (*add)(CLI::App&, Arguments&)) : app("", std::string("chorus ") + name) {
    add(app, arguments);
  }
  Arguments arguments;
  CLI::App app;
};
Command<GenerateArguments> generate_command() {
  return {"generate", add_generate_options};
}
Command<ConfidenceArguments> confidence_command() {
  return {"confidence", add_confidence_options};
}

const CLI::Option* option_of(const CLI::App& app, const std::string& name) {
  const CLI::Option* option = name == "help" ? nullptr : app.get_option_no_throw("--" + name);
  return option;
}

/// Names of what a file may say.
class OptionNames {
 public:
  /// The option's first name. Throws Error(usage).
  std::string of(const SweepAxis& axis) const {
    if (axis.option == kCommand) return kCommand;
    if (axis.option == "help")
      throw Error(ErrorKind::usage, fmt::format("{}: help", axis.place), "an option of 'chorus generate'",
                  "see 'chorus generate --help'");
    for (const CLI::App* app : {&generate_->app, &confidence_->app})
      if (const CLI::Option* option = option_of(*app, axis.option)) return option->get_lnames().front();
    try {
      CLI::App& app = generate_->app;
      app.parse(std::vector<std::string>{"--" + axis.option});
    } catch (const CLI::ParseError& error) {
      throw Error(ErrorKind::usage, fmt::format("{}: {}", axis.place, usage_error(generate_->app, error)), "",
                  "");
    }
    return axis.option;
  }

 private:
  using Generate = Command<GenerateArguments>;
  using Confidence = Command<ConfidenceArguments>;
  std::unique_ptr<Generate> generate_ = std::make_unique<Generate>("generate", add_generate_options);
  std::unique_ptr<Confidence> confidence_ =
      std::make_unique<Confidence>("confidence", add_confidence_options);
};

/// Whether the text names this option, and not one that begins like it.
bool names_option(const std::string& text, const std::string& option) {
  const std::string name = "--" + option;
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const auto end = at + name.size();
    if (end == text.size() || (std::isalnum(static_cast<unsigned char>(text[end])) == 0 && text[end] != '-'))
      return true;
  }
  return false;
}

/// Where the value that a message is about was written: that of the option it names, or the one it quotes.
std::string place_of(const SweepRun& run, const std::string& message) {
  for (const SweepSetting& setting : run.settings)
    if (names_option(message, setting.option)) return setting.value.place;
  for (const SweepSetting& setting : run.settings)
    if (message.find(fmt::format("'{}'", setting.value.text)) != std::string::npos)
      return setting.value.place;
  return run.place;
}

/// The options of a run as they would be typed.
std::vector<std::string> words_of(const SweepRun& run, const CLI::App& app) {
  std::vector<std::string> words;
  for (const SweepSetting& setting : run.settings) {
    if (setting.option == kCommand) continue;
    const CLI::Option* option = option_of(app, setting.option);
    if (option == nullptr) {
      if (setting.is_default) continue;
      throw Error(ErrorKind::usage, fmt::format("{}: {}", setting.value.place, setting.option),
                  fmt::format("an option of '{}'", app.get_name()),
                  "put it into a grid of the other command");
    }
    const std::string& value = setting.value.text;
    if (option->get_items_expected_max() > 0) {
      words.push_back("--" + setting.option);
      if (value.starts_with('-'))
        words.back() += "=" + value;
      else
        words.push_back(value);
    } else if (value == "true") {
      words.push_back("--" + setting.option);
    } else if (value != "false") {
      throw Error(ErrorKind::usage, fmt::format("{}: {} '{}'", setting.value.place, setting.option, value),
                  "true or false", "correct it");
    }
  }
  return words;
}

template <class Arguments>
Arguments parsed(const SweepRun& run, Command<Arguments>&& command) {
  std::vector<std::string> words = words_of(run, command.app);
  std::reverse(words.begin(), words.end());  // as CLI11 takes them
  try {
    command.app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    const std::string message = usage_error(command.app, error);
    throw Error(ErrorKind::usage, fmt::format("{}: {}", place_of(run, message), message), "", "");
  }
  return std::move(command.arguments);
}

std::string setting_text(const SweepRun& run, const std::string& option) {
  const SweepSetting* setting = run.find(option);
  return setting == nullptr ? "" : fmt::format("{}={}", option, setting->value.text);
}

/// Whether it is the same for all runs of a data set, as its folder is.
bool follows_from_dataset(const std::vector<SweepRun>& runs, const std::string& option) {
  std::map<std::string, std::string> values;
  return std::all_of(runs.begin(), runs.end(), [&](const SweepRun& run) {
    const std::string text = setting_text(run, option);
    return values.try_emplace(setting_text(run, "dataset"), text).first->second == text;
  });
}

}  // namespace

void check_options(SweepFile& file) {
  const OptionNames names;
  const auto check = [&](SweepGrid& grid) {
    std::set<std::string> seen;
    for (SweepAxis& axis : grid) {
      axis.option = names.of(axis);
      if (!seen.insert(axis.option).second)
        throw Error(ErrorKind::usage, fmt::format("{}: {} a second time", axis.place, axis.option), "it once",
                    "remove one of them");
    }
  };
  check(file.defaults);
  for (SweepGrid& grid : file.grids) check(grid);
  for (SweepGrid& grid : file.exclude) check(grid);
}

std::unique_ptr<Run> make_run(const SweepRun& run, Session& session, bool quiet) {
  const SweepSetting* command = run.find(kCommand);
  const std::string name = command == nullptr ? "generate" : command->value.text;
  if (name != "generate" && name != "confidence")
    throw Error(ErrorKind::usage, fmt::format("{}: command '{}'", command->value.place, name),
                "generate or confidence", "correct it");
  const auto made = [&](auto arguments, auto type) -> std::unique_ptr<Run> {
    arguments.quiet = quiet;
    try {
      return std::make_unique<typename decltype(type)::type>(std::move(arguments), session);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      throw Error(error.kind(), fmt::format("{}: {}", place_of(run, error.what()), error.got()),
                  error.expected(), error.todo());
    }
  };
  if (name == "generate") return made(parsed(run, generate_command()), std::type_identity<Generation>());
  return made(parsed(run, confidence_command()), std::type_identity<ConfidenceSampling>());
}

std::vector<std::string> labels_of(const std::vector<SweepRun>& runs) {
  std::vector<std::string> options{"dataset", "model", kCommand, "method", "num-paraphrases"};
  for (const SweepRun& run : runs)
    for (const SweepSetting& setting : run.settings)
      if (std::find(options.begin(), options.end(), setting.option) == options.end())
        options.push_back(setting.option);
  std::vector<std::string> labels(runs.size());
  for (const std::string& option : options) {
    const bool differs = std::any_of(runs.begin(), runs.end(), [&](const SweepRun& run) {
      return setting_text(run, option) != setting_text(runs.front(), option);
    });
    if (!differs || (option != "dataset" && follows_from_dataset(runs, option))) continue;
    for (std::size_t i = 0; i < runs.size(); ++i)
      if (const std::string part = setting_text(runs[i], option); !part.empty())
        labels[i] += (labels[i].empty() ? "" : " ") + part;
  }
  return labels;
}

}  // namespace chorus::cli
