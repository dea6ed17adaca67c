#include "text/added_tokens.h"

#include <algorithm>

#include "text/unicode.h"
#include "text/utf8.h"

namespace chorus::text {
namespace {

// The code point that ends before byte `end` of well-formed text.
Utf8Step last_code_point(std::string_view text, std::size_t end) {
  std::size_t begin = end - 1;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
  return next_code_point(text, begin);
}

bool touches_word(std::string_view text, std::size_t begin, std::size_t end) {
  return (begin > 0 && is_word_character(last_code_point(text, begin).code)) ||
         (end < text.size() && is_word_character(next_code_point(text, end).code));
}

std::size_t skip_space_left(std::string_view text, std::size_t begin, std::size_t limit) {
  while (begin > limit) {
    const Utf8Step step = last_code_point(text, begin);
    if (!is_white_space(step.code)) break;
    begin -= step.bytes;
  }
  return begin;
}

std::size_t skip_space_right(std::string_view text, std::size_t end) {
  while (end < text.size()) {
    const Utf8Step step = next_code_point(text, end);
    if (!is_white_space(step.code)) break;
    end += step.bytes;
  }
  return end;
}

}  // namespace

AddedTokens::AddedTokens(std::span<const AddedToken> tokens) {
  for (const auto& token : tokens) {
    if (!token.content.empty()) tokens_.push_back(token);
  }
  std::stable_sort(tokens_.begin(), tokens_.end(),
                   [](const AddedToken& a, const AddedToken& b) { return a.content < b.content; });
  const auto repeated =
      std::unique(tokens_.begin(), tokens_.end(),
                  [](const AddedToken& a, const AddedToken& b) { return a.content == b.content; });
  tokens_.erase(repeated, tokens_.end());
  first_by_byte_.assign(257, 0);
  for (const auto& token : tokens_) ++first_by_byte_[static_cast<unsigned char>(token.content[0]) + 1u];
  for (std::size_t i = 1; i < first_by_byte_.size(); ++i) first_by_byte_[i] += first_by_byte_[i - 1];
}

// Contents that are prefixes of the text stand in ascending order of length among the sorted ones, so each
// byte of the text narrows one range, and the last content that ended inside it is the longest.
const AddedToken* AddedTokens::longest_at(std::string_view text, std::size_t at) const {
  const auto byte = static_cast<unsigned char>(text[at]);
  auto low = tokens_.begin() + static_cast<std::ptrdiff_t>(first_by_byte_[byte]);
  auto high = tokens_.begin() + static_cast<std::ptrdiff_t>(first_by_byte_[byte + 1u]);
  const AddedToken* longest = nullptr;
  for (std::size_t length = 1; low != high; ++length) {
    if (low->content.size() == length) longest = &*low++;
    if (at + length == text.size()) break;
    const auto wanted = static_cast<unsigned char>(text[at + length]);
    const auto byte_of = [length](const AddedToken& token) {
      return static_cast<unsigned char>(token.content[length]);
    };
    low = std::partition_point(low, high, [&](const AddedToken& token) { return byte_of(token) < wanted; });
    high = std::partition_point(low, high, [&](const AddedToken& token) { return byte_of(token) == wanted; });
  }
  return longest;
}

std::vector<AddedTokens::Piece> AddedTokens::split(std::string_view text) const {
  std::vector<Piece> pieces;
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size() && !tokens_.empty();) {
    const AddedToken* token = longest_at(text, at);
    if (token == nullptr) {
      ++at;
      continue;
    }
    std::size_t begin = at, end = at + token->content.size();
    at = end;
    if (token->single_word && touches_word(text, begin, end)) continue;
    if (token->lstrip) begin = std::max(skip_space_left(text, begin, done), done);
    if (token->rstrip) end = skip_space_right(text, end);
    if (begin > done) pieces.push_back({std::nullopt, text.substr(done, begin - done)});
    pieces.push_back({token->id, {}});
    done = std::max(done, end);  // a token may stand in white space that the last one took
  }
  if (done < text.size()) pieces.push_back({std::nullopt, text.substr(done)});
  return pieces;
}

}  // namespace chorus::text
