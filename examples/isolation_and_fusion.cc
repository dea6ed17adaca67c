// The ensemble inside the attention: three phrasings do not see each other, the answer's rows see all of them. How much the
// answer attends to each phrasing falls out of merging three partial softmaxes.
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "flex/attention.h"
#include "flex/mods.h"
#include "flex/softmax_state.h"

using namespace chorus::flex;

int main() {
  constexpr Index kPhrasing = 8, kAnswer = 4, kPrompt = 3 * kPhrasing, kAll = kPrompt + kAnswer, kDim = 16;
  std::vector<Index> segment_of;
  for (Index i = 0; i < kPrompt; ++i) segment_of.push_back(i / kPhrasing);
  const SegmentRelation relation(segment_of, 3, {},
                                 kPrompt);  // nobody sees another; rows from kPrompt on are free
  std::fputs(
      BlockMask::make(relation.mask(), {.q_length = kAll, .kv_length = kAll, .q_block = 2, .kv_block = 2})
          .to_string()
          .c_str(),
      stdout);

  std::vector<float> x(kAll * kDim), out(x.size());
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  for (float& value : x) value = normal(random);
  const auto rows = head_major<const float>(x.data(), {.rows = kAll, .dim = kDim});
  attention(rows, rows, rows, head_major(out.data(), {.rows = kAll, .dim = kDim}), {}, relation.mask());

  // The first answer row again, over each phrasing apart and over itself, then merged.
  SoftmaxState whole(kDim);
  std::vector<float> lse;
  for (Index part = 0; part < 4; ++part) {
    const Extents keys{.rows = part < 3 ? kPhrasing : 1, .dim = kDim};
    const auto kv = head_major<const float>(x.data() + part * kPhrasing * kDim, keys);
    std::vector<float> piece(kDim);
    std::vector<LogSumExp> mass(1);
    attention(head_major<const float>(x.data() + kPrompt * kDim, {.rows = 1, .dim = kDim}), kv, kv,
              head_major(piece.data(), {.rows = 1, .dim = kDim}), {.lse = mass});
    whole.merge(SoftmaxState(mass[0], piece));
    lse.push_back(mass[0].value);
  }
  for (std::size_t part = 0; part < 4; ++part)
    std::printf("%s %zu: %.1f %%\n", part < 3 ? "phrasing" : "itself", part,
                100 * std::exp(static_cast<double>(lse[part] - whole.lse().value)));
  std::vector<float> merged(kDim);
  whole.output(merged);
  float worst = 0;
  for (std::size_t d = 0; d < kDim; ++d)
    worst = std::max(worst, std::abs(merged[d] - out[kPrompt * kDim + d]));
  std::printf("largest difference, merged from fused: %.1e\n", static_cast<double>(worst));
  return worst < 1e-5F ? 0 : 1;
}
