// The keys of a call cut into parts, and the memory that parts need until they are merged. One part needs none.
//
//   SplitKeys split(options, k.extents, out.extents);
//   for (Index i = 0; i < split.parts(); ++i) work.run(task, split.part(i), scratch);
//   split.merge(out, options.lse);
#pragma once

#include <vector>

#include "flex/cpu/dense.h"
#include "flex/merge.h"

namespace chorus::flex::cpu {

class SplitKeys {
 public:
  SplitKeys(const AttentionOptions& options, const Extents& k, const Extents& out) : rows_(lse_entries(out)) {
    const Range keys = keys_of(options, k), blocks = blocks_over(keys);
    const Index parts = std::max(1, std::min(options.kv_splits, blocks.size()));
    if (parts == 1) {
      parts_.push_back({.keys = keys, .lse = options.lse});
      return;
    }
    const std::size_t size = rows_ * static_cast<std::size_t>(out.dim);
    out_.resize(size * static_cast<std::size_t>(parts));
    lse_.resize(rows_ * static_cast<std::size_t>(parts));
    for (Index i = 0; i < parts; ++i) {
      const auto border = [&](Index at) {
        const auto block = static_cast<Index>(std::int64_t{blocks.size()} * at / parts);
        return std::clamp((blocks.begin + block) * kBlock, keys.begin, keys.end);
      };
      const auto n = static_cast<std::size_t>(i);
      parts_.push_back({.keys = {border(i), border(i + 1)},
                        .out = head_major(out_.data() + n * size, out),
                        .lse = std::span(lse_).subspan(n * rows_, rows_)});
    }
  }

  std::int64_t parts() const { return static_cast<std::int64_t>(parts_.size()); }
  const DensePart& part(std::int64_t i) const { return parts_[static_cast<std::size_t>(i)]; }

  template <class T>
  void merge(View<T> out, std::span<LogSumExp> lse) const {
    if (parts_.size() == 1) return;
    std::vector<AttentionPart> done;
    for (const DensePart& part : parts_) done.push_back({part.out, part.lse});
    merge_parts<T>(done, out, lse);
  }

 private:
  std::size_t rows_;
  std::vector<float> out_;
  std::vector<LogSumExp> lse_;
  std::vector<DensePart> parts_;
};

}  // namespace chorus::flex::cpu
