// The four chains of steps in a tokenizer.json: normalizer, pre_tokenizer, post_processor, decoder. Each
// reader takes the file's root and throws Error(model), naming the field and its value, for a step that
// chorus does not do.
//
//   read_pre_tokenizer(file.root(), parts);
#pragma once

#include "text/json_node.h"
#include "text/tokenizer_parts.h"

namespace chorus::text {

void read_normalizer(const JsonNode& root, TokenizerParts& parts);
/// Also decides parts.rules.alphabet: bytes where a ByteLevel step stands, else characters.
void read_pre_tokenizer(const JsonNode& root, TokenizerParts& parts);
/// Needs parts.added and parts.spellings.
void read_post_processor(const JsonNode& root, TokenizerParts& parts);
/// Needs parts.rules.alphabet.
void read_decoder(const JsonNode& root, TokenizerParts& parts);

}  // namespace chorus::text
