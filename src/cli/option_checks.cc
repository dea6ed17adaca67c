#include "cli/option_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <sstream>
#include <utility>

#include "core/error.h"
#include "core/white_space.h"
#include "text/edit_distance.h"

namespace chorus::cli {
namespace {

std::string hyphenated(std::string text) {
  std::replace(text.begin(), text.end(), '_', '-');
  return text;
}

/// The chosen subcommand, the innermost one.
const CLI::App& chosen(const CLI::App& app) {
  const auto below = app.get_subcommands();
  return below.empty() ? app : chosen(*below.front());
}

std::string path_of(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : path_of(*app.get_parent()) + " " + app.get_name();
}

std::string help_of(const CLI::App& app) {
  return fmt::format("see '{} --help'", path_of(app));
}

/// "did you mean X?" where something is near, else where to look.
std::string suggestion(const std::string& typed, const std::vector<std::string>& known, const CLI::App& app) {
  std::string nearest;
  std::size_t best = std::max<std::size_t>(typed.size() / 3, 2) + 1;
  for (const std::string& name : known)
    if (const std::size_t d = text::edit_distance(typed, name); d < best) {
      best = d;
      nearest = name;
    }
  return nearest.empty() ? help_of(app) : fmt::format("did you mean {}? {}", nearest, help_of(app));
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::vector<std::string> subcommand_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

// A check carries the words it takes in its name, the one text of a validator that help does not print.
constexpr std::string_view kOffered = "offered: ";
std::string offered(const std::vector<std::string>& words) {
  return fmt::format("{}{}", kOffered, fmt::join(words, " "));
}

std::string unexpected(const CLI::App& app, const std::string& argument) {
  if (argument.starts_with('-')) {
    const std::string name = argument.substr(0, argument.find('='));
    return fmt::format("unknown option '{}'; expected an option of '{}'; {}", name, path_of(app),
                       suggestion(name, option_names(app), app));
  }
  return fmt::format("'{}'; expected no argument here that is not an option; {}", argument, help_of(app));
}

}  // namespace

CLI::Validator whole_number(std::int64_t low, std::int64_t high) {
  return CLI::Validator(
      [low, high](std::string& text) -> std::string {
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error == std::errc() && end == text.data() + text.size() && value >= low && value <= high)
          return "";
        return fmt::format("'{}'; expected a whole number from {} to {}", text, low, high);
      },
      "");
}

CLI::Validator one_of(std::vector<std::string> words) {
  std::string name = offered(words);
  return CLI::Validator(
      [words = std::move(words)](std::string& text) -> std::string {
        for (const std::string& word : words)
          if (hyphenated(text) == hyphenated(word)) {
            text = word;
            return "";
          }
        return fmt::format("'{}'; expected {}", text, fmt::join(words, ", "));
      },
      "", std::move(name));
}

CLI::Validator trimmed() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        text = std::string(core::trimmed(text, " \t"));
        return "";
      },
      "");
}

CLI::Validator offers(const std::function<void(std::string_view)>& parse) {
  std::string words;
  try {
    parse("");
  } catch (const Error& error) {
    words = error.expected();
    std::erase(words, ',');
  }
  return CLI::Validator([](std::string&) { return std::string(); }, "", std::string(kOffered) + words);
}

std::vector<std::string> word_list(CLI::Option& option) {
  for (int i = 0;; ++i) {
    const CLI::Validator* check = nullptr;
    try {
      check = option.get_validator(i);
    } catch (const CLI::OptionNotFound&) {
      return {};
    }
    if (!check->get_name().starts_with(kOffered)) continue;
    std::istringstream words(check->get_name().substr(kOffered.size()));
    return {std::istream_iterator<std::string>(words), {}};
  }
}

std::string with_escapes(const std::string& typed) {
  std::string text;
  for (std::size_t i = 0; i < typed.size(); ++i) {
    const char next = i + 1 < typed.size() ? typed[i + 1] : '\0';
    const bool escape = typed[i] == '\\' && (next == 'n' || next == 't' || next == '\\');
    text += !escape ? typed[i] : next == 'n' ? '\n' : next == 't' ? '\t' : '\\';
    if (escape) ++i;
  }
  return text;
}

std::string usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = chosen(app);
  const auto subcommands = subcommand_names(command);
  const std::vector<std::string> rest = command.remaining();
  if (!subcommands.empty()) {
    const std::string expected = fmt::format("expected {}", fmt::join(subcommands, ", "));
    if (rest.empty() && command.get_require_subcommand_min() > 0)
      return fmt::format("no subcommand of '{}'; {}; {}", path_of(command), expected, help_of(command));
    if (!rest.empty() && !rest.front().starts_with('-'))
      return fmt::format("unknown subcommand '{}'; {}; {}", rest.front(), expected,
                         suggestion(rest.front(), subcommands, command));
  }
  if (!rest.empty()) return unexpected(command, rest.front());
  const std::string what = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const bool repeated = what.find("At Most") != std::string::npos;
    return fmt::format(
        "{} {}; {}", what.substr(0, what.find(':')),
        repeated ? "given more than once; expected it once" : "without its value; expected one after it",
        help_of(command));
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr)
    return fmt::format("{}; expected it after '{}'; {}", what, path_of(command), help_of(command));
  if (dynamic_cast<const CLI::ExcludesError*>(&error) != nullptr)  // "--indexs excludes --num-paraphrases"
    return fmt::format("{}; expected one of them; leave the other out", what);
  return fmt::format("{}; {}", what, help_of(command));
}

}  // namespace chorus::cli
