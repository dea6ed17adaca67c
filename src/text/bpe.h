// Byte-pair encoding of one pretoken: the pair of neighbours with the lowest rank is joined, leftmost first,
// until no pair has a rank (Sennrich et al., 2016).
//
//   Bpe bpe(vocabulary, merges, {});
//   Bpe::Scratch scratch;
//   bpe.encode(" the", scratch, ids);   // appends to ids
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "text/token_id.h"
#include "text/vocabulary.h"

namespace chorus::text {

/// What a pretoken is cut into before the first merge.
enum class Alphabet { bytes, characters };

/// left and right become `merged`; of two merges of one pair the last counts.
struct Merge {
  TokenId left, right, merged;
  std::int32_t rank;  // equal ranks are joined from left to right
};

struct BpeRules {
  Alphabet alphabet = Alphabet::bytes;
  bool ignore_merges = false;      // a pretoken that is a token is that token, whatever the merges say
  bool byte_fallback = false;      // a character without a token becomes its bytes' tokens "<0x0A>"
  bool fuse_unknown = false;       // neighbouring unknowns become one
  std::optional<TokenId> unknown;  // none: what has no token is dropped, as `tokenizers` does
};

/// Immutable; the scratch belongs to one thread at a time.
class Bpe {
 public:
  struct Symbol {
    TokenId id;
    std::int32_t previous, next;  // -1: none
  };
  struct Candidate {
    std::int32_t rank, at;  // `at`: index of the left symbol
    TokenId left, right, merged;
  };
  struct Scratch {
    std::vector<Symbol> symbols;
    std::vector<Candidate> heap;
  };

  Bpe() = default;
  /// The vocabulary holds what pretokens are made of (bytes, not their spelling) and must outlive the object.
  Bpe(const Vocabulary& vocabulary, std::span<const Merge> merges, BpeRules rules);

  /// O(n log n) in the pretoken's length.
  void encode(std::string_view pretoken, Scratch& scratch, std::vector<TokenId>& out) const;

 private:
  struct Slot {
    std::uint64_t pair;
    std::int32_t rank;
    TokenId merged;
  };

  const Slot* find(TokenId left, TokenId right) const;
  void cut(std::string_view pretoken, std::vector<Symbol>& symbols) const;
  void push_candidate(std::int32_t at, Scratch& scratch) const;
  void merge_short(std::vector<Symbol>& symbols) const;
  void merge_long(Scratch& scratch) const;

  const Vocabulary* vocabulary_ = nullptr;
  BpeRules rules_;
  std::vector<Slot> slots_;        // open addressing, a power of two
  std::vector<TokenId> byte_ids_;  // 256: of single bytes, or of "<0x00>"..; -1: none
};

}  // namespace chorus::text
