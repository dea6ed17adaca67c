// Puts a prompt together piece by piece and keeps what every token is; what all layouts are made with.
//
//   Sequencer sequence(2);
//   const std::int32_t s = sequence.add_segment(-1);
//   sequence.add(ids, s);
//   sequence.begin_free();
//   engine::Prompt prompt = sequence.take();
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/prompt.h"
#include "ensemble/layout.h"

namespace chorus::ensemble {

class Sequencer {
 public:
  explicit Sequencer(std::int32_t paraphrases) { prompt_.paraphrases = paraphrases; }

  std::int32_t add_segment(std::int32_t paraphrase) {
    prompt_.paraphrase_of.push_back(paraphrase);
    return prompt_.segments++;
  }
  void add(std::span<const text::TokenId> ids, std::int32_t segment) {
    for (const text::TokenId id : ids) {
      prompt_.ids.push_back(id);
      prompt_.segment_of.push_back(segment);
      prompt_.positions.push_back(position_++);
    }
  }
  void add(text::TokenId id, std::int32_t segment) { add({&id, 1}, segment); }
  void sees(std::int32_t a, std::int32_t b) { prompt_.sees.emplace_back(a, b); }

  std::int32_t position() const { return position_; }
  void move_to(std::int32_t position) { position_ = position; }
  /// Goes on after the largest position used.
  void move_past_all() { position_ = prompt_.next_position(); }

  /// Free rows begin here.
  void begin_free() { prompt_.free_from = prompt_.size(); }
  engine::Prompt take() { return std::move(prompt_); }

 private:
  engine::Prompt prompt_;
  std::int32_t position_ = 0;
};

/// The paraphrases in the order in which they stand in the sequence.
std::vector<std::int32_t> order_of(const LayoutOptions& options, std::size_t n);

/// Gives the prompt the calibration of the options.
void calibrate(const LayoutOptions& options, engine::Prompt& prompt);

}  // namespace chorus::ensemble
