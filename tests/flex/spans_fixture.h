// Random problems of attention over spans: segments of keys scattered over pages, cut where the test says.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <numeric>
#include <random>
#include <vector>

#include "core/dtype.h"
#include "flex/spans.h"

namespace chorus::flex::testing {

template <class T>
T element(float value) {
  if constexpr (std::is_same_v<T, float>)
    return value;
  else
    return T::from_float(value);
}

/// A pool of pages and the logical segments that live in it.
template <class T>
class Store {
 public:
  Store(Index pages, Index page_tokens, Index kv_heads, Index head_dim, unsigned seed)
      : page_tokens_(page_tokens),
        kv_heads_(kv_heads),
        head_dim_(head_dim),
        random_(seed),
        free_(static_cast<std::size_t>(pages)) {
    const auto n =
        static_cast<std::size_t>(pages) * static_cast<std::size_t>(page_tokens * kv_heads * head_dim);
    k_.resize(n);
    v_.resize(n);
    std::iota(free_.begin(), free_.end(), 0);
    std::shuffle(free_.begin(), free_.end(), random_);
  }

  KvPages<T> view() const { return {k_.data(), v_.data(), page_tokens_, kv_heads_, head_dim_}; }

  /// Keys [first, first + count) of a logical segment written on fresh pages, after `skip` unused slots. The
  /// values are a function of (segment, logical index, head, dim) alone, so two physical copies hold the same
  /// keys.
  KvSpan place(Index segment, Index first, Index count, Index skip = 0) {
    const Index slots = skip + count, need = (slots + page_tokens_ - 1) / page_tokens_;
    std::vector<Index>& pages = tables_.emplace_back();
    for (Index i = 0; i < need; ++i) {
      pages.push_back(free_.back());
      free_.pop_back();
    }
    for (Index i = 0; i < count; ++i) write(pages, skip + i, segment, first + i);
    KvSpan span;
    span.pages = pages;
    span.begin = skip;
    span.end = slots;
    span.logical_first = first;
    span.segment = segment;
    return span;
  }

 private:
  void write(const std::vector<Index>& pages, Index slot, Index segment, Index logical) {
    std::mt19937 values(static_cast<unsigned>(segment * 100'003 + logical));
    std::normal_distribution<float> normal;
    for (Index h = 0; h < kv_heads_; ++h) {
      const auto page = static_cast<std::size_t>(pages[static_cast<std::size_t>(slot / page_tokens_)]);
      const std::size_t key = (page * static_cast<std::size_t>(kv_heads_) + static_cast<std::size_t>(h)) *
                                  static_cast<std::size_t>(page_tokens_) +
                              static_cast<std::size_t>(slot % page_tokens_);
      for (std::size_t d = 0; d < static_cast<std::size_t>(head_dim_); ++d) {
        k_[key * static_cast<std::size_t>(head_dim_) + d] = element<T>(normal(values));
        v_[key * static_cast<std::size_t>(head_dim_) + d] = element<T>(normal(values));
      }
    }
  }

  Index page_tokens_, kv_heads_, head_dim_;
  std::mt19937 random_;
  std::vector<Index> free_;
  std::vector<T> k_, v_;
  std::deque<std::vector<Index>> tables_;
};

inline std::vector<float> normal_values(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  for (float& value : values) value = normal(random);
  return values;
}

}  // namespace chorus::flex::testing
