#include "cli/results_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <set>

#include "cli/option_checks.h"
#include "core/error.h"
#include "core/log.h"
#include "eval/comparability.h"
#include "eval/listings.h"
#include "eval/paraphrases.h"
#include "eval/sureness.h"

namespace chorus::cli {
namespace {

std::vector<std::filesystem::path> files_of(const ResultsOptions& options) {
  std::vector<std::filesystem::path> files;
  for (const auto& path : options.files) {
    if (std::filesystem::is_directory(path)) {
      const auto found = eval::find_results(path);
      files.insert(files.end(), found.begin(), found.end());
    } else {
      files.push_back(path);
    }
  }
  return options.files.empty() ? eval::find_results(options.output_dir) : files;
}

/// Results that would be looked for and are not there yet.
void warn_of_unfinished(const ResultsOptions& options, const core::Log& log) {
  std::vector<std::filesystem::path> folders(options.files.begin(), options.files.end());
  if (folders.empty()) folders.emplace_back(options.output_dir);
  for (const auto& folder : folders)
    for (const auto& file : eval::find_unfinished(folder))
      log.warn("left out: {} is of a run that is not through; its command, given again, goes on with it",
               file.string());
}

bool is_named(const ResultsOptions& options, const std::filesystem::path& file) {
  return std::find(options.files.begin(), options.files.end(), file) != options.files.end();
}

/// Named files of one method and different N are one run by mistake.
void check_sizes(const ResultGroup& group, const ResultsOptions& options) {
  std::map<std::string, const eval::Run*> methods;
  for (const eval::Run& run : group.runs) {
    if (!is_named(options, run.file) || !run.name.indexs.empty()) continue;
    const auto [at, is_new] = methods.try_emplace(run.name.label(), &run);
    if (is_new || at->second->name.paraphrases == run.name.paraphrases) continue;
    throw Error(ErrorKind::data,
                fmt::format("{} and {}: {} with N = {} and {}", at->second->file.string(), run.file.string(),
                            run.name.label(), at->second->name.paraphrases, run.name.paraphrases),
                "results of one N", "give --num-paraphrases, or --compare-all to see accuracy against N");
  }
}

/// Files named one by one are meant to be compared; folders may hold anything.
void check_data_sets(const std::vector<ResultGroup>& groups, const ResultsOptions& options) {
  const eval::Run* first = nullptr;
  for (const ResultGroup& group : groups)
    for (const eval::Run& run : group.runs) {
      if (!is_named(options, run.file)) continue;
      if (first == nullptr) first = &run;
      if (first->dataset == run.dataset) continue;
      throw Error(ErrorKind::data,
                  fmt::format("{} is of data set {}, {} of {}", first->file.string(), first->dataset,
                              run.file.string(), run.dataset),
                  "results of one data set", "analyze them apart, or name the folder above them");
    }
}

/// Leaves out the groups that have results of other sizes only.
void keep_size(std::vector<ResultGroup>& groups, int n) {
  if (n == 0) return;
  std::set<int> found;
  for (const ResultGroup& group : groups) found.merge(group.sizes());
  std::erase_if(groups, [&](const ResultGroup& group) {
    const std::set<int> sizes = group.sizes();
    return !sizes.empty() && !sizes.contains(n);
  });
  if (!groups.empty()) return;
  throw Error(ErrorKind::usage, fmt::format("--num-paraphrases {}, of which there is no result", n),
              fmt::format("{}", fmt::join(found, ", ")), "choose one of them");
}

[[noreturn]] void throw_nothing_found(const ResultsOptions& options, const std::set<std::string>& found) {
  if (found.empty())
    throw Error(ErrorKind::data, fmt::format("no result below '{}' can be read", options.output_dir),
                "at least one", "see the warnings above");
  const auto given = [](const char* name, const std::string& value) {
    return value.empty() ? "" : fmt::format(" {} '{}'", name, value);
  };
  throw Error(
      ErrorKind::data,
      fmt::format("no result of{}{}", given("data set", options.dataset), given("model", options.model)),
      fmt::format("data set / model: {}", fmt::join(found, ", ")), "choose one of them");
}

/// An interval is of the spread between clusters, which two or three do not show.
void warn_of_few_clusters(const std::string& column, ResultGroup& group) {
  constexpr std::size_t kFew = 8;
  if (column.empty() || group.runs.empty()) return;
  const std::size_t clusters = eval::group_by(group.runs.front(), column).values.size();
  if (clusters < kFew)
    group.warnings.push_back(fmt::format("--cluster {}: {} {}; intervals from fewer than {} are too narrow",
                                         column, clusters, clusters == 1 ? "group" : "groups", kFew));
}

/// A column that tells whether the subject contains the answer is always looked at.
std::vector<std::string> columns_to_group_by(const SectionOptions& options, const eval::RunSet& runs) {
  std::vector<std::string> columns = options.by;
  constexpr const char* kLeak = "answer_in_subject";
  const bool has = std::any_of(runs.begin(), runs.end(),
                               [&](const eval::Run* run) { return run->table.find(kLeak).has_value(); });
  if (has && std::find(columns.begin(), columns.end(), kLeak) == columns.end()) columns.emplace_back(kLeak);
  return columns;
}

}  // namespace

eval::RunSet ResultGroup::all() const {
  eval::RunSet set;
  for (const eval::Run& run : runs) set.push_back(&run);
  return set;
}

eval::RunSet ResultGroup::of_size(int n) const {
  const int size = size_or(n);
  eval::RunSet set;
  for (const eval::Run& run : runs)
    if (run.name.indexs.empty() && !is_confidence(run.name) &&
        (run.name.paraphrases == 0 || run.name.paraphrases == size))
      set.push_back(&run);
  return set;
}

eval::RunSet ResultGroup::confidences() const {
  eval::RunSet set;
  for (const eval::Run& run : runs)
    if (is_confidence(run.name)) set.push_back(&run);
  return set;
}

std::set<int> ResultGroup::sizes() const {
  std::set<int> sizes;
  for (const eval::Run& run : runs)
    if (run.name.indexs.empty() && run.name.paraphrases > 0) sizes.insert(run.name.paraphrases);
  return sizes;
}

int ResultGroup::size_or(int n) const {
  if (n > 0) return n;
  const std::set<int> found = sizes();
  return found.contains(5) ? 5 : found.empty() ? 0 : *found.rbegin();
}

const eval::Run* ResultGroup::singles() const {
  for (const char* method : {"per_prompt", "confidence"})
    for (const eval::Run& run : runs)
      if (run.name.method == method && run.rows_of.size() < run.table.rows()) return &run;
  return nullptr;
}

void add_results_options(CLI::App& command, ResultsOptions& options) {
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command.add_option(name, value, help)->type_name(type)->capture_default_str()->group("Results");
  };
  command.add_option("files", options.files, "Result files or folders [all below --output-dir]")
      ->type_name("PATH")
      ->group("Results");
  add("--output-dir,--output-path", options.output_dir, "DIR", "Where generate put its results");
  add("--dataset", options.dataset, "NAME", "Only this data set's [all found]");
  add("--model", options.model, "NAME", "Only this model's, as its folder is called [all found]");
  add("--num-paraphrases,--num-ensemble", options.num_paraphrases, "N",
      "Results of N paraphrases; 0: of 5, else of the most there is")
      ->check(whole_number(0, 1000));
  const auto score = [&](const char* name, auto& value, const char* type, const char* help) {
    return command.add_option(name, value, help)->type_name(type)->capture_default_str()->group("Scoring");
  };
  score("--match", options.match, "RULE", "gold-in-prediction, bidirectional, exact, normalized-exact or f1")
      ->check(one_of({"gold-in-prediction", "bidirectional", "exact", "normalized-exact", "f1"}));
  score("--lemmas", options.lemmas, "WHOSE",
        "own: made anew, alike for all files; file: those in the files' columns")
      ->check(one_of({"own", "file"}));
  score("--baseline", options.analysis.baseline, "METHOD", "The method the others are compared with");
  score("--cluster", options.analysis.cluster, "COLUMN",
        "Questions with one value here belong together: whole groups are resampled");
  score("--resamples", options.analysis.bootstrap.resamples, "B", "Of the bootstrap")
      ->check(whole_number(100, 10000000));
  score("--seed", options.analysis.bootstrap.seed, "K", "Of the bootstrap");
}

std::vector<ResultGroup> read_results(ResultsOptions& options, bool all_sizes, const core::Log& log) {
  options.analysis.score = {eval::match_rule_from(options.match), eval::lemma_source_from(options.lemmas)};
  warn_of_unfinished(options, log);
  std::map<std::pair<std::string, std::string>, ResultGroup> groups;
  std::set<std::string> found;
  for (const auto& file : files_of(options)) {
    try {
      eval::Run run = eval::read_run(file, options.analysis.score);
      found.insert(fmt::format("{} / {}", run.dataset, run.model));
      const bool wanted = (options.dataset.empty() || run.dataset == options.dataset) &&
                          (options.model.empty() || run.model == options.model);
      if (!wanted) continue;
      ResultGroup& group = groups[{run.dataset, run.model}];
      group.dataset = run.dataset;
      group.model = run.model;
      group.runs.push_back(std::move(run));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::data || is_named(options, file)) throw;
      log.warn("left out: {}", error.got());
    }
  }
  if (groups.empty()) throw_nothing_found(options, found);
  std::vector<ResultGroup> list;
  for (auto& [key, group] : groups) list.push_back(std::move(group));
  keep_size(list, options.num_paraphrases);
  check_data_sets(list, options);
  for (ResultGroup& group : list) {
    if (!all_sizes && options.num_paraphrases == 0) check_sizes(group, options);
    eval::check_one_data_set(group.all());
    const eval::RunSet of_one_size = group.of_size(options.num_paraphrases);
    group.warnings = eval::differences(all_sizes ? group.all() : of_one_size, of_one_size);
    warn_of_few_clusters(options.analysis.cluster, group);
    for (const std::string& line : group.warnings) log.warn("{} / {}: {}", group.dataset, group.model, line);
  }
  return list;
}

std::vector<eval::Section> sections_of(const ResultGroup& group, const ResultsOptions& results,
                                       const SectionOptions& options) {
  const eval::RunSet runs = group.of_size(results.num_paraphrases);
  const eval::AnalysisOptions& analysis = results.analysis;
  std::vector<eval::Section> sections{eval::accuracy_section(runs, analysis),
                                      eval::comparison_section(runs, analysis)};
  for (const std::string& column : columns_to_group_by(options, runs))
    sections.push_back(eval::group_section(runs, column, analysis));
  sections.push_back(eval::confidence_section(group.confidences()));
  if (options.compare_all) sections.push_back(eval::sizes_section(group.all(), analysis));
  if (const eval::Run* singles = group.singles()) {
    eval::RunSet ensembles;
    for (const eval::Run* run : runs)
      if (run != singles && run->rows_of.size() == run->table.rows()) ensembles.push_back(run);
    sections.push_back(eval::paraphrase_section(*singles, analysis));
    sections.push_back(eval::pair_section(*singles));
    sections.push_back(eval::outcome_section(*singles, ensembles));
    sections.push_back(eval::new_answers_section(*singles, ensembles));
    sections.push_back(eval::index_set_section(*singles, group.all()));
  }
  if (options.samples > 0) sections.push_back(eval::sample_section(runs, options.samples));
  if (options.errors > 0) sections.push_back(eval::error_section(runs, options.errors));
  std::erase_if(sections, [](const eval::Section& section) { return section.table.rows() == 0; });
  return sections;
}

}  // namespace chorus::cli
