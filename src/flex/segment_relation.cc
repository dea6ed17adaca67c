#include "flex/mods/segment_relation.h"

#include <fmt/format.h>

#include "core/error.h"

namespace chorus::flex {
namespace {

std::vector<Index> checked(std::vector<Index> ids, Index segments, Index free_from) {
  if (free_from < 0 || static_cast<std::size_t>(free_from) > ids.size())
    throw Error(ErrorKind::usage,
                fmt::format("segment relation: {} tokens, free from {}", ids.size(), free_from),
                "a segment for each token that is not free", "");
  ids.resize(static_cast<std::size_t>(free_from));
  for (const Index id : ids)
    if (id < -1 || id >= segments)
      throw Error(ErrorKind::usage, fmt::format("segment relation: segment {}", id),
                  fmt::format("-1 to {}", segments - 1), "");
  return ids;
}

/// What the rows of a segment see, causality aside: the runs of the segments it sees.
std::shared_ptr<const RunTable> table_of(std::span<const Index> ids, Index segments,
                                         const std::vector<unsigned char>& sees) {
  std::vector<Index> ends, group_of_run;
  std::vector<std::vector<Range>> own(static_cast<std::size_t>(segments)), seen(own.size());
  for (const Range run : runs_of(ids)) {
    const Index id = ids[static_cast<std::size_t>(run.begin)];
    ends.push_back(run.end);
    group_of_run.push_back(id);
    if (id >= 0) own[static_cast<std::size_t>(id)].push_back(run);
  }
  for (std::size_t a = 0; a < own.size(); ++a) {
    KeyRanges keys;
    for (std::size_t b = 0; b < own.size(); ++b)
      if (sees[a * own.size() + b] != 0)
        for (const Range run : own[b]) keys.push(run);
    keys.sort();
    seen[a].assign(keys.begin(), keys.end());
  }
  return std::make_shared<const RunTable>(std::move(ends), std::move(group_of_run), seen);
}

std::vector<unsigned char> matrix_of(Index segments, std::span<const std::pair<Index, Index>> sees) {
  const auto n = static_cast<std::size_t>(segments);
  std::vector<unsigned char> matrix(n * n, 0);
  for (std::size_t s = 0; s < n; ++s) matrix[s * n + s] = 1;
  for (const auto& [a, b] : sees) {
    if (a < 0 || a >= segments || b < 0 || b >= segments)
      throw Error(ErrorKind::usage, fmt::format("segment relation: {} sees {}", a, b),
                  fmt::format("segments 0 to {}", segments - 1), "");
    matrix[static_cast<std::size_t>(a) * n + static_cast<std::size_t>(b)] = 1;
  }
  return matrix;
}

}  // namespace

SegmentRelation::SegmentRelation(std::vector<Index> segment_of, Index segments,
                                 std::span<const std::pair<Index, Index>> sees, Index free_from)
    : segments_(segments),
      free_from_(free_from),
      segment_of_(
          std::make_shared<const std::vector<Index>>(checked(std::move(segment_of), segments, free_from))),
      sees_(std::make_shared<const std::vector<unsigned char>>(matrix_of(segments, sees))),
      table_(table_of(*segment_of_, segments, *sees_)) {}

SegmentMask SegmentRelation::mask() const {
  return mask(segment_of_->data(), sees_->data());
}

SegmentMask SegmentRelation::mask(const Index* segment_of, const unsigned char* sees) const {
  SegmentMask mod;
  mod.runs = {{segment_of, std::ssize(*segment_of_)}, table_.get()};
  mod.sees = {sees, std::ssize(*sees_)};
  mod.segments = segments_;
  mod.free_from = free_from_;
  return mod;
}

void SegmentMask::seen_keys(Index, Index, Range q, Range kv, SeenKeys& out) const {
  const Range bound{q.begin, std::min(q.end, free_from)}, open{std::max(q.begin, free_from), q.end};
  if (open.size() <= 0) return runs.table->seen_keys(q, kv, true, out);
  const Range by_any = clip_keys(0, open.end - 1, kv), by_all = clip_keys(0, open.begin, kv);
  if (bound.size() <= 0) return out.add(by_any, by_all);
  SeenKeys before, free;
  runs.table->seen_keys(bound, kv, true, before);
  free.add(by_any, by_all);
  join_rows(before, free, out);
}

}  // namespace chorus::flex
