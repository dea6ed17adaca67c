// chorus man: the manual page.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/commands.h"
#include "cli/man_page.h"

namespace chorus::cli {

void add_man_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("man", "Print the manual page");
  command->footer("Examples:\n  chorus man | man -l -\n  chorus man > /usr/local/share/man/man1/chorus.1");
  command->callback([&app] { fmt::print(stdout, "{}", man_page(app)); });
}

}  // namespace chorus::cli
