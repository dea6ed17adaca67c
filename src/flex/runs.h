// Ids of consecutive tokens (documents, segments) as runs of equal id, and which keys each run's rows see: what the mods of
// documents and segments capture, and what their structure is read from.
//
//   Runs runs({0, 0, 0, 1, 1, -1});
//   attention(q, k, v, out, {}, causal() & document(runs));   // runs must outlive the call
//   document(runs.view(device_ids));   // a kernel reads the ids on its device, block masks are made from the host's runs
#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "flex/captured.h"
#include "flex/structure.h"

namespace chorus::flex {

/// Rows in runs, and for each run a list of key ranges that its rows see. Host only.
class RunTable {
 public:
  /// The keys of run i are those of the group group_of_run[i] (-1: none); ranges_of_group are sorted and disjoint.
  RunTable(std::vector<Index> run_end, std::vector<Index> group_of_run,
           const std::vector<std::vector<Range>>& ranges_of_group);

  /// What rows q see of kv; causal: of that, what is not after the row. Rows past the last run see nothing.
  void seen_keys(Range q, Range kv, bool causal, SeenKeys& out) const;

 private:
  std::span<const Range> keys_of_run(std::size_t run) const;
  void add_run(Range rows, std::span<const Range> keys, Range kv, bool causal, SeenKeys& out) const;

  std::vector<Index> run_end_, group_;
  std::vector<std::size_t> first_;  // [groups + 1], into ranges_
  std::vector<Range> ranges_;
};

/// What mods hold of a Runs: the ids, which a device may have a copy of, and the host's table.
struct RunsView {
  Captured<Index> id;
  const RunTable* table = nullptr;
};

class Runs {
 public:
  explicit Runs(std::vector<Index> ids);

  /// Valid while this object, or a copy or move of it, lives.
  RunsView view() const { return {std::span(*ids_), table_.get()}; }
  /// The same with the ids at another place, such as a device's memory.
  RunsView view(const Index* copy_of_ids) const { return {{copy_of_ids, std::ssize(*ids_)}, table_.get()}; }
  std::span<const Index> ids() const { return *ids_; }

 private:
  std::shared_ptr<const std::vector<Index>> ids_;
  std::shared_ptr<const RunTable> table_;  // of the runs of the same id
};

/// The ranges of equal id, in order.
std::vector<Range> runs_of(std::span<const Index> ids);

}  // namespace chorus::flex
