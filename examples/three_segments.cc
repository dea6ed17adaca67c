// Three texts packed in one sequence, isolated from each other: each computes what it computes alone, but for rounding:
// its blocks begin elsewhere.
#include <algorithm>
#include <cstdio>
#include <random>
#include <vector>

#include "flex/attention.h"
#include "flex/mods.h"

using namespace chorus::flex;

int main() {
  const std::vector<Index> lengths{70, 40, 90};
  std::vector<Index> ids;
  for (std::size_t text = 0; text < lengths.size(); ++text)
    ids.insert(ids.end(), static_cast<std::size_t>(lengths[text]), static_cast<Index>(text));
  const Index n = static_cast<Index>(ids.size()), dim = 32;
  const Runs runs(ids);

  std::vector<float> x(ids.size() * 32), packed(x.size()), alone(x.size());
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  for (float& value : x) value = normal(random);

  // Blocks between texts are never visited; the block mask is made without looking at a pair.
  const auto blocks = BlockMask::make(document_causal(runs), {.q_length = n, .kv_length = n});
  std::fputs(blocks.to_string().c_str(), stdout);
  const auto rows = head_major<const float>(x.data(), {.rows = n, .dim = dim});
  attention(rows, rows, rows, head_major(packed.data(), {.rows = n, .dim = dim}), {.block_mask = &blocks},
            document_causal(runs));

  Index first = 0;
  float worst = 0;
  for (const Index length : lengths) {
    const Extents shape{.rows = length, .dim = dim};
    const auto text = head_major<const float>(x.data() + first * dim, shape);
    attention(text, text, text, head_major(alone.data() + first * dim, shape), {}, causal());
    for (Index i = first * dim; i < (first + length) * dim; ++i)
      worst =
          std::max(worst, std::abs(packed[static_cast<std::size_t>(i)] - alone[static_cast<std::size_t>(i)]));
    first += length;
  }
  std::printf("largest difference, packed from alone: %g\n", static_cast<double>(worst));
  return worst < 1e-5F ? 0 : 1;
}
