#include "cli/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/option_checks.h"
#include "model/catalog.h"

namespace chorus::cli {
namespace {

/// What may follow an option.
enum class Value { none, words, files, other };

struct OptionLine {
  std::vector<std::string> names;  // with their hyphens
  std::string help;
  Value value = Value::none;
  std::vector<std::string> words;
};

/// One command: the words that lead to it, what may follow.
struct CommandLine {
  std::vector<std::string> path;  // without the program's name
  std::string help;
  std::vector<std::string> subcommands;
  std::vector<OptionLine> options;
};

/// The help's first sentence, on one line.
std::string short_help(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  for (const std::string_view end : {". ", "; "})
    if (const std::size_t at = text.find(end); at != std::string::npos) text.resize(at);
  return text;
}

OptionLine option_line(CLI::Option& option) {
  OptionLine line;
  for (const std::string& name : option.get_lnames()) line.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) line.names.push_back("-" + name);
  line.help = short_help(option.get_description());
  if (option.get_items_expected_max() == 0) return line;
  const std::string type = option.get_type_name();
  line.words = word_list(option);
  if (line.words.empty() && option.check_lname("model"))
    for (const auto& entry : model::catalog(model::ModelPaths::from_environment()))
      line.words.push_back(entry.alias);
  if (!line.words.empty())
    line.value = Value::words;
  else if (type == "FILE" || type == "FOLDER" || type == "PATH")
    line.value = Value::files;
  else
    line.value = Value::other;
  return line;
}

void add_command(CLI::App& app, const std::vector<std::string>& path, std::vector<CommandLine>& all) {
  CommandLine command{.path = path, .help = short_help(app.get_description())};
  for (CLI::Option* option : app.get_options())
    if (option->nonpositional()) command.options.push_back(option_line(*option));
  const auto below = app.get_subcommands([](CLI::App*) { return true; });
  for (const CLI::App* sub : below) command.subcommands.push_back(sub->get_name());
  all.push_back(std::move(command));
  for (CLI::App* sub : below) {
    std::vector<std::string> longer = path;
    longer.push_back(sub->get_name());
    add_command(*sub, longer, all);
  }
}

std::vector<CommandLine> commands_of(CLI::App& app) {
  std::vector<CommandLine> all;
  add_command(app, {}, all);
  return all;
}

/// In single quotes for a shell.
std::string in_quotes(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

std::string joined_names(const std::vector<OptionLine>& options) {
  std::vector<std::string> names;
  for (const OptionLine& option : options)
    names.insert(names.end(), option.names.begin(), option.names.end());
  return fmt::format("{}", fmt::join(names, " "));
}

// A function that knows the command from the words so far, then what may come: after an option its words or files, else
// options and subcommands. Lists of words (--method origin,avg) complete their last one.
std::string bash_script(const std::vector<CommandLine>& commands) {
  std::string options, values, paths;
  for (const CommandLine& command : commands) {
    const std::string path = fmt::format("{}", fmt::join(command.path, " "));
    if (!path.empty()) paths += (paths.empty() ? "" : "|") + in_quotes(path);
    options += fmt::format("    {}) names='{} {}' ;;\n", in_quotes(path), fmt::join(command.subcommands, " "),
                           joined_names(command.options));
    for (const OptionLine& option : command.options) {
      if (option.value == Value::none) continue;
      const std::string words = option.value == Value::words ? fmt::format("{}", fmt::join(option.words, " "))
                                : option.value == Value::files ? "FILES"
                                                               : "";
      for (const std::string& name : option.names)
        values += fmt::format("    {}) words={} ;;\n", in_quotes(path + " " + name), in_quotes(words));
    }
  }
  return fmt::format(R"(# bash completion for chorus: source <(chorus completion bash)
_chorus() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} path='' i names='' words=NONE
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "${{path:+$path }}${{COMP_WORDS[i]}}" in {0}) path="${{path:+$path }}${{COMP_WORDS[i]}}" ;; esac
  done
  [[ $cur == = ]] && cur=
  [[ $prev == = ]] && prev=${{COMP_WORDS[COMP_CWORD-2]}}
  case "$path $prev" in
{2}  esac
  case "$words" in
    NONE) ;;
    FILES) COMPREPLY=($(compgen -f -- "$cur")); compopt -o filenames 2>/dev/null; return ;;
    *) local before=
       [[ $cur == *,* ]] && before=${{cur%,*}},
       COMPREPLY=($(compgen -W "$words" -P "$before" -- "${{cur##*,}}")); return ;;
  esac
  case "$path" in
{1}  esac
  COMPREPLY=($(compgen -W "$names" -- "$cur"))
}}
complete -F _chorus chorus
)",
                     paths, options, values);
}

/// For zsh's _arguments, where brackets and colons mean something.
std::string for_arguments(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':') result += '\\';
    result += c;
  }
  return result;
}

std::string zsh_option(const OptionLine& option, const std::string& name) {
  std::string spec = fmt::format("{}[{}]", name, for_arguments(option.help));
  if (option.value == Value::words)
    spec += fmt::format(":value:_values -s , value {}", fmt::join(option.words, " "));
  if (option.value == Value::files) spec += ":file:_files";
  if (option.value == Value::other) spec += ":value: ";
  return in_quotes(spec);
}

std::string zsh_script(const std::vector<CommandLine>& commands) {
  std::string cases;
  for (const CommandLine& command : commands) {
    std::string arguments;
    for (const OptionLine& option : command.options)
      for (const std::string& name : option.names) arguments += " \\\n      " + zsh_option(option, name);
    if (!command.subcommands.empty())
      arguments += fmt::format(" \\\n      '1:command:({})'", fmt::join(command.subcommands, " "));
    arguments += " \\\n      '*:file:_files'";
    cases += fmt::format("    {}) _arguments -S{} ;;\n",
                         in_quotes(fmt::format("{}", fmt::join(command.path, " "))), arguments);
  }
  std::vector<std::string> paths;
  for (const CommandLine& command : commands)
    if (!command.path.empty()) paths.push_back(in_quotes(fmt::format("{}", fmt::join(command.path, " "))));
  return fmt::format(R"(#compdef chorus
# zsh completion for chorus: source <(chorus completion zsh)
_chorus() {{
  local path_so_far='' word next
  local -i taken=0
  for word in ${{words[2,CURRENT-1]}}; do
    next="${{path_so_far:+$path_so_far }}$word"
    case "$next" in {0}) path_so_far=$next; taken+=1 ;; esac
  done
  shift $taken words
  (( CURRENT -= taken ))
  case "$path_so_far" in
{1}  esac
}}
compdef _chorus chorus
)",
                     fmt::join(paths, "|"), cases);
}

/// The condition under which a line of fish's completion holds: the command's words were typed, none below it.
std::string fish_condition(const CommandLine& command) {
  std::string condition;
  for (const std::string& word : command.path)
    condition += fmt::format("{}__fish_seen_subcommand_from {}", condition.empty() ? "" : "; and ", word);
  if (!command.subcommands.empty())
    condition += fmt::format("{}not __fish_seen_subcommand_from {}", condition.empty() ? "" : "; and ",
                             fmt::join(command.subcommands, " "));
  return in_quotes(condition);
}

std::string fish_script(const std::vector<CommandLine>& commands) {
  std::string script = "# fish completion for chorus: chorus completion fish | source\n";
  for (const CommandLine& command : commands) {
    const std::string condition = fish_condition(command);
    for (const std::string& name : command.subcommands) {
      const auto below = std::find_if(commands.begin(), commands.end(), [&](const CommandLine& other) {
        return !other.path.empty() && other.path.back() == name &&
               other.path.size() == command.path.size() + 1;
      });
      script +=
          fmt::format("complete -c chorus -f -n {} -a {} -d {}\n", condition, name, in_quotes(below->help));
    }
    for (const OptionLine& option : command.options) {
      std::string line = fmt::format("complete -c chorus -n {}", condition);
      for (const std::string& name : option.names)
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (option.value == Value::words)
        line += fmt::format(" -x -a {}", in_quotes(fmt::format("{}", fmt::join(option.words, " "))));
      if (option.value == Value::files) line += " -r -F";
      if (option.value == Value::other) line += " -x";
      script += fmt::format("{} -d {}\n", line, in_quotes(option.help));
    }
  }
  return script;
}

}  // namespace

std::string completion_script(Shell shell, CLI::App& app) {
  const std::vector<CommandLine> commands = commands_of(app);
  switch (shell) {
    case Shell::bash:
      return bash_script(commands);
    case Shell::zsh:
      return zsh_script(commands);
    case Shell::fish:
      return fish_script(commands);
  }
  return "";
}

}  // namespace chorus::cli
