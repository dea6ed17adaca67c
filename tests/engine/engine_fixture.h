// Runs requests through an engine and keeps what comes out; random prompts that share parts with each other.
//
//   const auto outcomes = run_all(*decoder, nullptr, {.batch_size = 5}, requests);   // in the order of `requests`
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "engine/engine.h"
#include "support/recorder.h"

namespace chorus::engine {

struct Outcome {
  Result result;
  std::vector<float> first_scores;  // of the first step, [vocab]
};

/// The sum of a group's logits: enough to tie its sequences together.
class Sum final : public NextToken {
 public:
  std::span<const float> scores(std::span<const std::span<const float>> logits,
                                std::vector<float>& scratch) const override {
    scratch.assign(logits.front().size(), 0.0F);
    for (const auto& row : logits)
      for (std::size_t i = 0; i < scratch.size(); ++i) scratch[i] += row[i];
    return scratch;
  }
};

inline Request request_of(std::vector<Prompt> prompts, std::int32_t new_tokens) {
  Request request;
  request.next = std::make_shared<Sum>();
  request.prompts = std::move(prompts);
  request.stop.max_new_tokens = new_tokens;
  return request;
}

inline std::vector<Outcome> run_all(Engine& engine, const std::vector<Request>& requests) {
  std::vector<Outcome> outcomes(requests.size());
  std::size_t taken = 0;
  const auto next = [&]() -> std::optional<Request> {
    if (taken == requests.size()) return std::nullopt;
    Request request = requests[taken];
    request.index = static_cast<std::int64_t>(taken);
    request.id = fmt::format("request {}", taken);
    request.next = std::make_shared<test::Recorder>(request.next, outcomes[taken].first_scores);
    ++taken;
    return request;
  };
  std::size_t done = 0;
  engine.run(next, {.done = [&](Result result) {
               outcomes[static_cast<std::size_t>(result.index)].result = std::move(result);
               ++done;
             }});
  EXPECT_EQ(done, requests.size());
  return outcomes;
}

inline std::vector<Outcome> run_all(model::Decoder& decoder, const EngineOptions& options,
                                    const std::vector<Request>& requests) {
  Engine engine(decoder, nullptr, options);
  return run_all(engine, requests);
}

/// |a - b| / |b|.
inline double relative_error(std::span<const float> a, std::span<const float> b) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    difference += d * d;
    norm += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  return a.size() == b.size() ? std::sqrt(difference / norm) : std::numeric_limits<double>::infinity();
}

/// Random prompts. Half of them begin as an earlier one did.
class PromptSource {
 public:
  PromptSource(unsigned seed, std::int64_t vocab) : random_(seed), vocab_(static_cast<int>(vocab)) {
    for (auto& content : contents_)
      for (int i = 0; i < 40; ++i) content.push_back(below(vocab_));
  }

  Prompt next() {
    Prompt p;
    p.segments = 1 + below(5);
    for (std::int32_t a = 0; a < p.segments; ++a)
      for (std::int32_t b = 0; b < p.segments; ++b)
        if (a != b && below(5) < 2) p.sees.emplace_back(a, b);
    p.paraphrases = below(4);
    for (std::int32_t s = 0; s < p.segments; ++s) p.paraphrase_of.push_back(below(p.paraphrases + 1) - 1);
    add_fusion(p);
    const int style = below(4);
    if (!earlier_.empty() && below(2) == 0)
      begin_as(earlier_[static_cast<std::size_t>(below(static_cast<int>(earlier_.size())))], p);
    for (int run = 1 + below(5); run > 0; --run) add_run(p, below(4) == 0 ? -1 : below(p.segments), style);
    p.free_from = p.size();
    if (below(8) == 0) p.free_from = 0;
    if (below(2) == 0) add_run(p, -1, style);
    earlier_.push_back(p);
    return p;
  }
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

 private:
  /// Half of the prompts with paraphrases are weighted, half calibrated.
  void add_fusion(Prompt& p) {
    if (p.paraphrases == 0) return;
    for (int i = below(2) * p.paraphrases; i > 0; --i)
      p.fusion.weights.push_back(0.5F * static_cast<float>(below(5)));
    if (below(2) == 0) return;
    p.fusion.temperature = 0.6F + 0.2F * static_cast<float>(below(4));
    p.fusion.scale = 0.7F + 0.2F * static_cast<float>(below(4));
  }
  /// The first runs of an earlier prompt, with its relation.
  void begin_as(const Prompt& earlier, Prompt& p) {
    p = earlier;
    const auto runs = runs_of(earlier);
    const auto n = static_cast<std::size_t>(
        runs.empty() ? 0 : runs[static_cast<std::size_t>(below(static_cast<int>(runs.size())))].end);
    p.ids.resize(n);
    p.segment_of.resize(n);
    p.positions.resize(n);
  }
  void add_run(Prompt& p, std::int32_t segment, int style) {
    const auto& content = contents_[static_cast<std::size_t>(below(4))];
    std::int32_t position = p.next_position();
    if (style == 1) position = 5;           // all aligned
    if (style == 2) position += below(30);  // gaps
    const int length = 1 + below(below(3) == 0 ? 40 : 12), same = below(3) == 0 ? below(length) : length;
    for (int i = 0; i < length; ++i) {
      p.ids.push_back(i < same ? content[static_cast<std::size_t>(i)] : below(vocab_));
      p.segment_of.push_back(segment);
      p.positions.push_back(style == 3 ? below(90) : position++);  // 3: anywhere
    }
  }

  std::mt19937 random_;
  int vocab_;
  std::vector<text::TokenId> contents_[4];
  std::vector<Prompt> earlier_;
};

}  // namespace chorus::engine
