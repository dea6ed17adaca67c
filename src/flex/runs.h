// Ids of consecutive tokens (documents, segments) as runs of equal id, so that a mask can look at a run at a time.
//
//   Runs runs({0, 0, 0, 1, 1, -1});
//   attention(q, k, v, out, {}, causal() & document(runs));   // runs must outlive the call
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "flex/index.h"

namespace chorus::flex {

/// Where a run ends, beside each token's id: what mods capture. Plain pointers, so that a device may hold a copy.
struct RunsView {
  const Index* id = nullptr;       // [length]
  const Index* run_end = nullptr;  // [length]: one past the last token of the run the token is in
  Index length = 0;
};

class Runs {
 public:
  explicit Runs(std::vector<Index> ids) : ids_(std::move(ids)), ends_(ids_.size()) {
    for (std::size_t i = ids_.size(); i-- > 0;)
      ends_[i] = i + 1 < ids_.size() && ids_[i + 1] == ids_[i] ? ends_[i + 1] : static_cast<Index>(i + 1);
  }
  RunsView view() const { return {ids_.data(), ends_.data(), static_cast<Index>(ids_.size())}; }
  std::span<const Index> ids() const { return ids_; }

 private:
  std::vector<Index> ids_, ends_;
};

}  // namespace chorus::flex
