// Teacher forcing and requests that follow from results.
#include <gtest/gtest.h>

#include <cmath>

#include "core/vector_math.h"
#include "engine_fixture.h"
#include "support/errors.h"
#include "support/tiny_model.h"

namespace chorus::engine {
namespace {

class Forced : public testing::TestWithParam<Execution> {
 protected:
  test::TinyModel model_;
  std::unique_ptr<model::Decoder> decoder_ = model_.decoder();
};

TEST_P(Forced, TokensThatWouldBeChosenCountTheSame) {
  PromptSource source(4, model_.config().vocab);
  for (int i = 0; i < 5; ++i) {
    Request request = request_of({source.next()}, 5);
    const Outcome free = run_all(*decoder_, {.execution = GetParam()}, {request})[0];
    request.forced = free.result.tokens;
    const Outcome forced = run_all(*decoder_, {.execution = GetParam()}, {request})[0];
    EXPECT_EQ(forced.result.tokens, free.result.tokens);
    EXPECT_EQ(forced.result.logprob, free.result.logprob);
    EXPECT_EQ(forced.result.margins, free.result.margins);
  }
}

TEST_P(Forced, CountsEachTokenUnderThePromptSoFar) {
  const std::vector<text::TokenId> prompt{5, 6, 7, 8}, answer{100, 3, 42};
  double expected = 0;
  for (std::size_t n = 0; n < answer.size(); ++n) {
    std::vector<text::TokenId> so_far = prompt;
    so_far.insert(so_far.end(), answer.begin(), answer.begin() + static_cast<std::ptrdiff_t>(n));
    const auto scores =
        run_all(*decoder_, {.execution = GetParam()}, {request_of({causal_prompt(so_far)}, 1)})[0]
            .first_scores;
    expected += static_cast<double>(scores[static_cast<std::size_t>(answer[n])]) - core::log_sum_exp(scores);
  }
  Request request = request_of({causal_prompt(prompt)}, 20);
  request.forced = answer;
  request.stop.ids = {100, 3};  // no stop rule counts
  const Result result = run_all(*decoder_, {.execution = GetParam()}, {request})[0].result;
  EXPECT_EQ(result.tokens, answer);
  EXPECT_EQ(result.stop_reason, StopReason::max_new_tokens);
  EXPECT_NEAR(result.logprob, expected, 1e-4);
}

TEST_P(Forced, TokensOutsideTheVocabularyAreRefused) {
  Request request = request_of({causal_prompt({1, 2})}, 1);
  request.forced = {static_cast<text::TokenId>(model_.config().vocab)};
  test::expect_error(ErrorKind::data, "forced token",
                     [&] { run_all(*decoder_, {.execution = GetParam()}, {request}); });
}

INSTANTIATE_TEST_SUITE_P(Executions, Forced, testing::Values(Execution::shared, Execution::packed),
                         [](const auto& of) { return of.param == Execution::shared ? "shared" : "packed"; });

TEST(Requests, MayFollowFromResults) {
  const test::TinyModel model;
  const auto decoder = model.decoder();
  Engine engine(*decoder, nullptr, {});
  std::vector<Request> queue{request_of({causal_prompt({1, 2, 3})}, 2)};
  int done = 0;
  engine.run(
      [&]() -> std::optional<Request> {
        if (queue.empty()) return std::nullopt;
        Request request = std::move(queue.back());
        queue.pop_back();
        return request;
      },
      {.done = [&](const Result& result) {
        if (++done < 4) queue.push_back(request_of({causal_prompt(result.tokens)}, 2));
      }});
  EXPECT_EQ(done, 4);
}

TEST(Requests, OfOnePromptShareTheRowOfTheirFirstToken) {
  const test::TinyModel model;
  const auto decoder = model.decoder();
  std::vector<Request> requests(9, request_of({causal_prompt({9, 8, 7, 6})}, 3));
  Engine engine(*decoder, nullptr, {.batch_size = 16});
  const auto outcomes = run_all(engine, requests);
  EXPECT_EQ(engine.counters().prefill_rows, 4);
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.result.tokens, outcomes[0].result.tokens);
    EXPECT_EQ(outcome.first_scores, outcomes[0].first_scores);
  }
}

}  // namespace
}  // namespace chorus::engine
