// Added tokens are found in a text before anything else is done with it: leftmost first, of those that start
// at one place the longest.
//
//   AddedTokens added(tokens);
//   for (const auto& piece : added.split(text)) ...   // a token, or text between tokens
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/token_id.h"

namespace chorus::text {

struct AddedToken {
  TokenId id = 0;
  std::string content;
  bool special = false;
  bool lstrip = false, rstrip = false;  // takes the white space before, behind it
  bool single_word = false;             // only where no word character touches it
  bool normalized = false;              // looked for in the normalised text, itself normalised
};

class AddedTokens {
 public:
  struct Piece {
    std::optional<TokenId> token;
    std::string_view text;  // without a token: what stands between tokens, never empty
  };

  AddedTokens() = default;
  /// Empty contents are ignored; of equal ones the first is found.
  explicit AddedTokens(std::span<const AddedToken> tokens);

  std::vector<Piece> split(std::string_view text) const;
  bool empty() const { return tokens_.empty(); }

 private:
  const AddedToken* longest_at(std::string_view text, std::size_t at) const;

  std::vector<AddedToken> tokens_;          // by content
  std::vector<std::size_t> first_by_byte_;  // 257: where the contents that start with a byte begin in tokens_
};

}  // namespace chorus::text
