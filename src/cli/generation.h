// A run of chorus generate: its options, and what they make of a data set. chorus sweep makes many of them.
//
//   GenerateArguments arguments;   add_generate_options(command, arguments);   // parsed by CLI11
//   Session session(log);
//   Generation run(arguments, session);
//   run.execute();
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/run.h"
#include "cli/run_options.h"

namespace chorus::cli {

struct GenerateArguments {
  ModelOptions model;
  LayoutArguments layout;
  PromptArguments prompt;
  data::DatasetOptions dataset;
  ConfidenceArgument confidence;
  bool gold_logprob = false;
  std::filesystem::path tuned;
  std::string method = "flex", output_dir = "results", tag;
  bool rewrite = false, quiet = false;
};
void add_generate_options(CLI::App& command, GenerateArguments& arguments);

class Generation final : public Run {
 public:
  /// Everything that can be wrong with options, data and the model's files is found here. Throws Error.
  Generation(GenerateArguments arguments, Session& session);

  RunScore score() const override;
  const std::string& label() const { return settings_.label; }
  /// How the samples are asked.
  const ensemble::Experiment& experiment() const { return *experiment_; }

 private:
  void compute(engine::Engine& engine, std::span<const std::size_t> samples,
               const ensemble::RunEvents& events) override;
  data::ResultFiles result_files(const LoadedModel& model) const;
  data::Configuration result_configuration() const;

  GenerateArguments arguments_;
  ensemble::RunOptions run_;
  std::optional<ensemble::Experiment> experiment_;
};

}  // namespace chorus::cli
