#include "data/lemma_columns.h"

#include <optional>
#include <utility>

#include "text/lemmas.h"

namespace chorus::data {
namespace {

Value answer_lemmas(const StringList& answers) {
  std::vector<StringList> lemmas;
  for (const std::string& answer : answers) lemmas.push_back(text::lemmas(answer));
  return lemmas;
}

}  // namespace

Table with_lemmas(const Table& table) {
  const std::size_t prediction = table.column("prediction"), answers = table.column("answers");
  std::vector<std::size_t> kept;  // columns of the old table, in order
  std::optional<std::size_t> place;
  for (std::size_t column = 0; column < table.columns(); ++column) {
    const std::string& name = table.schema()[column].name;
    if (name != kPredictLemma && name != kAnswerLemmas) kept.push_back(column);
    if (name == "generation") place = kept.size();
  }
  Schema columns;
  for (const std::size_t column : kept) columns.push_back(table.schema()[column]);
  const auto at = static_cast<std::ptrdiff_t>(place.value_or(kept.size()));
  columns.insert(columns.begin() + at, {{std::string(kPredictLemma), ColumnType::string_list},
                                        {std::string(kAnswerLemmas), ColumnType::string_list_list}});
  Table result(std::move(columns));
  for (std::size_t row = 0; row < table.rows(); ++row) {
    std::vector<Value> cells;
    for (const std::size_t column : kept) cells.push_back(table.at(row, column));
    Value predicted;
    if (!is_null(table.at(row, prediction)))
      predicted = text::lemmas(table.get<std::string>(row, prediction));
    cells.insert(cells.begin() + at,
                 {std::move(predicted), answer_lemmas(table.get<StringList>(row, answers))});
    result.append(std::move(cells));
  }
  return result;
}

}  // namespace chorus::data
