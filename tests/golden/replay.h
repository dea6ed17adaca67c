// Runs golden prompts through the engine and compares what comes out.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "golden/golden.h"

namespace chorus::golden {

/// A group of prompts and how its next token is chosen.
struct Played {
  std::vector<engine::Prompt> prompts;
  std::shared_ptr<const engine::NextToken> next;
};

struct Replay {
  std::vector<float> first_scores;  // of the first step, [vocab]
  std::vector<text::TokenId> tokens;
};

/// Every group to its end, without stop rules, in the order given.
std::vector<Replay> replay(model::Decoder& decoder, engine::Execution execution,
                           const std::vector<Played>& groups, std::int32_t new_tokens);

/// input_ids, segment_of, sees, position_ids, cue_start, weights and calibration as the golden files spell them.
engine::Prompt prompt_from(const nlohmann::json& entry);

/// |got - expected| / |expected|, over the values.
double relative_error(std::span<const float> got, std::span<const double> expected);

/// Empty when the tokens agree before the first step whose margin is under `least`; else what differs.
std::string compare_tokens(const std::vector<text::TokenId>& got, const nlohmann::json& expected,
                           const nlohmann::json& margins, double least);

const char* name(engine::Execution execution);

// As the README of the golden folder allows: relative to the norm of the logits, and the margins of the two best below
// which tokens are not compared.
inline constexpr double kLogitsTolerance = 1e-4;
inline constexpr double kMargin = 1e-3;
inline constexpr double kProbabilityMargin = 1e-4;

}  // namespace chorus::golden
