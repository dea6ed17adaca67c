// Cutting a text into pretokens, the pieces that no merge crosses: the steps of a tokenizer.json's
// pre_tokenizer.
//
//   PreTokenizer cutter({DigitSplit{true}, RegexSplit{Regex(kGpt2Pattern)}});
//   cutter.for_each("in 1984", [](std::string_view pretoken) { ... });   // "in", " ", "1", "9", "8", "4"
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "text/regex.h"

namespace chorus::text {

/// What becomes of a match of the pattern; contiguous: neighbouring matches are one piece.
enum class SplitBehavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };

struct RegexSplit {
  Regex pattern;
  SplitBehavior behavior = SplitBehavior::isolated;
  bool invert = false;  // what lies between the matches is the match
};
struct LiteralSplit {
  std::string pattern;
  SplitBehavior behavior = SplitBehavior::isolated;
  bool invert = false;
};
/// Digits of every script; individual: each a piece of its own, else runs of them.
struct DigitSplit {
  bool individual = false;
};
/// A space before a piece that does not begin with one.
struct PrefixSpace {};
/// Spaces become `replacement`, which is also put before a piece (always), or before the text's first
/// (first).
struct Metaspace {
  enum class Prepend { always, first, never };
  std::string replacement = "\xE2\x96\x81";  // U+2581
  Prepend prepend = Prepend::always;
};

using PreTokenizerStep = std::variant<RegexSplit, LiteralSplit, DigitSplit, PrefixSpace, Metaspace>;

/// GPT-2's pattern, which the ByteLevel pre-tokenizer applies unless told not to.
extern const std::string_view kGpt2Pattern;

class PreTokenizer {
 public:
  using Sink = std::function<void(std::string_view)>;

  PreTokenizer() = default;
  explicit PreTokenizer(std::vector<PreTokenizerStep> steps) : steps_(std::move(steps)) {}

  /// Pretokens from left to right, none empty; the views live during the call. text must be well-formed
  /// UTF-8. starts_text: it is the beginning of what is encoded, no added token stands before it.
  void for_each(std::string_view text, bool starts_text, const Sink& sink) const {
    run(0, text, starts_text, sink);
  }

 private:
  void run(std::size_t step, std::string_view text, bool starts_text, const Sink& sink) const;

  std::vector<PreTokenizerStep> steps_;
};

}  // namespace chorus::text
