// The options that say which results are read and how they are scored, and the reading; shared by analyze and report.
//
//   ResultsOptions options;   add_results_options(command, options);
//   for (const ResultGroup& group : read_results(options, false, log)) ...
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "eval/analysis.h"

namespace CLI {
class App;
}
namespace chorus::core {
class Log;
}

namespace chorus::cli {

struct ResultsOptions {
  std::vector<std::filesystem::path> files;  // empty: all below output_dir
  std::string output_dir = "results", dataset, model;
  std::string match = "gold-in-prediction", lemmas = "own";
  int num_paraphrases = 0;  // 0: 5 where there are such results, else the most there is
  eval::AnalysisOptions analysis;
};

/// The results of one data set and model.
struct ResultGroup {
  std::string dataset, model;
  std::vector<eval::Run> runs;
  std::vector<std::string> warnings;  // what the results compared differ in besides their methods

  eval::RunSet all() const;
  /// Methods of N phrasings (size_or(n)) and those that have no N; none of diversity/.
  eval::RunSet of_size(int n) const;
  /// Results that say how sure the model is; they are no methods.
  eval::RunSet confidences() const;
  /// n, or, for 0, 5 where a result has it, else the largest there is, else 0.
  int size_or(int n) const;
  /// The N of the results, ascending; none of diversity/.
  std::set<int> sizes() const;
  /// The run with one row a question and phrasing; nullptr where there is none.
  const eval::Run* singles() const;
};

void add_results_options(CLI::App& command, ResultsOptions& options);

/// Reads and scores. Files below a folder that are no results are left out with a warning; files that were named must be
/// results of one data set, and, unless all sizes are wanted, those of one method of one N. Groups without a result of the N asked for are left out. What
/// results of a group differ in besides their methods is a warning. Fills options.analysis.score. Throws Error.
std::vector<ResultGroup> read_results(ResultsOptions& options, bool all_sizes, const core::Log& log);

/// Which tables of a group are made.
struct SectionOptions {
  std::vector<std::string> by;          // columns to group by; answer_in_subject always, where there is one
  bool compare_all = false;             // accuracy against N too
  std::size_t samples = 3, errors = 5;  // rows of each result to list
};

/// accuracy, comparison, by_COLUMN, confidence, sizes, paraphrases, pairs, outcomes, new_answers, index_sets, samples, errors; those without a row are
/// left out.
std::vector<eval::Section> sections_of(const ResultGroup& group, const ResultsOptions& results,
                                       const SectionOptions& options);

}  // namespace chorus::cli
