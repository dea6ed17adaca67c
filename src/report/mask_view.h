// Who sees whom in a prompt: its attention mask at up to 25 telling positions, or segment by segment; no model is needed.
//
//   const MaskView view(build_layout(options, tokenizer, parts), 10);   // and ten generated tokens
//   fmt::print("{}\n{}", view.text(), view.legend());
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/prompt.h"

namespace chorus::report {

/// A run of tokens of one segment, as a reader calls it: "1", "2", ... for paraphrases, "I" for a shared instruction, "X1", "X2", ... for other segments (worked examples), "B" for a BOS of its
/// own, "C" for free rows of the prompt (a fused cue), "G" for what is generated.
struct MaskSegment {
  std::string label;
  std::int32_t begin = 0, end = 0;
  std::int32_t segment = -1;  // in the prompt; -1: free rows
  std::int32_t size() const { return end - begin; }
};

class MaskView {
 public:
  /// `generated` tokens follow the prompt. Throws Error(data) for a prompt whose parts do not fit, Error(usage) for a negative count.
  MaskView(engine::Prompt prompt, std::int32_t generated);

  /// Tokens of the prompt and generated ones.
  std::int32_t length() const { return prompt_.size() + generated_; }
  /// The rule of the method: q >= k, and q is free, or both are in segments and q's is or sees k's.
  bool allowed(std::int32_t q, std::int32_t k) const;
  const std::vector<MaskSegment>& segments() const { return segments_; }
  /// Every token in exactly one run: the segments, and "-" for what is in none.
  std::vector<MaskSegment> stretches() const;

  /// At most 25 positions, ascending: starts, ends and inner points of the segments, the last of the prompt, the first five generated and the
  /// last; where these are more, the last of the prompt and the generated ones stay, then starts, ends, points at one and at two
  /// thirds, each from the left; where fewer, the largest gap (the first of equals) is halved until there are enough.
  std::vector<std::int32_t> positions() const;
  /// "S1" for the first position of a segment, "E1" for its last, "G0" for the first that is generated, else "".
  std::string label(std::int32_t position) const;

  /// The mask at positions(): a filled square where a row may see a column, a middle dot elsewhere.
  std::string text() const;
  /// The same of whole segments: filled where every earlier token of the column is seen.
  std::string by_segment() const;
  /// What the signs mean, and a table of the segments.
  std::string legend() const;

 private:
  std::string sees_of(const MaskSegment& segment) const;

  engine::Prompt prompt_;
  std::int32_t generated_;
  std::vector<MaskSegment> segments_;
  std::vector<std::uint8_t> sees_;  // [segments][segments]
};

/// A prompt of isolated segments of these ranges [begin, end), ascending; tokens between them belong to none; rows from `length` on are
/// free. Throws Error(usage) for ranges that are empty, overlap or end after `length`.
engine::Prompt prompt_of_ranges(const std::vector<std::pair<std::int32_t, std::int32_t>>& ranges,
                                std::int32_t length);

}  // namespace chorus::report
