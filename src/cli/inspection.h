// What chorus inspect finds out about a question, and how it says it.
//
//   Inspector inspector({.run = options}, dataset, model, engine_options);
//   const Inspected inspected = inspector.look_at(0);
//   fmt::print("{}", inspector.text(inspected));
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/model_options.h"
#include "core/safetensors_write.h"
#include "ensemble/isolation.h"
#include "ensemble/trace.h"

namespace chorus::cli {

struct InspectOptions {
  ensemble::RunOptions run;
  std::size_t top = 5;
  bool verbose = false;
  std::function<bool()> cancelled = {};
};

struct Inspected {
  std::size_t sample = 0;
  ensemble::Trace trace;
  ensemble::Trace
      alone;  // flex: what each phrasing alone would say at the same steps, one sequence each; else empty
  std::vector<std::vector<ensemble::MaskCheck>> masks;       // [request][sequence]
  std::vector<std::vector<ensemble::ModelCheck>> isolation;  // [request], of its first sequence
  std::vector<ensemble::LayerRange> layers;                  // verbose: of the first sequence
};

class Inspector {
 public:
  /// Data set and model, whose weights are loaded, must outlive it.
  Inspector(InspectOptions options, const data::Dataset& dataset, LoadedModel& model,
            const engine::EngineOptions& engine);

  Inspected look_at(std::size_t sample);
  /// For a reader: each sequence's segments and tokens, mask, checks, steps, the whole sequence with marks.
  std::string text(const Inspected& inspected) const;
  data::Json json(const Inspected& inspected) const;
  /// Tensors of this question: NUMBER.REQUEST.tokens [steps]; for "attention" NUMBER.REQUEST.attention [steps][phrasings]; for "logits"
  /// NUMBER.REQUEST.logits [steps][vocab] (for max: probabilities) and .phrasing_logits [steps][phrasings][vocab].
  void add(const Inspected& inspected, const std::string& what, core::SafeTensorsWriter& file) const;

 private:
  std::string token_text(text::TokenId id) const;
  std::string tokens_of(const engine::Prompt& prompt) const;
  std::string checks_of(const Inspected& inspected, std::size_t request) const;
  std::string steps_of(const Inspected& inspected, std::size_t request) const;
  std::string step_of(const Inspected& inspected, std::size_t request, std::size_t step) const;
  std::string shares_of(const Inspected& inspected, std::size_t step) const;
  std::string marked(const engine::Prompt& prompt, const ensemble::TracedRequest& request) const;
  std::string layers_of(const Inspected& inspected) const;
  data::Json candidates(const std::vector<float>& scores, bool probabilities) const;
  /// Logits of each phrasing at a step: of the sequences, or, with flex, of the phrasings alone.
  const std::vector<std::vector<float>>& of_phrasings(const Inspected& inspected, std::size_t request,
                                                      std::size_t step) const;

  InspectOptions options_;
  const data::Dataset& dataset_;
  LoadedModel& model_;
  engine::Engine engine_;
  ensemble::Experiment experiment_;
  ensemble::Experiment alone_;
};

}  // namespace chorus::cli
