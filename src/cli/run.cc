#include "cli/run.h"

namespace chorus::cli {

std::vector<std::string> Run::keys() const {
  std::vector<std::string> keys;
  for (const data::Sample& sample : dataset_->samples) keys.push_back(sample.uuid);
  return keys;
}

data::Standing Run::standing() const {
  return data::standing_of(settings_.files, settings_.configuration, keys(), settings_.rewrite);
}

Done Run::execute() {
  for (const std::string& warning : warnings_) log_.warn("{}", warning);
  for (const std::string& note : dataset_->notes) log_.info("{}", note);
  session_.start();  // what the processor cannot do is found before the log is begun
  DatasetRun state(log_, *dataset_, settings_);
  if (state.finished()) return {};
  const std::vector<std::size_t> missing = state.missing();
  int threads = 0;
  const auto answer = [&](std::span<const std::size_t> samples, const ensemble::RunEvents& events) {
    compute(session_.engine(model_options_), samples, events);
  };
  Done done;
  if (!missing.empty()) {
    session_.engine(model_options_);  // its loading is not counted
    done = state.complete(missing, answer);
    threads = session_.open(choice_, model_options_).decoder->backend().pool().size();
  }
  state.write(done, threads);
  return done;
}

}  // namespace chorus::cli
