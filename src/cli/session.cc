#include "cli/session.h"

namespace chorus::cli {

std::shared_ptr<const data::Dataset> Session::dataset(const data::DatasetOptions& options) {
  for (const auto& [known, dataset] : datasets_)
    if (known == options) return dataset;
  datasets_.emplace_back(options, std::make_shared<const data::Dataset>(data::load_dataset(options)));
  return datasets_.back().second;
}

LoadedModel& Session::open(const ModelChoice& choice, const ModelOptions& options) {
  const bool same = choice_ && choice_->ref.path == choice.ref.path && choice_->compute == choice.compute &&
                    threads_ == options.threads;
  if (same) return model_;
  engine_.reset();
  engine_options_.reset();
  choice_.reset();
  model_ = LoadedModel();  // its memory goes before the next one comes
  model_ = open_model(choice);
  choice_ = choice;
  threads_ = options.threads;
  return model_;
}

void Session::start() {
  if (!model_.decoder && !model_.backend) start_backend(model_, *choice_, threads_);
}

engine::Engine& Session::engine(const ModelOptions& options) {
  if (!model_.decoder) {
    start();
    load_weights(model_);
    log_.info("{}: {}", choice_->ref.name, model_.decoder->backend().description());
  }
  const engine::EngineOptions wanted = engine_options(options);
  if (engine_ && engine_options_ == wanted) return *engine_;
  engine_.reset();
  engine_ = std::make_unique<engine::Engine>(*model_.decoder, model_.tokenizer.get(), wanted);
  engine_options_ = wanted;
  return *engine_;
}

}  // namespace chorus::cli
