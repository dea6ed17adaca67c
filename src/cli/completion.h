// Completion scripts for shells, made from the command line as it is: subcommands, options, the words a value may be.
//
//   const std::string script = completion_script(Shell::bash, app);   // bash: source <(chorus completion bash)
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace chorus::cli {

enum class Shell { bash, zsh, fish };

/// A script that completes `app` and its subcommands: option names with their help (bash: without), the words of a value
/// that word_list() lists, aliases of models, else files where the value is named FILE, FOLDER or PATH.
std::string completion_script(Shell shell, CLI::App& app);

}  // namespace chorus::cli
