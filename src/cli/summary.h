// The table at the end of a run: accuracy with its interval, and how fast.
//
//   Summary summary;
//   summary.add("flex", score_table(table), seconds, answered);
//   fmt::print("{}", summary.text());
#pragma once

#include <string>
#include <vector>

#include "data/table.h"
#include "eval/accuracy.h"
#include "eval/table.h"

namespace chorus::cli {

/// Every row of a result by its columns prediction and answers. Throws Error(data) where one is missing.
eval::Tally score_table(const data::Table& table);
/// Rows whose prediction is blank, or null.
std::size_t empty_predictions(const data::Table& table);

class Summary {
 public:
  Summary();
  /// `answered` questions took `seconds`; 0 for a result that was there already.
  void add(const std::string& name, eval::Tally tally, double seconds, std::size_t answered);
  /// The table, and the rule it was scored by.
  std::string text() const;
  /// An array of one object a row, each with its rule.
  std::string json() const { return json_.json(); }

 private:
  eval::Table table_, json_;
};

}  // namespace chorus::cli
