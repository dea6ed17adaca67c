// The program: finds the subcommand, runs it, and turns errors into one line and an exit code.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "core/error.h"

namespace {

/// Underscores in option names mean hyphens, so that --max_samples works as --max-samples does.
std::vector<std::string> spelled_with_hyphens(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  for (std::string& argument : arguments) {
    if (argument == "--") break;
    if (!argument.starts_with("--")) continue;
    const auto name_end = argument.begin() + static_cast<std::ptrdiff_t>(std::min(argument.find('='), argument.size()));
    std::replace(argument.begin(), name_end, '_', '-');
  }
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  return arguments;
}

int run(int argc, char** argv) {
  CLI::App app("One question, many phrasings, one answer: an ensemble inside the attention of a language model.", "chorus");
  app.set_version_flag("--version", std::string("chorus ") + CHORUS_VERSION);
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::help);
  chorus::cli::add_ask_command(app);
  chorus::cli::add_generate_command(app);
  chorus::cli::add_demo_command(app);
  chorus::cli::add_models_command(app);
  chorus::cli::add_bench_command(app);
  app.footer("Start with:  chorus ask \"What is the capital of France?\" \"Which city is France's capital?\"\n"
             "Help on one:  chorus generate --help");
  app.failure_message([](const CLI::App*, const CLI::Error& error) {
    return fmt::format("error: {}; see --help\n", error.what());
  });
  try {
    app.parse(spelled_with_hyphens(argc, argv));
    return 0;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(chorus::ErrorKind::usage);
  }
}

}  // namespace

int main(int argc, char** argv) {
  chorus::cli::catch_interrupts();
  try {
    return run(argc, argv);
  } catch (const chorus::Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return error.exit_code();
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "error: not enough memory; lower --batch-size or --kv-memory\n");
    return static_cast<int>(chorus::ErrorKind::device);
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 1;
  }
}
