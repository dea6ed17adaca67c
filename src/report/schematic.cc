#include "report/schematic.h"

#include <fmt/format.h>

#include <numeric>

#include "core/error.h"

namespace chorus::report {
namespace {

/// Ids that differ from one another wherever texts would.
class Ids {
 public:
  std::vector<text::TokenId> next(std::int32_t count) {
    std::vector<text::TokenId> ids(static_cast<std::size_t>(count));
    std::iota(ids.begin(), ids.end(), next_);
    next_ += count;
    return ids;
  }

 private:
  text::TokenId next_ = 0;
};

}  // namespace

engine::Prompt schematic_prompt(const ensemble::LayoutOptions& options, const SchematicSizes& sizes) {
  if (options.kind == ensemble::LayoutKind::examples || options.kind == ensemble::LayoutKind::custom) {
    throw Error(ErrorKind::usage, fmt::format("layout {} without its texts", name(options.kind)),
                "a layout of sizes alone: concat, shared or their controls",
                "see its mask with chorus prompts --mask segment");
  }
  Ids ids;
  ensemble::LayoutTokens tokens;
  const auto shared = ids.next(sizes.shared), cue = ids.next(sizes.cue);
  tokens.shared = shared.size();
  for (const std::int32_t count : sizes.paraphrases) {
    auto& paraphrase = tokens.paraphrases.emplace_back(shared);
    const auto body = ids.next(count);
    paraphrase.insert(paraphrase.end(), body.begin(), body.end());
    if (options.cue == ensemble::Cue::own) paraphrase.insert(paraphrase.end(), cue.begin(), cue.end());
  }
  if (options.cue == ensemble::Cue::fused) tokens.cue = cue;
  if (options.is_concat()) tokens.separator = ids.next(sizes.separator);
  if (sizes.bos) tokens.bos = ids.next(1).front();
  return ensemble::assemble_layout(options, tokens);
}

}  // namespace chorus::report
