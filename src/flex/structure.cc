#include "flex/structure.h"

#include <utility>

namespace chorus::flex {

void KeyRanges::make_room() {
  auto more = std::make_unique<Range[]>(2 * capacity_);
  std::copy_n(data_, size_, more.get());
  outside_ = std::move(more);
  data_ = outside_.get();
  capacity_ *= 2;
}

void KeyRanges::sort() {
  const auto before = [](Range a, Range b) { return a.begin < b.begin; };
  if (!std::is_sorted(begin(), end(), before)) std::sort(data_, data_ + size_, before);
  const std::size_t pushed = std::exchange(size_, 0);
  for (std::size_t i = 0; i < pushed; ++i) add(data_[i]);  // never overtakes what is still to be read
}

void intersect(const KeyRanges& a, const KeyRanges& b, KeyRanges& out) {
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    out.add({std::max(a[i].begin, b[j].begin), std::min(a[i].end, b[j].end)});
    a[i].end < b[j].end ? ++i : ++j;
  }
}

void unite(const KeyRanges& a, const KeyRanges& b, KeyRanges& out) {
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    const bool left = j == b.size() || (i < a.size() && a[i].begin <= b[j].begin);
    out.add(left ? a[i++] : b[j++]);
  }
}

void complement(const KeyRanges& a, Range within, KeyRanges& out) {
  Index from = within.begin;
  for (const Range range : a) {
    out.add({from, range.begin});
    from = range.end;
  }
  out.add({from, within.end});
}

void join_rows(const SeenKeys& a, const SeenKeys& b, SeenKeys& out) {
  unite(a.any, b.any, out.any);
  intersect(a.all, b.all, out.all);
}

}  // namespace chorus::flex
