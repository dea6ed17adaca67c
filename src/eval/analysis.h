// What runs of one data set and model say beside each other: accuracy, paired tests, size, groups of questions.
//
//   const RunSet set{runs};                              // pointers to runs read by eval/run.h
//   fmt::print("{}", accuracy_section(set, options).table.text());
#pragma once

#include <string>
#include <vector>

#include "eval/bootstrap.h"
#include "eval/run.h"
#include "eval/table.h"

namespace chorus::eval {

using RunSet = std::vector<const Run*>;

/// A table with the words around it.
struct Section {
  std::string id;  // "accuracy", a name for files and JSON
  std::string title;
  std::string note;  // how to read it; may be empty
  Table table;
};

struct AnalysisOptions {
  ScoreOptions score = {};
  std::string baseline = "origin";  // the method that others are compared with
  std::string cluster = {};         // column whose values belong together; empty: every question is its own
  BootstrapOptions bootstrap = {};
};

/// Accuracy of a run with its 95 % interval: Wilson's, or, where rows belong together (paraphrases of a question, --cluster)
/// or scores have degrees (f1), a bootstrap over clusters.
Estimate accuracy_of(const Run& run, const AnalysisOptions& options);

/// method, N, accuracy, n, interval; gain over origin and over the mean of the classic ensembles of the same N.
Section accuracy_section(const RunSet& runs, const AnalysisOptions& options);

/// Every run with one row a question against the baseline (the first of it; else the first run): questions both have, difference
/// with its bootstrap interval, how often each alone is right, McNemar's p and Holm's over the table. Throws Error(data) for a
/// run that shares no question with the baseline.
Section comparison_section(const RunSet& runs, const AnalysisOptions& options);

/// Accuracy against N, a row a method and N, and the best N of each.
Section sizes_section(const RunSet& runs, const AnalysisOptions& options);

/// Accuracy of each run at each value of the column, and the mean over values, each counted once. Runs without the column are
/// left out; Error(data) where none has it.
Section group_section(const RunSet& runs, const std::string& column, const AnalysisOptions& options);

}  // namespace chorus::eval
