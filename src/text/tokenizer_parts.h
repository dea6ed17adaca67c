// What a tokenizer is made of, as the readers of tokenizer.json and of GGUF metadata hand it over.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/pre_tokenizer.h"
#include "text/token_id.h"

namespace chorus::text {

struct NfcStep {};
struct PrependStep {
  std::string prefix;  // not before an empty text
};
struct ReplaceStep {
  std::string from, to;  // `from` is not empty
};
using NormalizerStep = std::variant<NfcStep, PrependStep, ReplaceStep>;

/// How a token's spelling becomes text. With Alphabet::bytes: by the byte alphabet, and nothing here applies.
struct DecoderRules {
  std::vector<ReplaceStep> replacements;  // in each spelling
  bool byte_fallback = false;  // "<0x0A>" is a byte; a run that is not UTF-8 is U+FFFD for each byte
  std::string strip_left;      // this character, up to strip_left_count of it, at the text's beginning
  std::size_t strip_left_count = 0;
};

struct TokenizerParts {
  std::vector<std::string> spellings;  // by id; empty: no such token
  std::vector<Merge> merges;
  BpeRules rules;
  std::vector<NormalizerStep> normalizer;
  std::vector<PreTokenizerStep> pre_tokenizer;
  DecoderRules decoder;
  std::vector<AddedToken> added;       // their contents win over spellings of the same id
  std::vector<TokenId> before, after;  // what encode(.., true) puts around a text
  std::vector<TokenId> ends;           // eos and the like, as the file's metadata say
};

/// Ids beyond it are taken for a lie: the largest vocabularies have a few hundred thousand.
inline constexpr TokenId kMaxTokenId = (1 << 20) - 1;

}  // namespace chorus::text
