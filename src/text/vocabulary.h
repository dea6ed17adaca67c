// Token texts by id and ids by text, in two flat tables.
//
//   Vocabulary v(texts);          // v.text(3), v.find("the")
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/token_id.h"

namespace chorus::text {

class Vocabulary {
 public:
  Vocabulary() = default;
  /// texts[i] is token i; an empty text is an id without a token. Of equal texts the first is found.
  explicit Vocabulary(std::span<const std::string> texts);

  /// One more than the largest id.
  std::size_t size() const { return starts_.empty() ? 0 : starts_.size() - 1; }
  /// Empty for an id without a token.
  std::string_view text(TokenId id) const;
  std::optional<TokenId> find(std::string_view text) const;

 private:
  std::string pool_;
  std::vector<std::size_t> starts_;  // size() + 1
  std::vector<TokenId> slots_;       // open addressing, a power of two, -1: empty
};

}  // namespace chorus::text
