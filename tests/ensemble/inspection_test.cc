// What is said about a question before and while it is answered, on a tiny model: forecasts against the engine's own counters,
// traces against plain runs, checks of isolation against a mask that leaks.
#include <gmock/gmock.h>

#include <numeric>

#include "ensemble/forecast.h"
#include "ensemble/isolation.h"
#include "ensemble/trace.h"
#include "support/errors.h"
#include "support/tiny_model.h"

namespace chorus::ensemble {
namespace {

class InspectionTest : public testing::Test {
 protected:
  RunOptions options(Method method, const char* layout = "shared") const {
    RunOptions o;
    o.method = method;
    o.layout.kind = layout_kind_from(layout);
    if (!o.layout.is_concat()) {
      o.layout.separator = "";
      o.layout.bos_scope = BosScope::all;
      o.layout.cue = Cue::fused;
    }
    o.max_new_tokens = 3;
    o.stop_at_newline = false;
    return o;
  }
  Experiment experiment(const RunOptions& o) const { return {o, dataset_, model_.tokenizer(), {}}; }

  const data::Dataset dataset_{
      .samples = {{"u1", {"the a?", "in b?", "thin"}, {"c"}, {}}, {"u2", {"the a?", "b the a"}, {"d"}, {}}},
      .instruction = "Say the thing in a"};
  test::TinyModel model_;
  std::unique_ptr<model::Decoder> decoder_ = model_.decoder();
};

/// The forecast is made by bookkeeping alone; the engine counts the rows it computed.
TEST_F(InspectionTest, ForecastsWhatTheEngineComputes) {
  const std::vector<std::size_t> samples{0, 1};
  for (const Method method : {Method::flex, Method::avg, Method::origin, Method::vote})
    for (const auto execution : {engine::Execution::shared, engine::Execution::packed}) {
      const Experiment run = experiment(options(method));
      engine::Engine engine(*decoder_, &model_.tokenizer(),
                            {.execution = execution, .batch_size = 1, .kv_memory = std::size_t{1} << 22});
      std::int64_t prompt_tokens = 0;
      run.run(engine, samples, {.rows = [&](std::size_t, const std::vector<data::Json>& rows) {
                for (const data::Json& row : rows)
                  prompt_tokens += row.at("prompt_tokens").get<std::int64_t>();
              }});
      const Forecast f = forecast(run, samples, {.execution = execution, .pages = 512});
      EXPECT_EQ(f.prompt_tokens, prompt_tokens);
      EXPECT_EQ(f.questions, 2U);
      EXPECT_LE(f.computed_tokens, f.prompt_tokens);
      // The engine pads no row it counts, but may compute the last row of a known segment once more.
      const std::int64_t repeated = engine.counters().prefill_rows - f.computed_tokens;
      EXPECT_GE(repeated, 0) << name(method);
      EXPECT_LE(repeated, static_cast<std::int64_t>(f.sequences)) << name(method);
    }
  test::expect_error(ErrorKind::data, "u1",
                     [&] { forecast(experiment(options(Method::flex)), samples, {.pages = 2}); });
}

TEST_F(InspectionTest, WeightedMethodsAreForecastWithTheirConfidences) {
  const std::vector<std::size_t> samples{0};
  const auto flex = forecast(experiment(options(Method::flex)), samples, {.pages = 512});
  const auto weighted = forecast(experiment(options(Method::weighted_flex)), samples, {.pages = 512});
  EXPECT_EQ(weighted.sequences, flex.sequences + 3);  // each phrasing alone first
}

TEST_F(InspectionTest, ATraceIsTheRunWithItsStepsKept) {
  for (const Method method :
       {Method::flex, Method::avg, Method::max, Method::weighted_avg, Method::per_prompt}) {
    const Experiment run = experiment(options(method));
    engine::Engine engine(*decoder_, &model_.tokenizer(), {.kv_memory = std::size_t{1} << 22});
    std::vector<data::Json> plain;
    const std::size_t sample = 0;
    run.run(engine, {&sample, 1}, {.rows = [&](std::size_t, std::vector<data::Json> rows) { plain = rows; }});
    const Trace trace = trace_answer(run, engine, 0, {});
    EXPECT_EQ(trace.rows, plain) << name(method);
    ASSERT_EQ(trace.requests.size(), method == Method::per_prompt ? 3U : 1U);
    for (const TracedRequest& request : trace.requests) {
      ASSERT_EQ(request.steps.size(), 3U);
      for (const TracedStep& step : request.steps) {
        EXPECT_EQ(step.logits.size(), request.prompts.size());
        const auto top = top_candidates(step.scores, request.probabilities, 2);
        EXPECT_EQ(top.front().token, step.token) << "greedy: the first candidate is taken";
        EXPECT_GE(top[0].probability, top[1].probability);
      }
    }
  }
}

TEST_F(InspectionTest, AForcedTraceTakesTheTokensGiven) {
  const Experiment run = experiment(options(Method::avg));
  engine::Engine engine(*decoder_, &model_.tokenizer(), {.kv_memory = std::size_t{1} << 22});
  const std::vector<text::TokenId> tokens{5, 9, 7, 200};
  const Trace trace = trace_forced(run, engine, 0, tokens, {});
  ASSERT_EQ(trace.requests.front().steps.size(), 4U);
  for (std::size_t i = 0; i < tokens.size(); ++i) EXPECT_EQ(trace.requests.front().steps[i].token, tokens[i]);
}

TEST(TopCandidates, AreSortedAndNormalised) {
  const std::vector<float> logits{0, 2, 1, 2};
  const auto top = top_candidates(logits, false, 9);
  ASSERT_EQ(top.size(), 4U);
  EXPECT_EQ(top[0].token, 1);
  EXPECT_EQ(top[1].token, 3);
  double sum = 0;
  for (const Candidate& c : top) sum += c.probability;
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_NEAR(top[2].probability / top[3].probability, std::exp(1.0), 1e-12);
  EXPECT_NEAR(top_candidates(std::vector<float>{0.1F, 0.3F}, true, 1)[0].probability, 0.75, 1e-6);
}

TEST_F(InspectionTest, EveryLayoutIsIsolatedInMaskAndModel) {
  for (const char* layout : {"shared", "concat", "causal-concat"}) {
    const Experiment run = experiment(options(Method::flex, layout));
    const engine::Prompt prompt = run.requests(0).front().prompts.front();
    const MaskCheck mask = check_mask(prompt, 4);
    EXPECT_EQ(mask.pairs, std::int64_t{prompt.size() + 4} * (prompt.size() + 4));
    EXPECT_EQ(mask.wrong, 0);
    const auto checks = check_model(*decoder_, prompt);
    ASSERT_FALSE(checks.empty());
    std::int64_t apart = 0, reached = 0;
    for (const ModelCheck& check : checks) {
      EXPECT_EQ(check.leaked, 0) << layout;
      apart += check.apart;
      reached += check.reached;
    }
    EXPECT_GT(apart, 0) << layout;
    EXPECT_GT(reached, 0) << "a change that nothing sees shows nothing";
  }
}

TEST_F(InspectionTest, ALeakWouldBeSeen) {
  // The same tokens, computed with one segment more seen than the prompt that is looked at says.
  const Experiment run = experiment(options(Method::flex, "concat"));
  engine::Prompt prompt = run.requests(0).front().prompts.front();
  engine::Prompt leaky = prompt;
  leaky.sees.emplace_back(1, 0);
  std::int64_t honest = 0, more = 0;
  for (const ModelCheck& check : check_model(*decoder_, prompt)) honest += check.reached;
  for (const ModelCheck& check : check_model(*decoder_, leaky)) more += check.reached;
  EXPECT_GT(more, honest);
}

TEST_F(InspectionTest, RangesHoldEveryKeyAndValue) {
  const Experiment run = experiment(options(Method::flex));
  const auto ranges = key_value_ranges(*decoder_, run.requests(0).front().prompts.front());
  ASSERT_EQ(ranges.size(), 2U);
  for (const LayerRange& r : ranges) {
    EXPECT_LT(r.lowest_key, r.highest_key);
    EXPECT_LT(r.lowest_value, r.highest_value);
  }
}

}  // namespace
}  // namespace chorus::ensemble
