// Tokens drawn at random: temperature, top-k, top-p. A draw is a function of its key and step alone, so neither what shares
// its batch nor the order of rows changes it.
//
//   const std::uint64_t key = draw_key(seed, {sample.uuid, "paraphrase 2", "draw 17"});
//   request.next = std::make_shared<Sampler>(SamplingOptions{.temperature = 1.5, .top_k = 50, .top_p = 0.9}, key);
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "engine/next_token.h"

namespace chorus::engine {

struct SamplingOptions {
  double temperature = 1;  // above 0; divides the logits
  std::int32_t top_k = 0;  // the k most likely tokens, and those as likely as the last of them; 0: all
  double top_p = 1;  // of these the smallest set of the most likely that has this much probability; in (0, 1]
};

/// Throws Error(usage) for values out of range.
void check(const SamplingOptions& options);

/// A key for every seed and list of names: FNV-1a over both (names end in a byte that no UTF-8 text has), then SplitMix64.
std::uint64_t draw_key(std::uint64_t seed, std::initializer_list<std::string_view> names);

/// The `step`-th number of a key, uniform in [0, 1) with 53 bits: SplitMix64 at key + (step + 1) times its constant.
/// Source: Steele, Lea, Flood, Fast splittable pseudorandom number generators (OOPSLA 2014).
double uniform(std::uint64_t key, std::size_t step);

/// One sequence. Its log-probability is under the distribution drawn from, after temperature, top-k and top-p, in this order.
class Sampler final : public NextToken {
 public:
  Sampler(SamplingOptions options, std::uint64_t key);

  /// Unnormalised probabilities; 0 for what top-k and top-p leave out.
  std::span<const float> scores(std::span<const std::span<const float>> logits,
                                std::vector<float>& scratch) const override;
  bool probabilities() const override { return true; }
  text::TokenId pick(std::span<const float> scores, std::size_t step) const override;

 private:
  SamplingOptions options_;
  std::uint64_t key_;
};

}  // namespace chorus::engine
