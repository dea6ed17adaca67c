// Sharing is exact: random segment relations, computed with everything shared between prompts and requests, against the
// literal sequence under its dense mask (packed execution, which answers to Transformers in tests/golden).
#include <gtest/gtest.h>

#include "engine_fixture.h"
#include "support/tiny_model.h"

namespace chorus::engine {
namespace {

constexpr double kTolerance = 1e-4,
                 kMargin = 1e-3;  // as semantics.md: of the norm; of the packed run's top two

class Flattening : public testing::TestWithParam<test::TinyOptions> {};

TEST_P(Flattening, SharedExecutionEqualsTheLiteralSequence) {
  const test::TinyModel model(GetParam());
  const auto decoder = model.decoder();
  double worst = 0;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    PromptSource source(seed, model.config().vocab);
    std::vector<Request> requests;
    for (int i = 0; i < 14; ++i) requests.push_back(request_of({source.next()}, 4));
    requests.push_back(request_of({source.next(), source.next()}, 4));
    const auto packed = run_all(*decoder, {.execution = Execution::packed, .page_tokens = 16}, requests);
    EngineOptions options{.execution = Execution::shared, .batch_size = static_cast<std::int32_t>(3 * seed)};
    options.page_tokens = static_cast<std::int32_t>(8 << seed % 2);
    const auto shared = run_all(*decoder, options, requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << ", request " << i);
      const double error = relative_error(shared[i].first_scores, packed[i].first_scores);
      worst = std::max(worst, error);
      EXPECT_LE(error, kTolerance);
      const Result &a = shared[i].result, &b = packed[i].result;
      ASSERT_EQ(a.tokens.size(), b.tokens.size());
      for (std::size_t t = 0; t < a.tokens.size() && b.margins[t] >= kMargin; ++t)
        EXPECT_EQ(a.tokens[t], b.tokens[t]);
    }
  }
  RecordProperty("largest_error", fmt::format("{:.1e} of {:.0e}", worst, kTolerance));
  fmt::print("  largest error {:.1e} of the norm, allowed {:.0e}\n", worst, kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Families, Flattening,
                         testing::Values(test::TinyOptions{.family = "llama", .layers = 3},
                                         test::TinyOptions{.family = "qwen2", .tied = false},
                                         test::TinyOptions{.family = "qwen3", .quantised = true}),
                         [](const auto& of) { return of.param.family; });

/// With queries of 0 every row attends evenly to all it sees, so attention shares are counts of tokens.
TEST(AttentionShare, IsTheMassOnEachParaphrase) {
  test::TempFolder folder;
  test::ModelFile file = test::tiny_file({.family = "llama"});
  for (auto& tensor : file.tensors)
    if (tensor.name.ends_with("q_proj.weight")) std::fill(tensor.values.begin(), tensor.values.end(), 0.0F);
  test::write_file(folder / "m.gguf", test::gguf_of(file).bytes());
  const auto checkpoint = model::open_checkpoint(folder / "m.gguf");
  model::Decoder decoder(checkpoint, model::make_cpu_backend(checkpoint->config(), model::Compute::f32, 1));

  Prompt fused = causal_prompt({1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  fused.segments = 3;
  fused.segment_of = {0, 0, 1, 1, 1, -1, 2, 2, -1, -1};
  fused.sees = {{1, 0}, {2, 0}};
  fused.paraphrase_of = {-1, 0, 1};
  fused.paraphrases = 2;
  fused.free_from = 8;
  Prompt own = fused;
  own.ids.resize(8);
  own.segment_of.resize(8);
  own.positions.resize(8);
  Prompt causal = own;  // the last paraphrase sees the first one too
  causal.sees.emplace_back(2, 1);
  const auto outcomes =
      run_all(decoder, {}, {request_of({fused}, 2), request_of({own}, 2), request_of({causal}, 2)});
  const auto expect = [](const std::vector<float>& got, std::vector<double> counts) {
    ASSERT_EQ(got.size(), counts.size());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(static_cast<double>(got[i]), counts[i], 1e-6);
  };
  const auto& free_rows = outcomes[0].result.shares;
  ASSERT_EQ(free_rows.size(), 2U);
  expect(free_rows[0], {3.0 / 10, 2.0 / 10});
  expect(free_rows[1], {3.0 / 11, 2.0 / 11});
  const auto& segment_row = outcomes[1].result.shares;
  ASSERT_EQ(segment_row.size(), 2U);
  expect(segment_row[0],
         {0, 2.0 / 4});  // the last paraphrase's own row: two of its tokens, two of what it sees
  expect(segment_row[1], {3.0 / 9, 2.0 / 9});
  expect(outcomes[2].result.shares[0], {3.0 / 7, 2.0 / 7});
}

}  // namespace
}  // namespace chorus::engine
