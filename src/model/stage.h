// Where in a forward pass a decoder is: what an error of an operation is told with.
//
//   text({Operation::attention, 3})   // "layer 3, attention"
#pragma once

#include <cstdint>
#include <string>

namespace chorus::model {

enum class Operation {
  activations,  // room for them
  embedding,
  attention_norm,
  projections,  // query, key, value
  attention,
  attention_output,
  feed_forward_norm,
  gate,
  feed_forward_output,
  logits
};

struct Stage {
  Operation operation = Operation::activations;
  std::int64_t layer = -1;  // from 0, as the names of weights count; -1: of no layer

  bool operator==(const Stage&) const = default;
};

std::string text(const Stage& stage);

}  // namespace chorus::model
