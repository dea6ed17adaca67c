// Walks the spans of a tile as logical blocks of keys: pieces of one segment that fall into the same block
// come together, whatever pages they lie on, so no kernel ever sees where a physical piece begins or ends.
//
//   SpanBlocks<float> blocks(pages, tile, kv_head);
//   while (blocks.next()) use(blocks.span(), blocks.keys(), blocks.k(), blocks.v());
#pragma once

#include <algorithm>
#include <array>
#include <limits>

#include "flex/cpu/tile_layout.h"

namespace chorus::flex::cpu {

template <class T>
class SpanBlocks {
 public:
  SpanBlocks(const KvPages<T>& pages, const SpanTile& tile, Index kv_head)
      : pages_(pages), spans_(tile.spans), kv_head_(kv_head), slot_(spans_.empty() ? 0 : spans_[0].begin) {
    k_.fill(zero_.data());
    v_.fill(zero_.data());
  }

  /// Gathers the next block that has keys; false at the end. Hidden spans (bias -infinity) are passed over.
  bool next();

  /// The attributes of every key of the block.
  const KvSpan& span() const { return *span_; }
  /// Where in the block the keys lie; key i has logical index base() + i.
  KeyRange keys() const { return keys_; }
  Index base() const { return base_; }
  /// kBlock rows of head_dim elements. Those outside keys() are readable and finite, never meaningful.
  const T* const* k() const { return k_.data(); }
  const T* const* v() const { return v_.data(); }

 private:
  static bool joins(const KvSpan& a, const KvSpan& b) {
    return a.segment == b.segment && a.variant == b.variant && a.state == b.state && a.causal == b.causal &&
           a.score_scale == b.score_scale && a.score_bias == b.score_bias;
  }
  bool skip_to_keys();
  void gather();

  const KvPages<T>& pages_;
  std::span<const KvSpan> spans_;
  Index kv_head_;
  std::size_t at_ = 0;  // the span to read next
  Index slot_;          // its next slot
  const KvSpan* span_ = nullptr;
  Index base_ = 0;
  KeyRange keys_{};
  std::array<T, kMaxHeadDim> zero_{};
  std::array<const T*, kBlock> k_, v_;
};

template <class T>
bool SpanBlocks<T>::skip_to_keys() {
  while (at_ < spans_.size()) {
    const KvSpan& span = spans_[at_];
    if (slot_ < span.end && span.score_bias != -std::numeric_limits<float>::infinity()) return true;
    if (++at_ < spans_.size()) slot_ = spans_[at_].begin;
  }
  return false;
}

template <class T>
bool SpanBlocks<T>::next() {
  if (!skip_to_keys()) return false;
  span_ = &spans_[at_];
  const Index logical = span_->logical_first + (slot_ - span_->begin);
  base_ = logical / kBlock * kBlock;
  keys_ = {logical - base_, logical - base_};
  while (true) {
    gather();
    if (keys_.hi == kBlock || !skip_to_keys()) return true;
    const KvSpan& more = spans_[at_];
    if (!joins(*span_, more) || more.logical_first + (slot_ - more.begin) != base_ + keys_.hi) return true;
  }
}

/// Takes what the current span has for the block, one page at a time.
template <class T>
void SpanBlocks<T>::gather() {
  const KvSpan& span = spans_[at_];
  while (slot_ < span.end && keys_.hi < kBlock) {
    const Index page = slot_ / pages_.page_tokens, in_page = slot_ - page * pages_.page_tokens;
    const Index count = std::min({pages_.page_tokens - in_page, span.end - slot_, kBlock - keys_.hi});
    const std::int64_t row =
        (std::int64_t{span.pages[static_cast<std::size_t>(page)]} * pages_.kv_heads + kv_head_) *
            pages_.page_tokens +
        in_page;
    for (Index i = 0; i < count; ++i) {
      k_[static_cast<std::size_t>(keys_.hi + i)] = pages_.k + (row + i) * pages_.head_dim;
      v_[static_cast<std::size_t>(keys_.hi + i)] = pages_.v + (row + i) * pages_.head_dim;
    }
    keys_.hi += count;
    slot_ += count;
  }
}

}  // namespace chorus::flex::cpu
