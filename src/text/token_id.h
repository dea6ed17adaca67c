// A token's number in its tokenizer's vocabulary, and the row of the model's embedding.
#pragma once

#include <cstdint>

namespace chorus::text {

using TokenId = std::int32_t;

}  // namespace chorus::text
