#include "eval/columns.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

namespace chorus::eval {

double mean(std::span<const double> values) {
  if (values.empty()) return kNone;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::string shown(double value) {
  return std::isnan(value) ? "-" : fmt::format("{:.3f}", value);
}

Columns words(std::initializer_list<const char*> names) {
  Columns columns;
  for (const char* name : names) columns.push_back({name, Table::words});
  return columns;
}

Columns numbers(std::initializer_list<const char*> names) {
  Columns columns;
  for (const char* name : names) columns.push_back({name, Table::number});
  return columns;
}

Columns run_columns() {
  return joined(words({"method"}), numbers({"N"}));
}

Cells run_cells(const Run& run) {
  return {run.name.label(), run.name.paraphrases > 0 ? fmt::format("{}", run.name.paraphrases) : "-"};
}

Columns accuracy_columns() {
  return numbers({"accuracy", "n", "lower", "upper"});
}

Cells accuracy_cells(const Estimate& accuracy, std::int64_t n) {
  return {shown(accuracy.value), fmt::format("{}", n), shown(accuracy.interval.lower),
          shown(accuracy.interval.upper)};
}

std::string prediction_of(const Run& run, std::size_t row) {
  return run.text(row, run.table.find("prediction") ? "prediction" : "greedy_predict");
}

}  // namespace chorus::eval
