// A run over a data set, whatever it computes: what decides its rows, the log it resumes from, interrupts, result files.
//
//   DatasetRun run(log, dataset, {.files = files, .configuration = configuration, .schema = schema, .label = "avg"});
//   if (!run.finished()) run.complete([&](auto missing, const ensemble::RunEvents& events) { ... });
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/model_options.h"
#include "core/log.h"
#include "data/dataset.h"
#include "data/output.h"
#include "data/result_schema.h"
#include "ensemble/experiment.h"

namespace chorus::cli {

/// What came of a run, for the report.
struct Done {
  std::size_t answered = 0;  // now, not by an earlier run
  double seconds = 0;        // for these, the loading of the model left out
};

/// Settings and inputs that say which samples of which data set are asked; `settings` are those of the run's own.
data::Configuration source_configuration(data::Json settings, const data::DatasetOptions& options,
                                         const data::Dataset& dataset);
/// Those that say which model computes, and how.
void add_model(data::Configuration& configuration, const ModelChoice& choice, const ModelOptions& model);
/// Both, and the prompt: what any run over this data set with this model has. The options' choice of phrasings is settled.
data::Configuration dataset_configuration(data::Json settings, const data::DatasetOptions& options,
                                          const data::Dataset& dataset, const ModelChoice& choice,
                                          const ModelOptions& model);

/// Names of the data set's own columns.
std::vector<std::string> extra_columns(const data::Dataset& dataset);

class DatasetRun {
 public:
  struct Settings {
    data::ResultFiles files;
    data::Configuration configuration;
    data::Schema schema;
    std::string label;        // of the progress line
    int num_paraphrases = 1;  // samples with fewer are counted
    std::int32_t batch_size = 0;
    bool rewrite = false, quiet = false;
  };
  /// Opens the log; log and data set must outlive the run. Throws Error(data) when the result is of another configuration.
  DatasetRun(const core::Log& log, const data::Dataset& dataset, Settings settings);

  /// Whether the result is there; says so.
  bool finished() const;
  /// Samples that no earlier run has finished, in the data set's order; says how many there were.
  std::vector<std::size_t> missing() const;
  /// Lets `compute` finish these samples: every row it reports is on disk before it is counted. Throws Error(interrupted)
  /// that says how to go on.
  using Compute =
      std::function<void(std::span<const std::size_t> samples, const ensemble::RunEvents& events)>;
  Done complete(const std::vector<std::size_t>& samples, const Compute& compute);
  /// All rows of all samples, in the data set's order, once all are finished.
  std::vector<data::Json> rows() const;
  /// Writes the table's files, manifest and run notes. `threads`: of what computed it; 0 when nothing was. `counts`: what the
  /// manifest counts beside samples, and in place of what it counts of them.
  void write(const Done& done, int threads, const data::Json& counts = data::Json::object());

 private:
  [[noreturn]] void stop_interrupted() const;

  const core::Log& log_;
  const data::Dataset& dataset_;
  Settings settings_;
  std::optional<data::ResultRun> state_;
};

}  // namespace chorus::cli
