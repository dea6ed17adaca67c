// chorus analyze: what the results found say, beside each other, as tables for the terminal, programs and papers.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>
#include <string_view>

#include "cli/commands.h"
#include "cli/option_checks.h"
#include "cli/results_options.h"
#include "core/error.h"
#include "core/log.h"
#include "data/durable_file.h"
#include "data/json.h"
#include "eval/listings.h"

namespace chorus::cli {
namespace {

using eval::RunSet;
using eval::Section;

constexpr std::size_t kWidest = 60;  // of words in a terminal's table; the other forms have them whole

struct Arguments {
  ResultsOptions results;
  SectionOptions sections;
  std::string format = "table", table, export_folder;
  bool json = false;
};

std::string head(const ResultGroup& group, const Arguments& arguments) {
  const auto& score = arguments.results.analysis.score;
  const int n = group.size_or(arguments.results.num_paraphrases);
  return fmt::format("{} / {}{}; match: {}{}", group.dataset, group.model,
                     n > 0 ? fmt::format(", N = {}", n) : "", described(score.rule),
                     score.lemmas == eval::LemmaSource::file ? " of the file" : "");
}

std::string as_text(const std::string& title, const std::vector<Section>& sections) {
  std::string out = title + "\n";
  for (const Section& section : sections)
    out += fmt::format("\n{}\n{}{}{}", section.title, section.table.text(kWidest), section.note,
                       section.note.empty() ? "" : "\n");
  return out;
}

std::string as_markdown(const std::string& title, const std::vector<Section>& sections) {
  std::string out = fmt::format("## {}\n", title);
  for (const Section& section : sections)
    out += fmt::format("\n### {}\n\n{}{}{}", section.title, section.table.markdown(),
                       section.note.empty() ? "" : "\n" + section.note, section.note.empty() ? "" : "\n");
  return out;
}

/// The caption says what is counted and by which rule: a number may not go without it.
std::string as_latex(const std::string& title, const std::vector<Section>& sections) {
  std::string out =
      "% needs \\usepackage{booktabs}; texts of questions and answers may need lualatex or xelatex\n";
  for (const Section& section : sections)
    out += section.table.latex(
        fmt::format("{}. {}{}.", section.title, title, section.note.empty() ? "" : "; " + section.note),
        "tab:" + section.id);
  return out;
}

/// A CSV file is read by itself: every row says of what it is and by which rule.
std::string csv_of(const Section& section, const ResultGroup& group, const Arguments& arguments) {
  const auto& score = arguments.results.analysis.score;
  const std::string match =
      described(score.rule) + (score.lemmas == eval::LemmaSource::file ? " of the file" : "");
  return section.table.with("dataset", group.dataset).with("model", group.model).with("match", match).csv();
}

std::string as_csv(const ResultGroup& group, const Arguments& arguments,
                   const std::vector<Section>& sections) {
  std::string out;
  for (const Section& section : sections)
    out += (out.empty() ? "" : "\n") + csv_of(section, group, arguments);
  return out;
}

std::string as_json(const ResultGroup& group, const Arguments& arguments,
                    const std::vector<Section>& sections) {
  const auto& score = arguments.results.analysis.score;
  data::Json json{{"dataset", group.dataset},
                  {"model", group.model},
                  {"num_paraphrases", group.size_or(arguments.results.num_paraphrases)},
                  {"match", described(score.rule)},
                  {"lemmas", score.lemmas == eval::LemmaSource::file ? "file" : "own"},
                  {"warnings", group.warnings}};
  for (const Section& section : sections) json[section.id] = data::Json::parse(section.table.json());
  return json.dump(2);
}

void export_tables(const ResultGroup& group, const Arguments& arguments, std::vector<Section> sections,
                   const core::Log& log) {
  const RunSet runs = group.of_size(arguments.results.num_paraphrases);
  std::erase_if(sections, [](const Section& section) { return section.id == "errors"; });
  sections.push_back(eval::error_section(runs, 0));
  sections.push_back(eval::detail_section(runs));
  const std::filesystem::path folder = arguments.export_folder;
  data::make_folder(folder);
  const int n = group.size_or(arguments.results.num_paraphrases);
  for (const Section& section : sections) {
    const auto file = folder / fmt::format("{}_{}{}_{}.csv", group.dataset, group.model,
                                           n > 0 ? fmt::format("_para{}", n) : "", section.id);
    data::write_durable(file, csv_of(section, group, arguments));
    log.info("written: {}", file.string());
  }
}

void check_table(const std::string& table) {
  constexpr std::string_view kTables[] = {"accuracy",    "comparison", "confidence", "sizes",
                                          "paraphrases", "pairs",      "outcomes",   "new_answers",
                                          "index_sets",  "samples",    "errors"};
  if (table.empty() || table.starts_with("by_") || std::ranges::find(kTables, table) != std::end(kTables))
    return;
  throw Error(ErrorKind::usage, fmt::format("--table '{}'", table),
              fmt::format("by_COLUMN, {}", fmt::join(kTables, ", ")), "choose one of them");
}

void analyze(Arguments arguments) {
  const core::Log log(false);
  check_table(arguments.table);
  if (arguments.json) arguments.format = "json";
  const std::vector<ResultGroup> groups =
      read_results(arguments.results, arguments.sections.compare_all, log);
  std::string out;
  std::set<std::string> others;
  bool any = arguments.table.empty();
  for (const ResultGroup& group : groups) {
    auto sections = sections_of(group, arguments.results, arguments.sections);
    if (!arguments.table.empty()) {
      for (const Section& section : sections) others.insert(section.id);
      std::erase_if(sections, [&](const Section& section) { return section.id != arguments.table; });
      any = any || !sections.empty();
    }
    if (!arguments.export_folder.empty()) export_tables(group, arguments, sections, log);
    const std::string title = head(group, arguments);
    if (!out.empty()) out += arguments.format == "json" ? ",\n" : "\n";
    if (arguments.format == "table") out += as_text(title, sections);
    if (arguments.format == "markdown") out += as_markdown(title, sections);
    if (arguments.format == "latex") out += as_latex(title, sections);
    if (arguments.format == "csv") out += as_csv(group, arguments, sections);
    if (arguments.format == "json") out += as_json(group, arguments, sections);
  }
  if (!any)
    throw Error(
        ErrorKind::usage, fmt::format("--table {}, which these results do not give", arguments.table),
        fmt::format("one that they give: {}", fmt::join(others, ", ")),
        "'sizes' and 'index_sets' come with --compare-all, 'by_COLUMN' with --by COLUMN, 'confidence' from "
        "results of chorus confidence");
  fmt::print(stdout, "{}", arguments.format == "json" ? fmt::format("[{}]\n", out) : out);
}

}  // namespace

void add_analyze_command(CLI::App& app) {
  auto* command = app.add_subcommand(
      "analyze", "Score and compare results: accuracy, paired tests, N, phrasings, errors");
  const auto arguments = std::make_shared<Arguments>();
  add_results_options(*command, arguments->results);
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command->add_option(name, value, help)->type_name(type)->capture_default_str();
  };
  command->add_flag("--compare-all", arguments->sections.compare_all,
                    "Every N there is, and accuracy against N");
  add("--by", arguments->sections.by, "COLUMN,...", "Accuracy at each value of these columns of the results")
      ->delimiter(',')
      ->default_str("");
  add("--samples", arguments->sections.samples, "K", "Rows of each result to show")
      ->check(whole_number(0, 1000000));
  add("--errors", arguments->sections.errors, "K", "Wrong rows of each result to show")
      ->check(whole_number(0, 1000000));
  add("--format", arguments->format, "FORM", "table, json, csv, markdown or latex")
      ->check(one_of({"table", "json", "csv", "markdown", "latex"}));
  command->add_flag("--json", arguments->json, "--format json");
  add("--table", arguments->table, "ID",
      "Only this table: accuracy, comparison, by_COLUMN, confidence, sizes, paraphrases, pairs, outcomes, "
      "new_answers, "
      "index_sets, samples, errors");
  add("--export", arguments->export_folder, "DIR",
      "Also write every table, all errors and every row as CSV files there");
  command->footer(
      "Examples:\n"
      "  chorus analyze\n"
      "  chorus analyze --dataset pararel --cluster relation --by relation --compare-all\n"
      "  chorus analyze --table accuracy --format latex\n"
      "Reads what generate wrote, and the files of the published scripts.");
  command->callback([arguments] { analyze(*arguments); });
}

}  // namespace chorus::cli
