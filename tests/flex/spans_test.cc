#include <gtest/gtest.h>

#include <cmath>

#include "flex/spans.h"
#include "spans_fixture.h"

namespace chorus::flex {
namespace {

using testing::normal_values;
using testing::Store;

TEST(AttentionSpans, MatchesTheReference) {
  core::ThreadPool pool(2);
  Store<float> store(64, 16, 3, 64, 1);
  std::vector<KvSpan> spans{store.place(0, 0, 100), store.place(1, 0, 70, 3), store.place(2, 0, 20)};
  spans[2].causal = true;
  const SpanTile tile{.rows = 20, .spans = spans};
  const auto q = normal_values(20 * 9 * 64, 5);
  std::vector<float> got(q.size()), want(q.size());
  SpanProblem<float> problem{.pages = store.view(), .tiles = {&tile, 1}, .q = q.data(), .out = got.data(), .q_heads = 9, .scale = 0.125F};
  attention_spans(problem, pool);
  problem.out = want.data();
  attention_spans_reference(problem);
  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], 1e-5) << i;
}

}  // namespace
}  // namespace chorus::flex
