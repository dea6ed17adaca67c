// A layout written by the user: which segments a sequence has, what each sees, and where it stands, as JSON.
//
//   {"segments": [
//     {"name": "bos", "text": "{bos}"},
//     {"name": "S", "text": "{prefix}", "sees": ["bos"]},
//     {"name": "P", "each": "paraphrase", "text": "{body}", "sees": ["bos", "S"], "start": "after S"},
//     {"name": "gap", "each": "paraphrase", "between": true, "text": "\n", "segment": null},
//     {"name": "cue", "text": "{cue}", "free": true}]}
//
// text       literal text with {prefix} (instruction and worked examples), {body} (the question as the prompt template puts
//            it; in repeated segments only) and {cue}, each string encoded by itself; or "{bos}" alone, which falls away where
//            the tokenizer adds none.
// each       "paraphrase": once for every phrasing; neighbours that repeat do so together (P1 gap1 P2 gap2 P3).
// between    true: not after the last phrasing.
// segment    a name: its tokens belong to that segment (for repeated ones: of the same phrasing); null: to none. Left out:
//            a segment of its own.
// sees       names of segments; of a repeated one all copies, "NAME.same" the one of the same phrasing. Used as written.
// start      rotary position of its first token: a number, "after NAME", "after all". Left out: after the token before it;
//            free rows after all.
// free       true: free rows; the last segment only.
// paraphrase false: a repeated segment that does not count as its phrasing (for weights, calibration, attention share).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/json.h"
#include "data/prompt.h"
#include "engine/prompt.h"
#include "ensemble/layout.h"
#include "text/tokenizer.h"

namespace chorus::ensemble {

class LayoutFile {
 public:
  /// Throws Error(io) when the file cannot be read, Error(usage) that names the field when it is no layout.
  static LayoutFile read(const std::filesystem::path& path);
  static LayoutFile parse(std::string_view json, const std::string& name);

  const std::filesystem::path& path() const { return path_; }

  /// The sequence of one paraphrase a part, one part or more. Order and calibration are those of the options.
  engine::Prompt build(const LayoutOptions& options, const text::Tokenizer& tokenizer,
                       std::span<const data::PromptParts> parts) const;

 private:
  struct Sight {
    std::size_t part;
    bool same;  // the copy of the same phrasing alone
  };
  enum class Home { own, other, none };
  enum class Start { follow, at, after, after_all };
  struct Part {
    std::string name, text;
    bool each = false, between = false, free = false, counts = true;
    Home home = Home::own;
    std::size_t home_part = 0;
    std::vector<Sight> sees;
    Start start = Start::follow;
    std::int32_t at = 0;
    std::size_t after = 0;
  };
  /// One piece of a sequence: a part, and for repeated ones of which phrasing.
  struct Copy {
    std::size_t part;
    std::optional<std::int32_t> phrasing;
  };
  class Parser;
  std::vector<Copy> copies(const std::vector<std::int32_t>& order) const;

  std::filesystem::path path_;
  std::vector<Part> parts_;
};

}  // namespace chorus::ensemble
