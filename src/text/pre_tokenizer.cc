#include "text/pre_tokenizer.h"

#include "text/unicode.h"
#include "text/utf8.h"

namespace chorus::text {

const std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

namespace {

// A piece of a text, and whether the pattern matched it. The text is covered from left to right.
struct Span {
  std::size_t begin, end;
  bool match;
};

template <typename FindMatches>
std::vector<Span> cover(std::string_view text, bool invert, const FindMatches& find_matches) {
  std::vector<Span> spans;
  std::size_t done = 0;
  find_matches([&](std::size_t begin, std::size_t end) {
    if (begin > done) spans.push_back({done, begin, invert});
    spans.push_back({begin, end, !invert});
    done = end;
  });
  if (done < text.size()) spans.push_back({done, text.size(), invert});
  return spans;
}

// A match joins what stands before it; a match right behind another match does not.
std::vector<Span> merge_with_previous(const std::vector<Span>& spans) {
  std::vector<Span> merged;
  bool after_match = false;
  for (const Span& span : spans) {
    if (span.match && !after_match && !merged.empty()) {
      merged.back().end = span.end;
    } else {
      merged.push_back(span);
    }
    after_match = span.match;
  }
  return merged;
}

std::vector<Span> merge_with_next(const std::vector<Span>& spans) {
  std::vector<Span> merged;  // from right to left
  bool before_match = false;
  for (auto span = spans.rbegin(); span != spans.rend(); ++span) {
    if (span->match && !before_match && !merged.empty()) {
      merged.back().begin = span->begin;
    } else {
      merged.push_back(*span);
    }
    before_match = span->match;
  }
  return {merged.rbegin(), merged.rend()};
}

std::vector<Span> merge_contiguous(const std::vector<Span>& spans) {
  std::vector<Span> merged;
  for (const Span& span : spans) {
    if (!merged.empty() && merged.back().match == span.match) {
      merged.back().end = span.end;
    } else {
      merged.push_back(span);
    }
  }
  return merged;
}

std::vector<Span> apply(SplitBehavior behavior, std::vector<Span> spans) {
  switch (behavior) {
    case SplitBehavior::removed:
      std::erase_if(spans, [](const Span& span) { return span.match; });
      return spans;
    case SplitBehavior::merged_with_previous:
      return merge_with_previous(spans);
    case SplitBehavior::merged_with_next:
      return merge_with_next(spans);
    case SplitBehavior::contiguous:
      return merge_contiguous(spans);
    case SplitBehavior::isolated:
      break;
  }
  return spans;
}

std::vector<Span> split(const RegexSplit& step, std::string_view text) {
  return apply(step.behavior, cover(text, step.invert,
                                    [&](const auto& match) { step.pattern.for_each_match(text, match); }));
}

std::vector<Span> split(const LiteralSplit& step, std::string_view text) {
  return apply(step.behavior, cover(text, step.invert, [&](const auto& match) {
                 for (std::size_t at = 0; (at = text.find(step.pattern, at)) != std::string_view::npos;) {
                   match(at, at + step.pattern.size());
                   at += step.pattern.size();
                 }
               }));
}

std::vector<Span> split(const DigitSplit& step, std::string_view text) {
  return apply(step.individual ? SplitBehavior::isolated : SplitBehavior::contiguous,
               cover(text, false, [&](const auto& match) {
                 for (std::size_t at = 0; at < text.size();) {
                   const Utf8Step next = next_code_point(text, at);
                   if (is_number(next.code)) match(at, at + next.bytes);
                   at += next.bytes;
                 }
               }));
}

std::string with_metaspace(const Metaspace& step, std::string_view text, bool starts_text) {
  std::string out;
  for (const char c : text) c == ' ' ? out += step.replacement : out += c;
  const bool prepend = step.prepend == Metaspace::Prepend::always ||
                       (step.prepend == Metaspace::Prepend::first && starts_text);
  return prepend && !out.starts_with(step.replacement) ? step.replacement + out : out;
}

}  // namespace

void PreTokenizer::run(std::size_t step, std::string_view text, bool starts_text, const Sink& sink) const {
  if (text.empty()) return;
  if (step == steps_.size()) return sink(text);
  const auto into_pieces = [&](const auto& splitter) {
    for (const Span& span : split(splitter, text)) {
      run(step + 1, text.substr(span.begin, span.end - span.begin), starts_text && span.begin == 0, sink);
    }
  };
  std::visit(
      [&](const auto& kind) {
        using Kind = std::decay_t<decltype(kind)>;
        if constexpr (std::is_same_v<Kind, PrefixSpace>) {
          text.starts_with(' ') ? run(step + 1, text, starts_text, sink)
                                : run(step + 1, " " + std::string(text), starts_text, sink);
        } else if constexpr (std::is_same_v<Kind, Metaspace>) {
          run(step + 1, with_metaspace(kind, text, starts_text), starts_text, sink);
        } else {
          into_pieces(kind);
        }
      },
      steps_[step]);
}

}  // namespace chorus::text
