// What a value on the command line must be, checked before anything runs, with errors that say what would do.
//
//   command.add_option("--threads", threads, "Threads")->type_name("N")->check(whole_number(0, 1024));
//   command.add_option("--stop", stop, "newline or eos")->type_name("RULE")->check(one_of({"newline", "eos"}));
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace chorus::cli {

/// A number without sign or point, from `low` to `high`; no suffix, no surrounding space.
CLI::Validator whole_number(std::int64_t low, std::int64_t high);
/// One of these words, spelled with hyphens or underscores; becomes the word as it stands here.
CLI::Validator one_of(std::vector<std::string> words);
/// Takes the spaces around a value away, as around the items of "flex, avg".
CLI::Validator trimmed();
/// A shell offers the words that `parse` knows, as its error lists them; what is typed is checked where it is used.
CLI::Validator offers(const std::function<void(std::string_view)>& parse);
/// The words of one_of() or offers(); none without them.
std::vector<std::string> word_list(CLI::Option& option);

/// "\\n", "\\t" and "\\\\" typed as two characters become a newline, a tab and a backslash: shells have no handy way to type them.
std::string with_escapes(const std::string& typed);

/// What CLI11 found wrong, in the form of the program's errors, without "error: ". `arguments` as typed.
std::string usage_error(const CLI::App& app, const CLI::ParseError& error);

}  // namespace chorus::cli
