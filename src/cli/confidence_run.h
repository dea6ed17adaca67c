// A run of chorus confidence: its options, and what they make of a data set. chorus sweep makes them too.
//
//   ConfidenceArguments arguments;   add_confidence_options(command, arguments);   // parsed by CLI11
//   ConfidenceSampling run(arguments, session);
//   run.execute();
#pragma once

#include <optional>
#include <string>

#include "cli/run.h"
#include "cli/run_options.h"
#include "ensemble/confidence.h"

namespace chorus::cli {

struct ConfidenceArguments {
  ModelOptions model;
  PromptArguments prompt;
  data::DatasetOptions dataset;
  ensemble::ConfidenceOptions confidence;
  std::string output_dir = "results", tag;
  bool rewrite = false, quiet = false;

  ConfidenceArguments();
};
void add_confidence_options(CLI::App& command, ConfidenceArguments& arguments);

class ConfidenceSampling final : public Run {
 public:
  /// Everything that can be wrong with options, data and the model's files is found here. Throws Error.
  ConfidenceSampling(ConfidenceArguments arguments, Session& session);

  RunScore score() const override;

 private:
  void compute(engine::Engine& engine, std::span<const std::size_t> samples,
               const ensemble::RunEvents& events) override;
  data::Configuration result_configuration() const;

  ConfidenceArguments arguments_;
  std::optional<ensemble::ConfidenceRun> run_;
};

}  // namespace chorus::cli
