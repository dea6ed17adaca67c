// A run into result files, of chorus generate or chorus confidence: made from options, then looked at or carried out.
//
//   const std::unique_ptr<Run> run = ...;                  // all that can be wrong with options and files is found here
//   if (run->standing().missing > 0) run->execute();       // answers what is missing, writes Feather, CSV, manifest
//   const RunScore score = run->score();                   // of the finished result
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "cli/dataset_run.h"
#include "cli/session.h"
#include "core/log.h"
#include "data/output.h"
#include "eval/accuracy.h"

namespace chorus::cli {

/// What a finished result says in one line. A run of chorus confidence has no accuracy.
struct RunScore {
  std::optional<eval::Tally> tally;
  std::optional<double> mean_confidence;
  std::size_t rows = 0;
  std::size_t empty = 0;  // rows whose prediction has no word
};

class Run {
 public:
  virtual ~Run() = default;
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  const data::ResultFiles& files() const { return settings_.files; }
  const data::Configuration& configuration() const { return settings_.configuration; }
  const data::Dataset& dataset() const { return *dataset_; }
  const ModelChoice& choice() const { return choice_; }
  const ModelOptions& model_options() const { return model_options_; }
  /// Looks at what is on disk; changes nothing. Throws Error(data) where a result or a log of another configuration is there.
  data::Standing standing() const;
  /// Opens the log, answers what is missing and writes the result; a finished one is left as it is. Throws Error.
  Done execute();
  virtual RunScore score() const = 0;

 protected:
  /// The session must outlive the run, and no other model be opened in it as long as the run is carried out.
  Run(Session& session, bool quiet) : session_(session), log_(quiet) {}
  /// The uuids of the data set's samples, in its order.
  std::vector<std::string> keys() const;
  virtual void compute(engine::Engine& engine, std::span<const std::size_t> samples,
                       const ensemble::RunEvents& events) = 0;

  Session& session_;
  core::Log log_;
  // A run's constructor fills these.
  ModelOptions model_options_;
  ModelChoice choice_;
  std::shared_ptr<const data::Dataset> dataset_;
  DatasetRun::Settings settings_;
  std::vector<std::string> warnings_;  // said when the run is carried out
};

}  // namespace chorus::cli
