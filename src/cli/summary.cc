#include "cli/summary.h"

#include <fmt/format.h>

#include "core/white_space.h"
#include "eval/score.h"

namespace chorus::cli {

using eval::Table;

eval::Tally score_table(const data::Table& table) {
  const std::size_t prediction = table.column("prediction"), answers = table.column("answers");
  eval::Tally tally;
  for (std::size_t row = 0; row < table.rows();
       ++row)  // a prediction that is null, as pandas leaves an empty one, is wrong
    tally.add(!data::is_null(table.at(row, prediction)) &&
              eval::is_match(table.get<std::string>(row, prediction),
                             table.get<std::vector<std::string>>(row, answers)));
  return tally;
}

std::size_t empty_predictions(const data::Table& table) {
  const std::size_t prediction = table.column("prediction");
  std::size_t count = 0;
  for (std::size_t row = 0; row < table.rows(); ++row)
    count +=
        data::is_null(table.at(row, prediction)) || core::is_blank(table.get<std::string>(row, prediction));
  return count;
}

Summary::Summary()
    : table_({{"method", Table::words},
              {"accuracy", Table::number},
              {"n", Table::number},
              {"lower", Table::number},
              {"upper", Table::number},
              {"questions/s", Table::number}}),
      json_({{"method", Table::words},
             {"accuracy", Table::number},
             {"n", Table::number},
             {"lower", Table::number},
             {"upper", Table::number},
             {"questions_per_s", Table::number},
             {"match", Table::words}}) {}

void Summary::add(const std::string& name, eval::Tally tally, double seconds, std::size_t answered) {
  const eval::Accuracy a = eval::accuracy(tally);
  std::vector<std::string> cells{
      name,
      fmt::format("{:.3f}", a.value),
      fmt::format("{}", a.n),
      fmt::format("{:.3f}", a.interval.lower),
      fmt::format("{:.3f}", a.interval.upper),
      answered > 0 && seconds > 0 ? fmt::format("{:.2f}", static_cast<double>(answered) / seconds) : "-"};
  table_.add(cells);
  cells.emplace_back(eval::described(eval::MatchRule::gold_in_prediction));
  json_.add(std::move(cells));
}

std::string Summary::text() const {
  return fmt::format("{}lower and upper: 95 % interval (Wilson); match: {}\n", table_.text(),
                     eval::described(eval::MatchRule::gold_in_prediction));
}

}  // namespace chorus::cli
