// Regular expressions as tokenizer.json writes them: Oniguruma's (Ruby) syntax with Unicode classes, run by
// PCRE2. The pattern is translated, so that \s, \w, \p{Script}, ^ and $ mean what they mean there; what the
// two engines read differently and no tokenizer of our families uses is refused.
//
//   Regex words(R"(\p{L}+)");
//   words.for_each_match("one two", [](std::size_t begin, std::size_t end) { ... });
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace chorus::text {

/// The same expression in PCRE2's syntax. Throws Error(model) naming the construct that has no equal there.
std::string translate_oniguruma(std::string_view pattern);

/// Immutable, cheap to copy, safe to use from several threads at once.
class Regex {
 public:
  /// Throws Error(model) with the pattern and the place of the mistake.
  explicit Regex(std::string_view oniguruma_pattern);

  /// Matches from left to right, none overlapping, as byte ranges of `text`, which must be well-formed UTF-8
  /// and is all that look-around sees. Throws Error(data) if a match takes more than 20 million steps.
  void for_each_match(std::string_view text,
                      const std::function<void(std::size_t, std::size_t)>& match) const;

 private:
  [[noreturn]] void give_up(int error, std::size_t bytes) const;

  std::shared_ptr<const void> code_;  // pcre2_code
  std::string pattern_;
};

}  // namespace chorus::text
