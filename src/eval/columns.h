// What the tables of the analysis have in common: which run a row is of, an accuracy with its interval, numbers as they are shown.
//
//   Table table(joined(run_columns(), accuracy_columns(), numbers({"gain"})));
//   table.add(joined(run_cells(run), accuracy_cells(estimate, n), Cells{shown(gain)}));
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "eval/bootstrap.h"
#include "eval/run.h"
#include "eval/table.h"

namespace chorus::eval {

/// The value of what there is nothing to compute from.
inline constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// kNone where there are none.
double mean(std::span<const double> values);

/// "0.412", and "-" for what is not a number.
std::string shown(double value);

using Columns = std::vector<Table::Column>;
using Cells = std::vector<std::string>;

/// The lists one after the other.
template <class List, class... Lists>
List joined(List list, const Lists&... more) {
  (list.insert(list.end(), more.begin(), more.end()), ...);
  return list;
}

/// Columns of words, columns of numbers.
Columns words(std::initializer_list<const char*> names);
Columns numbers(std::initializer_list<const char*> names);

/// method, N
Columns run_columns();
Cells run_cells(const Run& run);

/// accuracy, n, and the ends of its 95 % interval: lower, upper
Columns accuracy_columns();
Cells accuracy_cells(const Estimate& accuracy, std::int64_t n);

/// What the run answered: the prediction, or of a confidence run the greedy one.
std::string prediction_of(const Run& run, std::size_t row);

}  // namespace chorus::eval
