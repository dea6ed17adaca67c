#include "flex/runs.h"

#include <algorithm>
#include <limits>
#include <map>

namespace chorus::flex {
namespace {

std::shared_ptr<const RunTable> table_of_equal_ids(std::span<const Index> ids) {
  std::vector<Index> ends, group_of_run;
  std::vector<std::vector<Range>> ranges;
  std::map<Index, Index> group_of_id;
  for (const Range run : runs_of(ids)) {
    const auto [at, fresh] =
        group_of_id.try_emplace(ids[static_cast<std::size_t>(run.begin)], static_cast<Index>(ranges.size()));
    if (fresh) ranges.emplace_back();
    ranges[static_cast<std::size_t>(at->second)].push_back(run);
    ends.push_back(run.end);
    group_of_run.push_back(at->second);
  }
  return std::make_shared<const RunTable>(std::move(ends), std::move(group_of_run), ranges);
}

}  // namespace

std::vector<Range> runs_of(std::span<const Index> ids) {
  std::vector<Range> runs;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i == 0 || ids[i] != ids[i - 1]) runs.push_back({static_cast<Index>(i), 0});
    runs.back().end = static_cast<Index>(i + 1);
  }
  return runs;
}

Runs::Runs(std::vector<Index> ids)
    : ids_(std::make_shared<const std::vector<Index>>(std::move(ids))), table_(table_of_equal_ids(*ids_)) {}

RunTable::RunTable(std::vector<Index> run_end, std::vector<Index> group_of_run,
                   const std::vector<std::vector<Range>>& ranges_of_group)
    : run_end_(std::move(run_end)), group_(std::move(group_of_run)) {
  for (const auto& ranges : ranges_of_group) {
    first_.push_back(ranges_.size());
    ranges_.insert(ranges_.end(), ranges.begin(), ranges.end());
  }
  first_.push_back(ranges_.size());
}

std::span<const Range> RunTable::keys_of_run(std::size_t run) const {
  if (run >= group_.size() || group_[run] < 0) return {};
  const auto group = static_cast<std::size_t>(group_[run]);
  return std::span(ranges_).subspan(first_[group], first_[group + 1] - first_[group]);
}

void RunTable::add_run(Range rows, std::span<const Range> keys, Range kv, bool causal, SeenKeys& out) const {
  const Index any_end = causal ? std::min(kv.end, rows.end) : kv.end;
  const Index all_end = causal ? std::min(kv.end, rows.begin + 1) : kv.end;
  const auto* at = keys.data();
  const auto* const end = at + keys.size();
  if (keys.size() > 8)  // else the loop is as fast
    at = std::partition_point(at, end, [&](Range range) { return range.end <= kv.begin; });
  for (; at != end && at->begin < any_end; ++at)
    out.add({std::max(at->begin, kv.begin), std::min(at->end, any_end)},
            {std::max(at->begin, kv.begin), std::min(at->end, all_end)});
}

void RunTable::seen_keys(Range q, Range kv, bool causal, SeenKeys& out) const {
  auto run = static_cast<std::size_t>(std::upper_bound(run_end_.begin(), run_end_.end(), q.begin) -
                                      run_end_.begin());
  const auto rows_of = [&](Index from) {
    return Range{from, run < run_end_.size() ? std::min(run_end_[run], q.end) : q.end};
  };
  Range rows = rows_of(q.begin);
  add_run(rows, keys_of_run(run), kv, causal, out);
  if (rows.end == q.end) return;  // the usual case: one run
  KeyRanges any, all, both;
  any.assign(out.any);
  all.assign(out.all);
  while (rows.end < q.end) {
    ++run;
    rows = rows_of(rows.end);
    out.clear();
    add_run(rows, keys_of_run(run), kv, causal, out);
    for (const Range range : out.any) any.push(range);
    both.clear();
    intersect(all, out.all, both);
    all.assign(both);
  }
  any.sort();
  out.any.assign(any);
  out.all.assign(all);
}

}  // namespace chorus::flex
