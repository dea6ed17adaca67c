// Text to token ids and back, as Hugging Face's `tokenizers` does it, from a tokenizer.json or from GGUF
// metadata. Byte-level BPE (Llama 3, SmolLM2, Qwen, the DeepSeek-R1 distills) and SentencePiece-style BPE
// (Llama 1 and 2).
//
//   auto tokenizer = text::Tokenizer::from_json("llama3.1/tokenizer.json");
//   auto ids = tokenizer.encode("Q: who wrote Dune?\nA:", true);   // true: with the BOS this tokenizer adds
//   fmt::print("{}", tokenizer.decode(ids));
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/token_id.h"

namespace chorus::core {
class Gguf;
}

namespace chorus::text {

struct TokenizerParts;  // what a file says; text/tokenizer_parts.h

/// Immutable after construction and safe to use from several threads at once; copies share their tables.
/// Ids that no token has (a model's vocabulary may be padded) are ignored by decode and have no bytes.
/// All errors are ErrorKind::model and name the file and the field.
class Tokenizer {
 public:
  /// Reads the file and, where it stands beside it, tokenizer_config.json (eos_token, bos_token,
  /// add_bos_token). Throws for anything in the file that this class does not do: nothing is silently left
  /// out.
  static Tokenizer from_json(const std::filesystem::path& tokenizer_json);
  /// From a tokenizer.json in memory, without a config; `name` stands for the path in errors.
  static Tokenizer from_json_text(std::string_view json, std::string name);
  /// From the metadata keys `tokenizer.ggml.*`.
  static Tokenizer from_gguf(const core::Gguf& file);
  /// From parts put together elsewhere; the readers above end here.
  explicit Tokenizer(TokenizerParts parts);

  /// Added tokens (special ones too) inside the text become their ids. Each ill-formed UTF-8 sequence
  /// (maximal subpart) is read as U+FFFD, which is what Python's bytes.decode(errors="replace") hands to
  /// `tokenizers`. add_special: with what the post-processor puts before and after a text (a BOS, for most).
  /// Time is linear in the text but for a logarithm in the length of its longest pretoken.
  std::vector<TokenId> encode(std::string_view text, bool add_special = false) const;
  /// Always valid UTF-8: bytes that form none become U+FFFD, one per maximal subpart.
  std::string decode(std::span<const TokenId> ids, bool skip_special = true) const;

  /// The bytes that one token stands for (an added token: its content); empty for an id that no token has.
  std::string_view token_bytes(TokenId id) const;
  /// The beginning-of-text id, only if encode(.., true) puts it first.
  std::optional<TokenId> bos() const;
  /// Ids that end a text or a turn: eos, eot and eom of the metadata, and special tokens that are such by
  /// their name (`<|eot_id|>`, `<|im_end|>`, `</s>`, ...). Ascending, without duplicates.
  const std::vector<TokenId>& end_ids() const;
  bool is_special(TokenId id) const;
  /// One more than the largest id.
  std::int64_t vocab_size() const;
  /// By the spelling in the vocabulary ("<|im_end|>", "Ġthe").
  std::optional<TokenId> token_to_id(std::string_view spelling) const;

 private:
  friend class StreamDecoder;
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

/// Turns tokens into text as they arrive, never splitting a code point.
/// push returns the text that is complete, finish what is left (U+FFFD for a broken tail) and starts anew;
/// all of it together equals decode(ids, skip_special).
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer, bool skip_special = true);
  std::string push(TokenId id);
  std::string finish();

 private:
  std::string take(std::size_t bytes);
  std::string end_byte_run();
  std::string strip_start(std::string text);

  Tokenizer tokenizer_;  // shares its tables
  bool skip_special_;
  bool at_start_ = true;  // a decoder that strips the beginning is not done with it
  std::size_t stripped_ = 0;
  bool in_byte_run_ = false;  // pending_ holds byte-fallback tokens, read as one run
  std::string pending_;
};

}  // namespace chorus::text
