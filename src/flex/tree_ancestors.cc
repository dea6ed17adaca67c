#include "flex/mods/tree_ancestors.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"

namespace chorus::flex {

// Parents come before their children, so two passes do: sizes of the subtrees from behind, places from the front.
Tree::Tree(std::vector<Index> parent) {
  const std::size_t n = parent.size();
  auto data = std::make_shared<Data>();
  data->chain.resize(n);
  data->enter.resize(n);
  data->leave.resize(n);
  std::vector<Index> size(n, 1), next(n);  // of the subtree; the place the next child takes
  for (std::size_t i = n; i-- > 0;) {
    if (parent[i] < -1 || parent[i] >= static_cast<Index>(i))
      throw Error(ErrorKind::usage, fmt::format("tree: token {} has the parent {}", i, parent[i]),
                  "a token before it, or -1", "");
    if (parent[i] >= 0) size[static_cast<std::size_t>(parent[i])] += size[i];
  }
  Index roots = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto above = static_cast<std::size_t>(parent[i]);
    Index& place = parent[i] < 0 ? roots : next[above];
    data->enter[i] = place;
    data->leave[i] = place + size[i];
    place += size[i];
    next[i] = data->enter[i] + 1;
    data->chain[i] =
        i > 0 && parent[i] == static_cast<Index>(i - 1) ? data->chain[i - 1] : static_cast<Index>(i);
  }
  data->parent = std::move(parent);
  data_ = std::move(data);
}

TreeAncestors Tree::ancestors() const {
  return ancestors(data_->enter.data(), data_->leave.data());
}

TreeAncestors Tree::ancestors(const Index* enter, const Index* leave) const {
  TreeAncestors mod;
  mod.places = {{enter, std::ssize(data_->enter)}, {leave, std::ssize(data_->leave)}};
  mod.parent = data_->parent.data();
  mod.chain = data_->chain.data();
  return mod;
}

// Rows of one chain: the last one's ancestors are seen by some, the first one's by all.
void TreeAncestors::seen_keys(Index, Index, Range q, Range kv, SeenKeys& out) const {
  const auto add_ancestors = [&](Index token, KeyRanges& to) {
    for (; token >= 0; token = parent[chain[token]]) to.push(clip_keys(chain[token], token, kv));
  };
  const auto tidy = [](KeyRanges& list) { list.sort(); };
  bool first = true;
  for (Index row = q.begin; row < q.end;) {
    Index last = row;
    while (last + 1 < q.end && parent[last + 1] == last) ++last;
    KeyRanges here, both;
    add_ancestors(row, here);
    tidy(here);
    add_ancestors(last, out.any);
    if (first)
      out.all.assign(here);
    else {
      intersect(out.all, here, both);
      out.all.assign(both);
    }
    first = false;
    row = last + 1;
  }
  tidy(out.any);
}

}  // namespace chorus::flex
