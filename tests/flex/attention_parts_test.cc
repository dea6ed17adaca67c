// What attention() gives beside its output: probabilities of keys against PyTorch's, parts of the keys merged by the caller.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "core/error.h"
#include "flex/attention.h"
#include "flex/mods.h"
#include "flex/reference.h"
#include "spans_fixture.h"

namespace chorus::flex {
namespace {

std::vector<float> waves(std::size_t n, double step, double start) {
  std::vector<float> values(n);
  for (std::size_t i = 0; i < n; ++i)
    values[i] = 2 * static_cast<float>(std::sin(step * static_cast<double>(i) + start));
  return values;
}

// torch 2.9.1, float64: softmax((q k^T) / sqrt(8), masked to kv <= row + 9).sum over rows, q = 2 sin(0.37 i + 0.1) as
// [4][10][8], k = 2 sin(0.73 i + 0.2) as [2][20][8] rounded to float, each kv head for two query heads.
constexpr std::array<double, 80> kTorch = {
    0.740199526,  0.266319087,  0.241357289,   0.458101112,    0.810911451,
    1.23374001,   1.29039294,   0.715009366,   0.251263807,    0.275403912,
    0.682458352,  0.426738356,  0.962621803,   0.841048242,    0.611945384,
    0.160088209,  0.0273650936, 0.00479790769, 0.000238150128, 0,
    1.08498204,   0.996139686,  0.707100568,   0.551189463,    0.49198531,
    0.495225564,  0.731512556,  1.02568574,    0.95310361,     0.734409741,
    0.59413365,   0.476367087,  0.328074721,   0.159235606,    0.161498335,
    0.0722971792, 0.161914348,  0.0901708795,  0.184973916,    0,
    1.67779108,   1.21988968,   0.492484589,   0.137175584,    0.106251238,
    0.348334051,  0.928503246,  1.51201649,    1.34072213,     0.606728531,
    0.150416277,  0.032339441,  0.0895601046,  0.140627571,    0.457468661,
    0.370423174,  0.29530972,   0.0759060475,  0.0180523867,   0,
    0.484148915,  0.42834598,   0.549564992,   0.638789011,    0.675257138,
    0.786387947,  0.934678846,  0.904698459,   0.830711475,    0.875800773,
    0.545243412,  0.613784075,  0.560095935,   0.596645557,    0.37089438,
    0.157092411,  0.0283857398, 0.00617943116, 0.0132955243,   0};

TEST(KeyProbabilities, AreThoseOfPyTorch) {
  const Extents q{1, 4, 10, 8}, kv{1, 2, 20, 8};
  const auto qs = waves(320, 0.37, 0.1), ks = waves(320, 0.73, 0.2), vs = waves(320, 0.11, 0.3);
  std::vector<float> out(320), mass(80, NAN);
  core::ThreadPool pool(2);
  for (core::ThreadPool* threads : {static_cast<core::ThreadPool*>(nullptr), &pool}) {
    attention(head_major(qs.data(), q), head_major(ks.data(), kv), head_major(vs.data(), kv),
              head_major(out.data(), q), {.q_offset = 9, .key_probabilities = mass, .pool = threads},
              causal());
    // A probability is off by some units of 2^-24 times the scores, which stay below 12; ten rows are added.
    for (std::size_t i = 0; i < mass.size(); ++i)
      EXPECT_NEAR(mass[i], kTorch[i], 1e-5 * (kTorch[i] + 1e-3)) << i;
  }
}

TEST(MergeParts, PutsPartsOfTheKeysTogether) {
  const Extents q{2, 3, 9, 16}, kv{2, 1, 200, 16};
  const auto qs = testing::normal_values(2 * 3 * 9 * 16, 1), ks = testing::normal_values(2 * 200 * 16, 2),
             vs = testing::normal_values(2 * 200 * 16, 3);
  const auto mask_mod =
      mask([](Index b, Index h, Index row, Index key) { return (row + key + b) % (h + 2) == 0 && row > 1; });
  const std::array<Range, 4> cuts = {Range{0, 7}, Range{7, 128}, Range{128, 128}, Range{128, 200}};
  std::array<std::vector<float>, 4> outs;
  std::array<std::vector<LogSumExp>, 4> lses;
  std::vector<AttentionPart> parts;
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    outs[i].resize(qs.size());
    lses[i].resize(lse_entries(q));
    attention(head_major(qs.data(), q), head_major(ks.data(), kv), head_major(vs.data(), kv),
              head_major(outs[i].data(), q), {.keys = cuts[i], .lse = lses[i]}, mask_mod);
    parts.push_back({head_major<const float>(outs[i].data(), q), lses[i]});
  }
  std::vector<float> out(qs.size());
  std::vector<LogSumExp> lse(lse_entries(q));
  merge_parts<float>(parts, head_major(out.data(), q), lse);
  const auto want = reference_attention<float>(head_major(qs.data(), q), head_major(ks.data(), kv),
                                               head_major(vs.data(), kv), {}, mask_mod);
  for (std::size_t i = 0; i < out.size(); ++i) EXPECT_NEAR(out[i], want.out[i], 1e-5);
  for (std::size_t i = 0; i < lse.size(); ++i)
    if (std::isinf(want.lse[i]))
      EXPECT_EQ(lse[i].value, want.lse[i]);
    else
      EXPECT_NEAR(lse[i].value, want.lse[i], 1e-5);
  EXPECT_THROW(merge_parts<float>(parts, head_major(out.data(), {1, 3, 9, 16})), Error);
  EXPECT_THROW(merge_parts<float>(parts, head_major(out.data(), q), std::span(lse).first(3)), Error);
}

TEST(AttentionOptionErrors, NameTheOption) {
  std::vector<float> x(64), out(64), mass(3);
  const Extents e{1, 1, 8, 8};
  const auto call = [&](const AttentionOptions& options) {
    attention(head_major(x.data(), e), head_major(x.data(), e), head_major(x.data(), e),
              head_major(out.data(), e), options);
  };
  EXPECT_THROW(call({.keys = Range{0, 9}}), Error);
  EXPECT_THROW(call({.keys = Range{5, 4}}), Error);
  EXPECT_THROW(call({.key_probabilities = mass}), Error);
  EXPECT_THROW(call({.kv_splits = 0}), Error);
}

}  // namespace
}  // namespace chorus::flex
