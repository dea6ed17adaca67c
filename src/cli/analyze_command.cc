// chorus analyze: what the results found say, beside each other, as tables for the terminal, programs and papers.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <set>

#include "cli/commands.h"
#include "cli/option_checks.h"
#include "cli/results_options.h"
#include "core/error.h"
#include "core/log.h"
#include "data/durable_file.h"
#include "data/json.h"
#include "eval/listings.h"
#include "eval/paraphrases.h"

namespace chorus::cli {
namespace {

using eval::Run;
using eval::RunSet;
using eval::Section;

struct Arguments {
  ResultsOptions results;
  std::vector<std::string> by;
  std::string format = "table", table, export_folder;
  std::size_t samples = 3, errors = 5;
  bool compare_all = false, json = false;
};

/// A column that tells whether the subject contains the answer is always looked at.
std::vector<std::string> columns_to_group_by(const Arguments& arguments, const RunSet& runs) {
  std::vector<std::string> columns = arguments.by;
  constexpr const char* kLeak = "answer_in_subject";
  const bool has = std::any_of(runs.begin(), runs.end(),
                               [&](const Run* run) { return run->table.find(kLeak).has_value(); });
  if (has && std::find(columns.begin(), columns.end(), kLeak) == columns.end()) columns.emplace_back(kLeak);
  return columns;
}

std::vector<Section> sections_of(const ResultGroup& group, const Arguments& arguments) {
  const RunSet runs = group.of_size(arguments.results.num_paraphrases);
  const auto& options = arguments.results.analysis;
  std::vector<Section> sections{eval::accuracy_section(runs, options),
                                eval::comparison_section(runs, options)};
  for (const std::string& column : columns_to_group_by(arguments, runs))
    sections.push_back(eval::group_section(runs, column, options));
  if (arguments.compare_all) sections.push_back(eval::sizes_section(group.all(), options));
  if (const Run* singles = group.singles()) {
    RunSet ensembles;
    for (const Run* run : runs)
      if (run != singles && run->rows_of.size() == run->table.rows()) ensembles.push_back(run);
    sections.push_back(eval::paraphrase_section(*singles, options));
    sections.push_back(eval::pair_section(*singles));
    sections.push_back(eval::outcome_section(*singles, ensembles));
    sections.push_back(eval::new_answers_section(*singles, ensembles));
    sections.push_back(eval::index_set_section(*singles, group.all()));
  }
  if (arguments.samples > 0) sections.push_back(eval::sample_section(runs, arguments.samples));
  if (arguments.errors > 0) sections.push_back(eval::error_section(runs, arguments.errors));
  std::erase_if(sections, [&](const Section& section) {
    return section.table.rows() == 0 || (!arguments.table.empty() && section.id != arguments.table);
  });
  return sections;
}

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
    out += fmt::format("\n{}\n{}{}{}", section.title, section.table.text(), section.note,
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

std::string as_latex(const std::string& title, const std::vector<Section>& sections) {
  std::string out = fmt::format("% {}\n", title);
  for (const Section& section : sections)
    out += fmt::format("% {}\n{}", section.title, section.table.latex());
  return out;
}

std::string as_csv(const std::vector<Section>& sections) {
  std::string out;
  for (const Section& section : sections) out += (out.empty() ? "" : "\n") + section.table.csv();
  return out;
}

std::string as_json(const ResultGroup& group, const Arguments& arguments,
                    const std::vector<Section>& sections) {
  const auto& score = arguments.results.analysis.score;
  data::Json json{{"dataset", group.dataset},
                  {"model", group.model},
                  {"num_paraphrases", group.size_or(arguments.results.num_paraphrases)},
                  {"match", described(score.rule)},
                  {"lemmas", score.lemmas == eval::LemmaSource::file ? "file" : "own"}};
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
    data::write_durable(file, section.table.csv());
    log.info("written: {}", file.string());
  }
}

void analyze(Arguments arguments) {
  const core::Log log(false);
  if (arguments.json) arguments.format = "json";
  const std::vector<ResultGroup> groups = read_results(arguments.results, arguments.compare_all, log);
  std::string out;
  for (const ResultGroup& group : groups) {
    const auto sections = sections_of(group, arguments);
    if (!arguments.export_folder.empty()) export_tables(group, arguments, sections, log);
    const std::string title = head(group, arguments);
    if (!out.empty()) out += arguments.format == "json" ? ",\n" : "\n";
    if (arguments.format == "table") out += as_text(title, sections);
    if (arguments.format == "markdown") out += as_markdown(title, sections);
    if (arguments.format == "latex") out += as_latex(title, sections);
    if (arguments.format == "csv") out += as_csv(sections);
    if (arguments.format == "json") out += as_json(group, arguments, sections);
  }
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
  command->add_flag("--compare-all", arguments->compare_all, "Every N there is, and accuracy against N");
  add("--by", arguments->by, "COLUMN,...", "Accuracy at each value of these columns of the results")
      ->delimiter(',')
      ->default_str("");
  add("--samples", arguments->samples, "K", "Rows of each result to show")->check(whole_number(0, 1000000));
  add("--errors", arguments->errors, "K", "Wrong rows of each result to show")
      ->check(whole_number(0, 1000000));
  add("--format", arguments->format, "FORM", "table, json, csv, markdown or latex")
      ->check(one_of({"table", "json", "csv", "markdown", "latex"}));
  command->add_flag("--json", arguments->json, "--format json");
  add("--table", arguments->table, "ID",
      "Only this table: accuracy, comparison, by_COLUMN, sizes, paraphrases, pairs, outcomes, new_answers, "
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
