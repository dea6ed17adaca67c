#include "data/lemma_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include "core/error.h"
#include "text/lemmas.h"

namespace chorus::data {
namespace {

struct LemmaColumn {
  std::string_view source, name;
};
// In file order; `source` is a text or a list of texts.
constexpr std::array kLemmaColumns = {
    LemmaColumn{"prediction", kPredictLemma}, LemmaColumn{"greedy_predict", "greedy_lemma"},
    LemmaColumn{"sample_predicts", "sample_lemmas"}, LemmaColumn{"answers", kAnswerLemmas}};

bool is_lemma_column(std::string_view name) {
  return std::any_of(kLemmaColumns.begin(), kLemmaColumns.end(),
                     [&](const LemmaColumn& c) { return c.name == name; });
}

/// A text's lemmas, or those of each text of a list; null of null.
Value lemmas_of(const Value& value) {
  if (const auto* const text = std::get_if<std::string>(&value)) return text::lemmas(*text);
  const auto* const list = std::get_if<StringList>(&value);
  if (list == nullptr) return {};
  std::vector<StringList> lemmas;
  for (const std::string& text : *list) lemmas.push_back(text::lemmas(text));
  return lemmas;
}

struct Addition {
  std::size_t source;
  Field field;
};

std::vector<Addition> additions_to(const Table& table) {
  if (!table.find("greedy_predict")) table.column("prediction");  // it says what is missing
  table.column("answers");
  std::vector<Addition> additions;
  for (const LemmaColumn& column : kLemmaColumns) {
    const auto source = table.find(column.source);
    if (!source) continue;
    const ColumnType type = table.schema()[*source].type;
    if (type != ColumnType::string && type != ColumnType::string_list) {
      throw Error(ErrorKind::data, fmt::format("column '{}' of {}", column.source, type_name(type)), "texts",
                  "correct the file");
    }
    additions.push_back(
        {*source,
         {std::string(column.name),
          type == ColumnType::string ? ColumnType::string_list : ColumnType::string_list_list}});
  }
  return additions;
}

}  // namespace

Table with_lemmas(const Table& table) {
  const std::vector<Addition> additions = additions_to(table);
  std::vector<std::size_t> kept;  // columns of the old table, in order
  std::optional<std::size_t> place;
  for (std::size_t column = 0; column < table.columns(); ++column) {
    const std::string& name = table.schema()[column].name;
    if (!is_lemma_column(name)) kept.push_back(column);
    if (name == "generation" || name == "sample_predicts") place = kept.size();
  }
  const auto at = static_cast<std::ptrdiff_t>(place.value_or(kept.size()));
  Schema columns;
  for (const std::size_t column : kept) columns.push_back(table.schema()[column]);
  for (std::size_t i = 0; i < additions.size(); ++i)
    columns.insert(columns.begin() + at + static_cast<std::ptrdiff_t>(i), additions[i].field);
  Table result(std::move(columns));
  for (std::size_t row = 0; row < table.rows(); ++row) {
    std::vector<Value> cells, lemmas;
    for (const std::size_t column : kept) cells.push_back(table.at(row, column));
    for (const Addition& addition : additions) lemmas.push_back(lemmas_of(table.at(row, addition.source)));
    cells.insert(cells.begin() + at, std::make_move_iterator(lemmas.begin()),
                 std::make_move_iterator(lemmas.end()));
    result.append(std::move(cells));
  }
  return result;
}

}  // namespace chorus::data
