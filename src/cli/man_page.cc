#include "cli/man_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <ctime>
#include <sstream>
#include <string_view>
#include <vector>

namespace chorus::cli {
namespace {

/// Text for roff: backslashes, hyphens that are to be typed as such, and lines that would be requests.
std::string escaped(std::string_view text) {
  std::string result;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) result += "\\&";
    if (c == '\\')
      result += "\\e";
    else if (c == '-')
      result += "\\-";
    else if (c == '\'')
      result += "\\(aq";
    else if (c == '^')
      result += "\\(ha";
    else if (c == '~')
      result += "\\(ti";
    else
      result += c;
    line_begins = c == '\n';
  }
  return result;
}

std::string in_capitals(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// A help's last part: a line that ends in a colon and indented lines below it are examples, the rest is text.
std::string footer_text(const std::string& footer) {
  std::istringstream lines(footer);
  std::string page;
  bool in_example = false;
  for (std::string line; std::getline(lines, line);) {
    const bool example = line.starts_with("  ");
    if (example != in_example) page += example ? ".PP\n.nf\n.RS 4\n" : ".RE\n.fi\n.PP\n";
    in_example = example;
    const auto begin = line.find_first_not_of(' ');
    if (begin == std::string::npos) continue;
    page += escaped(std::string_view(line).substr(begin)) + '\n';
  }
  return in_example ? page + ".RE\n.fi\n" : page;
}

std::string option_text(const CLI::Option& option) {
  std::vector<std::string> names;
  if (option.nonpositional()) {
    for (const std::string& name : option.get_snames())
      names.push_back("\\fB" + escaped("-" + name) + "\\fR");
    for (const std::string& name : option.get_lnames())
      names.push_back("\\fB" + escaped("--" + name) + "\\fR");
  } else {
    names.push_back("\\fI" + escaped(option.get_name(true)) + "\\fR");
  }
  std::string line = fmt::format("{}", fmt::join(names, ", "));
  const bool takes_value = option.get_items_expected_max() > 0 && option.nonpositional();
  if (takes_value && !option.get_type_name().empty())
    line += " \\fI" + escaped(option.get_type_name()) + "\\fR";
  std::string help = escaped(option.get_description());
  if (!help.empty() && !help.ends_with('.') && !help.ends_with(')') && !help.ends_with(']')) help += '.';
  std::string text = fmt::format(".TP\n{}\n{}\n", line, help);
  if (!option.get_default_str().empty())
    text += fmt::format("Default: {}.\n", escaped(option.get_default_str()));
  return text;
}

std::string options_text(const CLI::App& app) {
  std::string page;
  std::string group;
  std::vector<const CLI::Option*> options;
  for (const CLI::Option* option : app.get_options())
    if (!option->get_group().empty()) options.push_back(option);
  // In the order of the groups' first options, as help prints them.
  for (const std::string& name : app.get_groups()) {
    if (std::none_of(options.begin(), options.end(), [&](const auto* o) { return o->get_group() == name; }))
      continue;
    if (name != "Options") page += fmt::format(".PP\n{}:\n", escaped(name));
    for (const CLI::Option* option : options)
      if (option->get_group() == name) page += option_text(*option);
  }
  return page;
}

void add_command(CLI::App& app, const std::string& path, std::string& page) {
  page += fmt::format(".SS {}\n{}.\n", escaped(path), escaped(app.get_description()));
  page += options_text(app);
  if (!app.get_footer().empty()) page += ".PP\n" + footer_text(app.get_footer());
  for (CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; }))
    add_command(*sub, path + " " + sub->get_name(), page);
}

/// Today, or the day of $SOURCE_DATE_EPOCH, for builds that must come out the same.
std::string date_text() {
  const char* const fixed = std::getenv("SOURCE_DATE_EPOCH");
  std::time_t seconds = std::time(nullptr);
  if (fixed != nullptr) seconds = static_cast<std::time_t>(std::strtoll(fixed, nullptr, 10));
  std::tm day{};
  std::array<char, 16> text{};
  if (::gmtime_r(&seconds, &day) == nullptr) return "";
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &day)};
}

// What no option says. Kept in the words of docs/usage.md.
constexpr const char* kEnd = R"(.SH EXIT STATUS
0 done, 2 usage, 3 data, 4 model, 5 device, 6 input or output, 130 interrupted (and resumable by the same command).
.SH ENVIRONMENT
.TP
.B CHORUS_HOME
Its folder models/ holds the GGUF files that aliases name.
.TP
.B HF_HUB_CACHE, HF_HOME
Where models of a hub are looked for and fetched to.
.TP
.B HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE
The hub that chorus models get asks, the access token for gated models, and whether it may ask at all.
.TP
.B https_proxy, no_proxy, CURL_CA_BUNDLE
The way to it, as curl has them.
.SH FILES
.TP
.I results/DATASET/MODEL/
One Feather file, CSV and manifest a run.
.SH SEE ALSO
.BR curl (1)
)";

}  // namespace

std::string man_page(CLI::App& app) {
  const std::string name = app.get_name();
  std::string page = fmt::format(".TH {} 1 \"{}\" \"{} {}\" \"User Commands\"\n", in_capitals(name),
                                 date_text(), name, CHORUS_VERSION);
  page += fmt::format(".SH NAME\n{} \\- answer a question from many phrasings\n", name);
  page += fmt::format(".SH SYNOPSIS\n.B {}\n.I SUBCOMMAND\n[\\fIOPTIONS\\fR]\n", name);
  page += fmt::format(".SH DESCRIPTION\n{}\n", escaped(app.get_description()));
  page += ".PP\nOption names take hyphens and underscores alike.\n.SH OPTIONS\n" + options_text(app);
  page += ".SH SUBCOMMANDS\n";
  for (CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; }))
    add_command(*sub, name + " " + sub->get_name(), page);
  return page + kEnd;
}

}  // namespace chorus::cli
