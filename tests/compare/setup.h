// What the comparison programs share: the options that name a model and a data set, and the loading of both.
//
//   Setup setup;
//   setup.add_options(app);  // CLI::App
//   Loaded loaded = setup.load(model::Compute::f32);
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "model/decoder.h"
#include "text/tokenizer.h"

namespace chorus::compare {

struct Loaded {
  std::unique_ptr<text::Tokenizer> tokenizer;
  std::unique_ptr<model::Decoder> decoder;
  std::vector<text::TokenId> stop_ids;  // of the configuration and the tokenizer, as `generate` uses them
};

struct Setup {
  std::string model = "smollm2-135m";
  std::string dtype = "f32";
  int threads = 0;  // 0: all cores
  data::DatasetOptions dataset = {.dataset = "pararel", .max_samples = 200};

  void add_options(CLI::App& app);
  model::Compute compute() const;
  /// Throws Error(model) for a model that is not there, Error(device) for a precision this processor lacks.
  Loaded load() const;
};

}  // namespace chorus::compare
