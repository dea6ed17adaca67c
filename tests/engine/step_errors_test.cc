// A failure in the middle of a run says which request, step, layer, operation and device it was.
#include <gtest/gtest.h>

#include <limits>
#include <new>
#include <stdexcept>

#include "engine_fixture.h"
#include "support/errors.h"
#include "support/failing_backend.h"
#include "support/tiny_model.h"

namespace chorus::engine {
namespace {

using test::expect_error;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

class StepErrors : public testing::TestWithParam<Execution> {
 protected:
  EngineOptions options(std::int32_t batch_size) const {
    return {.execution = GetParam(), .batch_size = batch_size, .kv_memory = std::size_t{1} << 20};
  }
  /// Answers until the failure; the ids of what was done before it.
  static std::vector<std::string> done_before(Engine& engine, const std::vector<Request>& requests,
                                              ErrorKind kind, const std::string& part) {
    std::size_t taken = 0;
    const auto next = [&]() -> std::optional<Request> {
      if (taken == requests.size()) return std::nullopt;
      Request request = requests[taken];
      request.id = fmt::format("q{}", taken++);
      return request;
    };
    std::vector<std::string> done;
    expect_error(kind, part,
                 [&] { engine.run(next, {.done = [&](Result result) { done.push_back(result.id); }}); });
    return done;
  }
  static Request asking(std::vector<text::TokenId> ids, std::int32_t new_tokens = 3) {
    return request_of({causal_prompt(std::move(ids))}, new_tokens);
  }
  /// Two layers on one thread; `backend` can be made to fail.
  struct Failing {
    explicit Failing(const test::TinyModel& model) {
      auto made = std::make_unique<test::FailingBackend>(
          model::make_cpu_backend(model.config(), model::Compute::f32, 1));
      backend = made.get();
      decoder = model.decoder_on(std::move(made));
    }
    test::FailingBackend* backend = nullptr;
    std::unique_ptr<model::Decoder> decoder;
  };
};

TEST_P(StepErrors, AnOperationThatFailsIsNamed) {
  const test::TinyModel model;
  const Failing failing(model);
  Engine engine(*failing.decoder, nullptr, options(1));
  const std::vector<Request> requests{asking({1, 2, 3}), asking({4, 5, 6})};
  // Three steps of two layers answer the first; the second's second step ends in its second layer.
  failing.backend->attention_fails(
      9, [] { throw Error(ErrorKind::device, "the device is gone", "one that answers", "look after it"); });
  EXPECT_EQ(
      done_before(engine, requests, ErrorKind::device,
                  "q1, step 2, layer 1, attention (cpu, f32, 1 thread): the device is gone; expected one "
                  "that answers; look after it"),
      std::vector<std::string>{"q0"});
  // Products by `linear`: the projections of both layers, then the logits.
  failing.backend->linear_fails(3, [] { throw std::bad_alloc(); });
  EXPECT_TRUE(done_before(engine, requests, ErrorKind::device,
                          "q0, step 2, layer 0, query, key and value projections (cpu, f32, 1 thread): not "
                          "enough memory; expected room")
                  .empty());
  failing.backend->linear_fails(2, [] { throw std::runtime_error("could not execute a primitive"); });
  EXPECT_TRUE(done_before(engine, requests, ErrorKind::device,
                          "q0, step 1, logits (cpu, f32, 1 thread): could not execute a primitive")
                  .empty());
  // and goes on as if nothing had been
  const auto after = run_all(engine, requests), fresh = run_all(*model.decoder(), options(1), requests);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(after[i].first_scores, fresh[i].first_scores);
    EXPECT_EQ(after[i].result.tokens, fresh[i].result.tokens);
  }
}

TEST_P(StepErrors, OfABatchTheFirstIsNamedAndTheOthersCounted) {
  const test::TinyModel model;
  const Failing failing(model);
  Engine engine(*failing.decoder, nullptr, options(4));
  const std::vector<Request> requests{asking({1, 2, 3}), asking({4, 5, 6}), asking({7, 8, 9})};
  failing.backend->attention_fails(2, [] { throw std::bad_alloc(); });
  done_before(
      engine, requests, ErrorKind::device,
      "q0 (computed with 2 others), step 2, layer 0, attention (cpu, f32, 1 thread): not enough memory");
}

TEST_P(StepErrors, NumbersThatAreNotFiniteAreTracedToTheirOperation) {
  const struct {
    std::string tensor;
    std::string place;
  } cases[] = {
      {"model.layers.0.self_attn.v_proj.weight", "layer 0, query, key and value projections"},
      {"model.layers.1.input_layernorm.weight", "layer 1, query, key and value projections"},
      {"model.layers.1.self_attn.o_proj.weight", "layer 1, output projection of attention"},
      {"model.layers.0.mlp.down_proj.weight", "layer 0, down projection"},
      {"model.layers.1.mlp.up_proj.weight", "layer 1, down projection"},  // gate and up are not float32
      {"model.norm.weight", "logits"},
  };
  for (const auto& c : cases) {
    const test::TinyModel model(
        {.change = [&](test::ModelFile& file) { test::values_of(file, c.tensor)[5] = kNan; }});
    for (const model::Compute compute : {model::Compute::f32, model::fastest_compute()}) {
      const auto decoder = model.decoder(compute);
      Engine engine(*decoder, nullptr, options(2));
      done_before(engine, {asking({1, 2, 3}), asking({4, 5, 6})}, ErrorKind::model,
                  fmt::format("q0, step 1, {} ({}): logits of sequence 0 that are NaN or infinite", c.place,
                              decoder->backend().description()));
    }
  }
}

TEST_P(StepErrors, OnlyWhatReadsABadTokenFails) {
  constexpr text::TokenId kBad = 90;
  const test::TinyModel model({.tied = false, .change = [](test::ModelFile& file) {
                                 auto& rows = test::values_of(file, "model.embed_tokens.weight");
                                 rows[static_cast<std::size_t>(kBad * file.config.hidden)] = kNan;
                               }});
  const auto decoder = model.decoder();
  const std::vector<Request> requests{asking({1, 2, 3}), asking({4, 5, 6}), asking({7, kBad, 9}),
                                      asking({7, 8, 9})};
  for (const std::int32_t batch_size : {1, 4}) {
    Engine engine(*decoder, nullptr, options(batch_size));
    const auto done = done_before(engine, requests, ErrorKind::model,
                                  "q2, step 1, embedding (cpu, f32, 1 thread): logits of sequence 0");
    EXPECT_EQ(done.size(), batch_size == 1 ? 2U : 0U);
  }
  // A group of two prompts, the second of them bad.
  Engine engine(*decoder, nullptr, options(1));
  done_before(engine, {request_of({causal_prompt({1, 2}), causal_prompt({1, kBad})}, 3)}, ErrorKind::model,
              "q0, step 1, embedding (cpu, f32, 1 thread): logits of sequence 1 that are NaN");
}

INSTANTIATE_TEST_SUITE_P(Executions, StepErrors, testing::Values(Execution::shared, Execution::packed),
                         [](const auto& of) { return of.param == Execution::shared ? "shared" : "packed"; });

}  // namespace
}  // namespace chorus::engine
