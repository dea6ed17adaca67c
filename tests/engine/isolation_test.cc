// Change one token: keys and values of every token that does not see it, directly or through others, keep every bit;
// those of the tokens that see it change.
#include <gtest/gtest.h>

#include <limits>

#include "engine_fixture.h"
#include "support/tiny_model.h"

namespace chorus::engine {
namespace {

constexpr std::int32_t kFar = std::numeric_limits<std::int32_t>::max();

bool allowed(const Prompt& p, const std::vector<std::uint8_t>& sees, std::int32_t q, std::int32_t kv) {
  if (q < kv) return false;
  if (q >= p.free_from) return true;
  const auto a = p.segment_of[static_cast<std::size_t>(q)], b = p.segment_of[static_cast<std::size_t>(kv)];
  return kv < p.free_from && a >= 0 && b >= 0 && sees[static_cast<std::size_t>(a * p.segments + b)] != 0;
}

/// Per token: over how many others it sees `changed`; 0 for itself, kFar if not at all.
std::vector<std::int32_t> hops(const Prompt& p, std::int32_t changed) {
  const auto sees = sees_matrix(p);
  std::vector<std::int32_t> result(p.ids.size(), kFar);
  result[static_cast<std::size_t>(changed)] = 0;
  for (std::int32_t round = 1; round < p.size(); ++round)
    for (std::int32_t q = 0; q < p.size(); ++q)
      for (std::int32_t kv = 0; kv < q; ++kv)
        if (result[static_cast<std::size_t>(kv)] == round - 1 &&
            result[static_cast<std::size_t>(q)] == kFar && allowed(p, sees, q, kv))
          result[static_cast<std::size_t>(q)] = round;
  return result;
}

/// [token][layer]: the keys and values of a prompt's tokens before its free rows, all heads.
std::vector<std::vector<std::vector<float>>> keys_of(model::Decoder& decoder, Execution execution,
                                                     const Prompt& prompt) {
  Engine engine(decoder, nullptr, {.execution = execution, .kv_memory = std::size_t{1} << 22});
  run_all(engine, {request_of({prompt}, 2)});
  // Shared: the segments are still there. Packed: the same pages are taken again, with the keys still in them.
  const auto sequence = engine.sequences().open(prompt, 2);
  if (execution == Execution::shared) {
    EXPECT_EQ(engine.sequences().pending_tokens(), 0);
  }
  std::vector<std::vector<std::vector<float>>> keys;
  for (std::int32_t token = 0; token < prompt.free_from; ++token) {
    const model::KeyPlace place = engine.sequences().place(*sequence, token);
    auto& layers = keys.emplace_back();
    for (std::int64_t layer = 0; layer < decoder.config().layers; ++layer) {
      auto& values = layers.emplace_back();
      for (std::int64_t head = 0; head < decoder.config().kv_heads; ++head) {
        const auto part = engine.kv().read(layer, place.page, place.slot, head);
        values.insert(values.end(), part.begin(), part.end());
      }
    }
  }
  return keys;
}

class Isolation : public testing::TestWithParam<Execution> {};

/// Four segments, each of which sees the one before it only.
Prompt chain() {
  Prompt p = causal_prompt({1, 2, 3, 4, 5, 6, 7, 8});
  p.segment_of = {0, 0, 1, 1, 2, 2, 3, 3};
  p.segments = 4;
  p.sees = {{1, 0}, {2, 1}, {3, 2}};
  return p;
}

TEST_P(Isolation, OnlyWhatSeesATokenDependsOnIt) {
  const test::TinyModel model({.family = "qwen3", .layers = 4});
  const auto decoder = model.decoder();
  PromptSource source(5, model.config().vocab);
  std::int64_t untouched = 0, touched = 0, indirect = 0;
  for (int i = 0; i < 13; ++i) {
    const Prompt prompt = i == 0 ? chain() : source.next();
    if (prompt.free_from == 0) continue;
    const auto before = keys_of(*decoder, GetParam(), prompt);
    const std::int32_t changed = i == 0 ? 1 : source.below(prompt.free_from);
    Prompt other = prompt;
    auto& id = other.ids[static_cast<std::size_t>(changed)];
    id = (id + 17) % static_cast<text::TokenId>(model.config().vocab);
    const auto after = keys_of(*decoder, GetParam(), other);
    const auto distance = hops(prompt, changed);
    for (std::size_t token = 0; token < before.size(); ++token)
      for (std::size_t layer = 0; layer < before[token].size(); ++layer) {
        SCOPED_TRACE(testing::Message() << "prompt " << i << ", changed " << changed << ", token " << token
                                        << ", layer " << layer);
        // A change crosses one seen token a layer.
        if (distance[token] == kFar || static_cast<std::int32_t>(layer) < distance[token]) {
          EXPECT_EQ(before[token][layer], after[token][layer]);
          ++untouched;
        } else {
          EXPECT_NE(before[token][layer], after[token][layer]);
          ++touched;
          if (distance[token] > 1) ++indirect;
        }
      }
    if (HasFailure()) return;
  }
  EXPECT_GT(untouched, 100);
  EXPECT_GT(touched, 100);
  EXPECT_GT(indirect, 0);
}

TEST(TokenPlace, IsWithinTheSegmentWhenSharedAndInTheSequenceWhenPacked) {
  const test::TinyModel model;
  const auto decoder = model.decoder();
  Prompt prompt = causal_prompt({1, 2, 3, 4, 5});
  prompt.segment_of = {0, 0, 1, 1, 1};
  prompt.segments = 2;
  prompt.free_from = 4;
  prompt.positions = {0, 1, 7, 8, 20};
  const auto positions = [&](Execution execution) {
    Engine engine(*decoder, nullptr, {.execution = execution, .kv_memory = std::size_t{1} << 20});
    const auto sequence = engine.sequences().open(prompt, 1);
    std::vector<std::int32_t> result;
    for (std::int32_t token = 0; token < prompt.size(); ++token)
      result.push_back(engine.sequences().place(*sequence, token).position);
    return result;
  };
  EXPECT_EQ(positions(Execution::shared), (std::vector<std::int32_t>{0, 1, 0, 1, 0}));
  EXPECT_EQ(positions(Execution::packed), prompt.positions);
}

INSTANTIATE_TEST_SUITE_P(Executions, Isolation, testing::Values(Execution::shared, Execution::packed),
                         [](const auto& of) { return of.param == Execution::shared ? "shared" : "packed"; });

}  // namespace
}  // namespace chorus::engine
