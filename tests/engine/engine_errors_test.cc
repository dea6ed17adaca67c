// What an engine refuses, and that it goes on afterwards; events as they come.
#include <gtest/gtest.h>

#include "engine_fixture.h"
#include "support/errors.h"
#include "support/tiny_model.h"

namespace chorus::engine {
namespace {

using test::expect_error;

class EngineErrors : public testing::TestWithParam<Execution> {
 protected:
  EngineOptions options(std::int64_t pages) const {
    const std::size_t page = decoder_->backend().kv_store(1, 16)->page_bytes();
    return {.execution = GetParam(), .batch_size = 4, .kv_memory = page * static_cast<std::size_t>(pages)};
  }
  static Request numbered(std::int32_t tokens, std::int32_t first, std::int32_t new_tokens = 3) {
    std::vector<text::TokenId> ids(static_cast<std::size_t>(tokens));
    for (auto& id : ids) id = first++ % 200;
    return request_of({causal_prompt(ids)}, new_tokens);
  }

  test::TinyModel model_{{.context = 96}};
  std::unique_ptr<model::Decoder> decoder_ = model_.decoder();
};

TEST_P(EngineErrors, ARequestThatCannotFitIsNamed) {
  Engine engine(*decoder_, nullptr, options(4));
  const Request fits = numbered(40, 1), large = numbered(70, 3);
  const auto before = run_all(engine, {fits});
  expect_error(ErrorKind::data, "request 1: 70 prompt tokens do not fit 64", [&] {
    run_all(engine, {fits, large, fits});
  });
  expect_error(ErrorKind::data, "--kv-memory", [&] { run_all(engine, {large}); });
  const auto after = run_all(engine, {fits});
  EXPECT_EQ(after[0].first_scores, before[0].first_scores);
}

TEST_P(EngineErrors, WhatFitsDoesNotDependOnWhatRanBefore) {
  // 16 tokens and 3 new ones are two pages; kept pieces of one token each would be many.
  Engine engine(*decoder_, nullptr, options(3));
  std::vector<Request> growing;
  for (std::int32_t n = 1; n <= 16; ++n) growing.push_back(numbered(n, 1));
  EXPECT_EQ(run_all(engine, growing).size(), 16U);
  Engine smallest(*decoder_, nullptr, options(2));
  EXPECT_EQ(run_all(smallest, growing).size(), 16U);
}

TEST_P(EngineErrors, APromptBeyondTheContextIsNamed) {
  Engine engine(*decoder_, nullptr, options(32));
  EXPECT_EQ(run_all(engine, {numbered(93, 1)})[0].result.tokens.size(), 3U);
  expect_error(ErrorKind::data, "request 0: a prompt of 94 tokens",
               [&] { run_all(engine, {numbered(94, 1)}); });
  Request far = numbered(10, 1);
  far.prompts[0].positions[4] = 94;
  expect_error(ErrorKind::data, "the model's context, 96", [&] { run_all(engine, {far}); });
  far.prompts[0].positions[4] = (1 << 30) - 1;
  far.stop.max_new_tokens = 2147483647;
  expect_error(ErrorKind::data, "the model's context, 96", [&] { run_all(engine, {far}); });
}

TEST_P(EngineErrors, BrokenRequestsAndOptionsAreRefused) {
  Engine engine(*decoder_, nullptr, options(8));
  Request unknown = numbered(5, 1);
  unknown.prompts[0].ids[2] = static_cast<text::TokenId>(model_.config().vocab);
  expect_error(ErrorKind::data, fmt::format("token id {}", model_.config().vocab),
               [&] { run_all(engine, {unknown}); });
  expect_error(ErrorKind::data, "request 0: a request without a prompt",
               [&] { run_all(engine, {request_of({}, 3)}); });
  const auto refused = [&](const std::string& part, EngineOptions broken) {
    expect_error(ErrorKind::usage, part, [&] { Engine(*decoder_, nullptr, broken); });
  };
  EngineOptions broken = options(8);
  broken.batch_size = 0;
  refused("0 requests at once", broken);
  broken = options(8);
  broken.page_tokens = 0;
  refused("0 tokens a page", broken);
  broken = options(8);
  broken.kv_memory = 100;
  refused("100 bytes for keys and values", broken);
}

TEST_P(EngineErrors, AnInterruptedEngineRunsAgain) {
  Engine engine(*decoder_, nullptr, options(64));
  std::vector<Request> requests;
  for (std::int32_t i = 0; i < 6; ++i) requests.push_back(numbered(20 + i, 10 * i, 8));
  for (const int steps : {0, 1, 2, 5}) {
    std::size_t taken = 0;
    int asked = 0, done = 0;
    const auto next = [&]() -> std::optional<Request> {
      return taken < requests.size() ? std::optional(requests[taken++]) : std::nullopt;
    };
    try {
      engine.run(next, {.done = [&](Result) { ++done; }, .cancelled = [&] { return asked++ == steps; }});
      ADD_FAILURE() << "not interrupted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::interrupted);
      EXPECT_EQ(error.exit_code(), 130);
    }
    EXPECT_EQ(done, 0);
  }
  const auto again = run_all(engine, requests), fresh = run_all(*decoder_, options(64), requests);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(again[i].first_scores, fresh[i].first_scores);
    EXPECT_EQ(again[i].result.tokens, fresh[i].result.tokens);
  }
}

TEST_P(EngineErrors, WhatAnEventThrowsEndsTheRunAndNothingIsKept) {
  Engine engine(*decoder_, nullptr, options(6));
  std::optional<Request> one = numbered(60, 1);
  const auto next = [&] { return std::exchange(one, std::nullopt); };
  EXPECT_THROW(engine.run(next, {.done = [](Result) { throw std::runtime_error("disk full"); }}),
               std::runtime_error);
  EXPECT_EQ(run_all(engine, {numbered(60, 2), numbered(60, 1)}).size(), 2U);
}

TEST_P(EngineErrors, ARunOfNothingEnds) {
  Engine engine(*decoder_, nullptr, options(4));
  engine.run([] { return std::optional<Request>(); }, {});
  EXPECT_EQ(engine.counters().steps, 0);
}

TEST_P(EngineErrors, GroupsBesideSequencesWithSharesKeepRoomForTheirStates) {
  // Two prompts with seven paraphrases each report no shares; one with two paraphrases beside them does.
  const auto marked = [&](std::int32_t paraphrases, std::int32_t first) {
    Prompt prompt = numbered(16, first).prompts[0];
    prompt.segments = prompt.paraphrases = paraphrases;
    for (std::int32_t i = 0; i < 16; ++i)
      prompt.segment_of[static_cast<std::size_t>(i)] = i * paraphrases / 16;
    prompt.paraphrase_of.resize(static_cast<std::size_t>(paraphrases));
    std::iota(prompt.paraphrase_of.begin(), prompt.paraphrase_of.end(), 0);
    return prompt;
  };
  const std::vector<Request> requests{request_of({marked(7, 1), marked(7, 30)}, 3),
                                      request_of({marked(2, 60)}, 3)};
  Engine engine(*decoder_, nullptr, options(64));
  const auto together = run_all(engine, requests);
  EXPECT_TRUE(together[0].result.shares.empty());
  EXPECT_EQ(together[1].result.shares.size(), GetParam() == Execution::shared ? 3U : 0U);
}

TEST_P(EngineErrors, TextComesPieceByPieceAndIsTheDecodedAnswer) {
  Engine engine(*decoder_, &model_.tokenizer(), options(64));
  std::vector<Request> requests;
  for (std::int32_t i = 0; i < 8; ++i) {
    requests.push_back(numbered(10 + i, 20 * i, 12));
    requests.back().index = i;
    requests.back().stop.newline = true;
  }
  std::map<std::int64_t, std::string> streamed, decoded;
  std::size_t taken = 0;
  engine.run(
      [&]() -> std::optional<Request> {
        return taken < requests.size() ? std::optional(requests[taken++]) : std::nullopt;
      },
      {.done = [&](Result r) { decoded[r.index] = model_.tokenizer().decode(r.tokens); },
       .text = [&](std::int64_t index, const std::string& text) { streamed[index] += text; }});
  EXPECT_EQ(decoded.size(), 8U);
  for (const auto& [index, text] : decoded) EXPECT_EQ(streamed[index], text);
}

INSTANTIATE_TEST_SUITE_P(Executions, EngineErrors, testing::Values(Execution::shared, Execution::packed),
                         [](const auto& of) { return of.param == Execution::shared ? "shared" : "packed"; });

}  // namespace
}  // namespace chorus::engine
