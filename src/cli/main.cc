// The program: finds the subcommand, runs it, and turns errors into one line and an exit code.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/option_checks.h"
#include "core/error.h"
#include "core/error_context.h"
#include "text/utf8.h"

namespace {

using chorus::Error;
using chorus::ErrorKind;

/// What went wrong, on one line whatever is in it: bytes that are no text stand as \\x and two digits.
std::string on_one_line(std::string_view text) {
  std::string line;
  for (std::size_t at = 0; at < text.size();) {
    const auto step = chorus::text::next_code_point(text, at);
    if (step.valid && step.code >= 0x20 && step.code != 0x7F) {
      line += text.substr(at, step.bytes);
    } else {
      for (const char byte : text.substr(at, step.bytes))
        line += byte == '\n' ? "\\n" : fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    }
    at += step.bytes;
  }
  return line;
}

int fail(std::string_view what, ErrorKind kind) {
  const bool interrupted = kind == ErrorKind::interrupted;
  fmt::print(stderr, "{}{}\n", interrupted ? "" : "error: ", on_one_line(what));
  return static_cast<int>(kind);
}

void check_utf8(const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if (!chorus::text::is_valid_utf8(arguments[i]))
      throw Error(ErrorKind::usage, fmt::format("argument {} is not UTF-8: '{}'", i + 1, arguments[i]),
                  "UTF-8 text", "check the terminal's encoding");
}

/// Underscores in option names mean hyphens, so that --max_samples works as --max-samples does.
void spell_with_hyphens(std::vector<std::string>& arguments) {
  for (std::string& argument : arguments) {
    if (argument == "--") break;
    if (!argument.starts_with("--")) continue;
    const auto name_end =
        argument.begin() + static_cast<std::ptrdiff_t>(std::min(argument.find('='), argument.size()));
    std::replace(argument.begin(), name_end, '_', '-');
  }
}

/// "chorus help generate" is "chorus generate --help".
void turn_help_around(std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.front() != "help") return;
  arguments.erase(arguments.begin());
  arguments.emplace_back("--help");
}

/// CLI11 takes the phrasing "[X] is in [Y]" for a list "X] is in [Y"; with a space at its end, which ask drops, it stays.
void keep_brackets(const CLI::App& app, std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.front() != "ask") return;
  const CLI::App* ask = app.get_subcommand("ask");
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const CLI::Option* before = ask->get_option_no_throw(arguments[i - 1]);
    const bool is_value = before != nullptr && before->get_items_expected_max() > 0;
    if (!is_value && arguments[i].starts_with('[') && arguments[i].ends_with(']')) arguments[i] += ' ';
  }
}

void add_commands(CLI::App& app) {
  app.get_formatter()->column_width(34);
  app.set_version_flag("--version", std::string("chorus ") + CHORUS_VERSION);
  app.require_subcommand(1);
  chorus::cli::add_ask_command(app);
  chorus::cli::add_prepare_command(app);
  chorus::cli::add_generate_command(app);
  chorus::cli::add_confidence_command(app);
  chorus::cli::add_tune_command(app);
  chorus::cli::add_sweep_command(app);
  chorus::cli::add_demo_command(app);
  chorus::cli::add_analyze_command(app);
  chorus::cli::add_report_command(app);
  chorus::cli::add_inspect_command(app);
  chorus::cli::add_mask_command(app);
  chorus::cli::add_prompts_command(app);
  chorus::cli::add_models_command(app);
  chorus::cli::add_bench_command(app);
  chorus::cli::add_doctor_command(app);
  chorus::cli::add_completion_command(app);
  chorus::cli::add_man_command(app);
  app.footer(
      "Start with:  chorus ask \"What is the capital of France?\" \"Which city is France's capital?\"\n"
      "Help on one:  chorus generate --help\n"
      "Exit codes: 0 done, 2 usage, 3 data, 4 model, 5 device, 6 input/output, 130 interrupted (and "
      "resumable)");
}

int run(std::vector<std::string> arguments) {
  CLI::App app(
      "One question, many phrasings, one answer: an ensemble inside the attention of a language model.",
      "chorus");
  add_commands(app);
  check_utf8(arguments);
  spell_with_hyphens(arguments);
  turn_help_around(arguments);
  keep_brackets(app, arguments);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    app.parse(std::move(arguments));
    return 0;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return fail(chorus::cli::usage_error(app, error), ErrorKind::usage);
  }
}

int guarded(int argc, char** argv) try { return run({argv + 1, argv + argc}); } catch (const Error& error) {
  return fail(error.what(), error.kind());
} catch (const std::bad_alloc&) {
  return fail(chorus::core::not_enough_memory().what(), ErrorKind::device);
} catch (const std::system_error& error) {
  return std::ferror(stdout) != 0 ? 0 : fail(error.what(), ErrorKind::io);  // main() tells of stdout
} catch (const std::exception& error) {
  fmt::print(stderr, "error: {}\n", on_one_line(error.what()));
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  chorus::cli::catch_interrupts();
  const int code = guarded(argc, argv);
  const bool flushed = std::fflush(stdout) == 0;
  const std::string reason = flushed ? "" : fmt::format(": {}", std::strerror(errno));
  if (code != 0 || (flushed && std::ferror(stdout) == 0)) return code;
  return fail(
      fmt::format("standard output cannot be written{}; expected a place that takes it; check where it goes",
                  reason),
      ErrorKind::io);
}
