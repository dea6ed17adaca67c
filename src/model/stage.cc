#include "model/stage.h"

#include <fmt/format.h>

#include <string_view>

namespace chorus::model {
namespace {

std::string_view name(Operation operation) {
  switch (operation) {
    case Operation::activations:
      return "room for activations";
    case Operation::embedding:
      return "embedding";
    case Operation::attention_norm:
      return "norm before attention";
    case Operation::projections:
      return "query, key and value projections";
    case Operation::attention:
      return "attention";
    case Operation::attention_output:
      return "output projection of attention";
    case Operation::feed_forward_norm:
      return "norm before the feed-forward";
    case Operation::gate:
      return "gate and up projections";
    case Operation::feed_forward_output:
      return "down projection";
    case Operation::logits:
      break;
  }
  return "logits";
}

}  // namespace

std::string text(const Stage& stage) {
  const std::string_view operation = name(stage.operation);
  return stage.layer < 0 ? std::string(operation) : fmt::format("layer {}, {}", stage.layer, operation);
}

}  // namespace chorus::model
