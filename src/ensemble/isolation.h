// Is what must not be seen not seen? Of a prompt's mask, pair by pair, and of the model itself, bit by bit.
//
//   const MaskCheck mask = check_mask(prompt, 10);                    // mask.wrong is 0
//   for (const ModelCheck& check : check_model(decoder, prompt)) ...  // check.leaked is 0
#pragma once

#include <cstdint>
#include <vector>

#include "engine/prompt.h"
#include "model/decoder.h"

namespace chorus::ensemble {

struct MaskCheck {
  std::int64_t pairs = 0;    // (query, key) that were looked at: all of them
  std::int64_t allowed = 0;  // where the query sees the key
  std::int64_t wrong = 0;    // where the mask that kernels ask differs from the prompt's rule
};
/// Every pair of the prompt and `generated` tokens after it: the mask that attention is given against the rule as
/// engine/prompt.h has it.
MaskCheck check_mask(const engine::Prompt& prompt, std::int32_t generated);

/// One token was changed, and the prompt computed again from nothing.
struct ModelCheck {
  std::int32_t segment = 0, token = 0;  // the change: a token in the middle of a segment
  std::int64_t apart = 0;               // tokens that do not see it, directly or through others
  std::int64_t leaked = 0;              // those of them with a key or value, of any layer, that lost a bit
  std::int64_t reached = 0;             // other tokens that did change: what sees it
};
/// One change in every segment. Computes the prompt that often, in memory for it alone.
std::vector<ModelCheck> check_model(model::Decoder& decoder, const engine::Prompt& prompt);

/// What lies in the key/value store for a prompt: the range of keys and of values over all its tokens, a layer.
struct LayerRange {
  float lowest_key = 0, highest_key = 0, lowest_value = 0, highest_value = 0;
};
std::vector<LayerRange> key_value_ranges(model::Decoder& decoder, const engine::Prompt& prompt);

}  // namespace chorus::ensemble
