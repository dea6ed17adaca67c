// What runs that follow one another share: data sets that were read, one opened model, one engine with the segments it computed.
//
//   Session session(log);
//   const auto dataset = session.dataset(options);
//   LoadedModel& model = session.open(choice, model_options);        // configuration and tokenizer
//   engine::Engine& engine = session.engine(model_options);          // weights are loaded with the first one
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "cli/model_options.h"
#include "core/log.h"
#include "data/dataset.h"

namespace chorus::cli {

class Session {
 public:
  /// Says on the log, which must outlive it, with what a model computes once it is loaded.
  explicit Session(const core::Log& log) : log_(log) {}

  /// As data::load_dataset; read once as long as the session lives.
  std::shared_ptr<const data::Dataset> dataset(const data::DatasetOptions& options);

  /// The model's files opened and checked. It lives until another one is opened; what was made from it must be gone by then.
  /// Throws as open_model().
  LoadedModel& open(const ModelChoice& choice, const ModelOptions& options);
  /// Finds out whether this machine can run the model that is open; loads nothing. Throws Error(device).
  void start();
  /// An engine over the model that is open. Lives until one with other options, or of another model, is asked for.
  engine::Engine& engine(const ModelOptions& options);

 private:
  const core::Log& log_;
  std::vector<std::pair<data::DatasetOptions, std::shared_ptr<const data::Dataset>>> datasets_;
  std::optional<ModelChoice> choice_;  // of what is open
  int threads_ = 0;
  LoadedModel model_;
  std::optional<engine::EngineOptions> engine_options_;
  std::unique_ptr<engine::Engine> engine_;
};

}  // namespace chorus::cli
