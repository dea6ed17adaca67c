// Dense attention against the double-precision reference.
#include "flex/attention.h"

#include <gtest/gtest.h>

#include "flex/mods.h"
#include "flex/reference.h"
#include "spans_fixture.h"

namespace chorus::flex {
namespace {
TEST(Attention, Smoke) {
  core::ThreadPool pool(2);
  const auto q = testing::normal_values(2 * 9 * 100 * 64, 1), k = testing::normal_values(2 * 3 * 100 * 64, 2),
             v = testing::normal_values(2 * 3 * 100 * 64, 3);
  std::vector<float> out(q.size());
  std::vector<LogSumExp> lse(2 * 9 * 100);
  const Extents qe{2, 9, 100, 64}, ke{2, 3, 100, 64};
  attention(head_major(q.data(), qe), head_major(k.data(), ke), head_major(v.data(), ke),
            head_major(out.data(), qe), {.lse = lse, .pool = &pool}, causal());
  const auto want = reference_attention(head_major(q.data(), qe), head_major(k.data(), ke),
                                        head_major(v.data(), ke), {}, causal());
  for (std::size_t i = 0; i < out.size(); ++i) ASSERT_NEAR(out[i], want.out[i], 1e-5) << i;
  for (std::size_t i = 0; i < lse.size(); ++i) ASSERT_NEAR(lse[i].value, want.lse[i], 1e-5) << i;
}
}  // namespace
}  // namespace chorus::flex
