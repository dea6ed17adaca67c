// The manual page, made from the command line as it is: subcommands, options, defaults, examples.
//
//   fmt::print("{}", man_page(app));   // chorus man | man -l -
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace chorus::cli {

/// A page of section 1 in the man macros, which groff and mandoc both take.
std::string man_page(CLI::App& app);

}  // namespace chorus::cli
