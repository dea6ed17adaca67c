// A request's result is the same bits whatever runs beside it, before it and on how many threads.
#include <gtest/gtest.h>

#include "engine_fixture.h"
#include "model/cpu/cpu_backend.h"
#include "support/tiny_model.h"

namespace chorus::engine {
namespace {

constexpr std::int32_t kNewTokens = 5;

struct Setting {
  Execution execution;
  model::Compute compute;
};

void expect_same(const Outcome& got, const Outcome& expected) {
  EXPECT_EQ(got.result.tokens, expected.result.tokens);
  EXPECT_EQ(got.result.margins, expected.result.margins);
  EXPECT_EQ(got.result.logprob, expected.result.logprob);
  EXPECT_EQ(got.result.shares, expected.result.shares);
  EXPECT_EQ(got.result.stop_reason, expected.result.stop_reason);
  EXPECT_EQ(got.result.prompt_tokens, expected.result.prompt_tokens);
  EXPECT_EQ(got.first_scores, expected.first_scores);
}

class Determinism : public testing::TestWithParam<Setting> {
 protected:
  void SetUp() override {
    if (GetParam().compute == model::Compute::bf16 && model::fastest_compute() != model::Compute::bf16)
      GTEST_SKIP() << "this processor does not multiply bf16";
    PromptSource source(11, model_.config().vocab);
    for (int i = 0; i < 10; ++i) requests_.push_back(request_of({source.next()}, kNewTokens));
    for (int i = 0; i < 4; ++i)
      requests_.push_back(request_of({source.next(), source.next(), source.next()}, kNewTokens));
    requests_.push_back(requests_[3]);  // again, when its segments may be there already
    requests_.push_back(request_of({causal_prompt(std::vector<text::TokenId>(150, 7))}, kNewTokens));
    one_ = model_.decoder(GetParam().compute, 1);
    for (const Request& request : requests_)
      alone_.push_back(run_all(*one_, options(1, std::size_t{1} << 24), {request})[0]);
  }
  EngineOptions options(std::int32_t batch_size, std::size_t kv_memory) const {
    return {.execution = GetParam().execution,
            .batch_size = batch_size,
            .kv_memory = kv_memory,
            .prefill_rows = 300};
  }
  /// Runs the requests in this order on one engine; each must come out as it did alone.
  void expect_as_alone(model::Decoder& decoder, const EngineOptions& options,
                       const std::vector<std::size_t>& order) {
    std::vector<Request> requests;
    for (const std::size_t i : order) requests.push_back(requests_[i]);
    const auto outcomes = run_all(decoder, options, requests);
    for (std::size_t k = 0; k < order.size(); ++k) {
      SCOPED_TRACE(testing::Message() << "request " << order[k] << " in place " << k);
      expect_same(outcomes[k], alone_[order[k]]);
    }
  }
  std::vector<std::size_t> in_order() const {
    std::vector<std::size_t> order(requests_.size());
    std::iota(order.begin(), order.end(), 0U);
    return order;
  }
  /// Pages that a request takes when it shares nothing.
  std::int64_t pages(const Request& request) const {
    std::int64_t total = 0;
    const PagePool pool(0, EngineOptions{}.page_tokens);
    for (const Prompt& prompt : request.prompts) {
      if (GetParam().execution == Execution::packed) {
        total += pool.pages_for(prompt.size() + kNewTokens);
        continue;
      }
      for (const engine::Run& run : runs_of(prompt)) total += pool.pages_for(run.end - run.begin);
      total += pool.pages_for(prompt.size() - prompt.free_from + kNewTokens);
    }
    return total;
  }

  test::TinyModel model_{{.family = "qwen2", .quantised = true}};
  std::unique_ptr<model::Decoder> one_;
  std::vector<Request> requests_;
  std::vector<Outcome> alone_;
};

TEST_P(Determinism, BatchSizeAndThreads) {
  const auto two = model_.decoder(GetParam().compute, 2);
  for (const std::int32_t batch_size : {1, 5, 16}) {
    SCOPED_TRACE(testing::Message() << "batch " << batch_size);
    expect_as_alone(*one_, options(batch_size, std::size_t{1} << 24), in_order());
    // Threads that wait spin: two of them on a busy machine take long, so they get one request at a time only once.
    if (batch_size == 1 && GetParam().execution == Execution::packed) continue;
    SCOPED_TRACE("two threads");
    expect_as_alone(*two, options(batch_size, std::size_t{1} << 24), in_order());
  }
}

TEST_P(Determinism, OrderAndRepetition) {
  std::mt19937 random(3);
  for (int round = 0; round < 2; ++round) {
    std::vector<std::size_t> order = in_order();
    order.insert(order.end(), {2, 5, 11, 2});
    std::shuffle(order.begin(), order.end(), random);
    expect_as_alone(*one_, options(7, std::size_t{1} << 24), order);
  }
}

TEST_P(Determinism, MemoryForOneRequestAlone) {
  std::int64_t most = 0;
  for (const Request& request : requests_) most = std::max(most, pages(request));
  const std::size_t page = one_->backend().kv_store(1, EngineOptions{}.page_tokens)->page_bytes();
  for (const std::int64_t more : {0, 5}) {
    SCOPED_TRACE(testing::Message() << most + more << " pages");
    expect_as_alone(*one_, options(16, page * static_cast<std::size_t>(most + more)), in_order());
  }
}

template <class T>
void poison(model::KvStore& kv, const model::ModelConfig& config, std::int32_t pages, T value) {
  auto& store = dynamic_cast<model::cpu::CpuKvStore<T>&>(kv);
  for (std::int64_t layer = 0; layer < config.layers; ++layer)
    for (std::int32_t page = 0; page < pages; ++page)
      for (std::int32_t slot = 0; slot < EngineOptions{}.page_tokens; ++slot)
        for (std::int64_t head = 0; head < config.kv_heads; ++head) {
          std::fill_n(store.key(layer, page, slot, head), config.head_dim, value);
          std::fill_n(store.value(layer, page, slot, head), config.head_dim, value);
        }
}

TEST_P(Determinism, WhatWasInThePagesBefore) {
  const std::size_t page = one_->backend().kv_store(1, EngineOptions{}.page_tokens)->page_bytes();
  constexpr std::int32_t kPages = 400;
  Engine engine(*one_, nullptr, options(16, page * kPages));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  if (GetParam().compute == model::Compute::f32) {
    poison(engine.kv(), model_.config(), kPages, nan);
  } else {
    poison(engine.kv(), model_.config(), kPages, core::bf16::from_float(nan));
  }
  const auto outcomes = run_all(engine, requests_);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    SCOPED_TRACE(i);
    expect_same(outcomes[i], alone_[i]);
  }
}

TEST_P(Determinism, ASecondRunOfTheSameEngine) {
  Engine engine(*one_, nullptr, options(5, std::size_t{1} << 24));
  run_all(engine, requests_);
  const auto before = engine.counters().prefill_rows;
  const auto again = run_all(engine, requests_);
  for (std::size_t i = 0; i < again.size(); ++i) expect_same(again[i], alone_[i]);
  if (GetParam().execution == Execution::packed) return;
  // What is computed again: the rows of every cue, or the one row that predicts the first token.
  std::int64_t own = 0;
  for (const Request& request : requests_)
    for (const Prompt& prompt : request.prompts) own += std::max(1, prompt.size() - prompt.free_from);
  EXPECT_LE(engine.counters().prefill_rows - before, own) << "segments were computed again";
}

INSTANTIATE_TEST_SUITE_P(Settings, Determinism,
                         testing::Values(Setting{Execution::shared, model::Compute::f32},
                                         Setting{Execution::packed, model::Compute::f32},
                                         Setting{Execution::shared, model::Compute::bf16},
                                         Setting{Execution::packed, model::Compute::bf16}),
                         [](const auto& of) {
                           return std::string(of.param.execution == Execution::shared ? "shared" : "packed") +
                                  (of.param.compute == model::Compute::f32 ? "_f32" : "_bf16");
                         });

}  // namespace
}  // namespace chorus::engine
