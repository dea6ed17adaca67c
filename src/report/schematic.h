// A layout's prompt out of sizes alone, for drawing its mask where there is no tokenizer.
//
//   const MaskView view(schematic_prompt(options, {.paraphrases = {12, 14}}), 10);
#pragma once

#include <cstdint>
#include <vector>

#include "engine/prompt.h"
#include "ensemble/layout.h"

namespace chorus::report {

/// In tokens. `shared`: instruction and worked examples, at the head of every paraphrase's prompt.
struct SchematicSizes {
  std::vector<std::int32_t> paraphrases{12, 14, 13};
  std::int32_t shared = 20, cue = 2, separator = 4;
  bool bos = false;
};

/// As ensemble::assemble_layout puts tokens of these numbers together. Throws what it throws, and Error(usage) for the layouts
/// `examples` and of a file, whose segments are made of texts.
engine::Prompt schematic_prompt(const ensemble::LayoutOptions& options, const SchematicSizes& sizes);

}  // namespace chorus::report
