// Draws every mask mod, three side by side: rows are queries, columns keys, a filled square is a pair that is seen.
// docs/flex.md shows what this prints.
#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "flex/block_mask.h"
#include "flex/mods.h"

using namespace chorus::flex;
int main() {
  constexpr Index kLength = 12;
  const Runs texts({0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2});
  const SegmentRelation relation({0, 0, 1, 1, 1, 2, 2, 2, 3, 3}, 4, {{1, 0}, {2, 0}, {3, 0}}, 10);
  const Tree tree({-1, 0, 1, 2, 2, 2, 3, 3, 4, 5, 9, 9});
  std::vector<std::pair<std::string, std::string>> drawings;
  const auto draw = [&](const char* name, const auto& mod) {
    drawings.emplace_back(
        name, BlockMask::make(mod, {.q_length = kLength, .kv_length = kLength, .q_block = 1, .kv_block = 1})
                  .to_string());
  };
  draw("causal()", causal());
  draw("sliding_window(3)", sliding_window(3));
  draw("symmetric_window(2)", symmetric_window(2));
  draw("dilated(3)", dilated(3));
  draw("dilated_window(6, 2)", dilated_window(6, 2));
  draw("global_window(2, 1)", global_window(2, 1));
  draw("prefix_lm(4)", prefix_lm(4));
  draw("document(texts)", document(texts));
  draw("document_causal(texts)", document_causal(texts));
  draw("shared_prefix(4, texts)", shared_prefix(4, texts));
  draw("relation.mask()", relation.mask());
  draw("tree.ancestors()", tree.ancestors());
  draw("block_causal(4)", block_causal(4));
  draw("block_diffusion(6, 2)", block_diffusion(6, 2));
  draw("neighbourhood({3, 4}, {1, 3})", neighbourhood({3, 4}, {1, 3}));
  draw("batchify(causal(), 4)", batchify(causal(), 4));
  draw("offset(causal(), 3)", offset(causal(), 3));
  draw("causal() & !dilated(2)", causal() & !dilated(2));
  constexpr std::size_t kColumn = 32, kAbreast = 3;
  for (std::size_t first = 0; first < drawings.size(); first += kAbreast) {
    std::vector<std::string> lines(kLength + 1);
    for (std::size_t i = first; i < std::min(first + kAbreast, drawings.size()); ++i) {
      const auto& [name, text] = drawings[i];
      lines[0] += name + std::string(kColumn - name.size(), ' ');
      std::size_t from = text.find('\n') + 1;  // after the heading
      for (std::size_t line = 1; line < lines.size(); ++line) {
        const std::size_t end = text.find('\n', from);
        lines[line] += text.substr(from, end - from) + std::string(kColumn - kLength, ' ');
        from = end + 1;
      }
    }
    for (std::string& line : lines) std::printf("%s\n", line.erase(line.find_last_not_of(' ') + 1).c_str());
    if (first + kAbreast < drawings.size()) std::puts("");
  }
}
