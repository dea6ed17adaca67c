#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/option_checks.h"

namespace chorus::cli {

void add_completion_command(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print a script that completes chorus in a shell");
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->type_name("SHELL")
      ->check(one_of({"bash", "zsh", "fish"}));
  command->footer(
      "Example:\n  chorus completion bash > ~/.local/share/bash-completion/completions/chorus\n"
      "  source <(chorus completion zsh)\n"
      "  chorus completion fish > ~/.config/fish/completions/chorus.fish");
  command->callback([&app, shell] {
    const Shell which = *shell == "bash" ? Shell::bash : *shell == "zsh" ? Shell::zsh : Shell::fish;
    fmt::print("{}", completion_script(which, app));
  });
}

}  // namespace chorus::cli
