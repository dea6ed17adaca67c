// What a sweep came to: one row a run, for the terminal and as a table for pandas.
//
//   std::vector<SweepState> runs;
//   write_summary(runs, "results");              // summary.feather, summary.csv
//   fmt::print("{}", summary_view(runs).text());
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/run.h"
#include "data/json.h"
#include "eval/table.h"

namespace chorus::cli {

/// A run as it is known: from its options, from what is on disk, from what came of it.
struct SweepState {
  std::string label;  // what tells it from the others
  std::filesystem::path result;
  data::Json settings;  // of its configuration; null where they are not known yet
  std::size_t questions = 0, missing = 0;
  bool finished = false;
  std::string waits_for;  // a result of an earlier run that its options name and that is not there yet
  std::string error;      // why it ended
  RunScore score;         // of a finished one
  double seconds = 0;     // that its last session took for `answered` questions; 0 where that is not known
  std::size_t answered = 0;

  /// "finished", "failed", "begun", "not begun".
  std::string state() const;
  /// Takes the times that the result's .run.json tells.
  void read_times(const data::ResultFiles& files);
};

/// Seconds a question of this run, from the finished runs whose settings differ least from its own; 0 where there is none.
double seconds_per_question(const SweepState& run, const std::vector<SweepState>& runs);

/// Columns: run (from 1), dataset, model, method, num_paraphrases; every other setting in which runs differ; state, accuracy, lower,
/// upper (95 %, Wilson), n (rows scored), mean_confidence, questions, seconds, questions_per_s, result, error. Null: not known, or
/// not of this kind of run.
data::Table summary_table(const std::vector<SweepState>& runs);
/// Writes summary.feather and summary.csv into the folder. Throws Error(io).
void write_summary(const std::vector<SweepState>& runs, const std::filesystem::path& folder);
/// The same for a reader.
eval::Table summary_view(const std::vector<SweepState>& runs);

}  // namespace chorus::cli
