#include "data/result_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/error.h"

namespace chorus::data {
namespace {

// Sets of kinds, one bit each.
constexpr unsigned bit(ResultKind kind) {
  return 1U << static_cast<unsigned>(kind);
}
constexpr unsigned kOrigin = bit(ResultKind::origin);
constexpr unsigned kPerPrompt = bit(ResultKind::per_prompt);
constexpr unsigned kFlex = bit(ResultKind::flex);
constexpr unsigned kMany = bit(ResultKind::ensemble) | kFlex;
constexpr unsigned kAnswers = kOrigin | kPerPrompt | kMany;
constexpr unsigned kConfidence = bit(ResultKind::confidence);
constexpr unsigned kParaphrases = bit(ResultKind::paraphrases);
constexpr unsigned kSamples = bit(ResultKind::samples) | kParaphrases;
constexpr unsigned kAll = kAnswers | kConfidence | kSamples;

struct Column {
  std::string_view name;
  ColumnType type;
  unsigned kinds;
};

// In file order.
constexpr std::array kColumns = {
    Column{"uuid", ColumnType::string, kAll},
    Column{"answers", ColumnType::string_list, kAll},
    Column{"prediction", ColumnType::string, kAnswers},
    Column{"generation", ColumnType::string, kAnswers},
    Column{"prompt_tokens", ColumnType::int64, kAnswers},
    Column{"generated_tokens", ColumnType::int64, kAnswers},
    Column{"stop_reason", ColumnType::string, kAnswers},
    Column{"logprob", ColumnType::float64, kAnswers},
    Column{"attention_mode", ColumnType::string, kAnswers},
    Column{"question", ColumnType::string, kOrigin | kSamples},
    Column{"paraphrase", ColumnType::string, kPerPrompt | kConfidence},
    Column{"paraphrase_index", ColumnType::int64, kPerPrompt | kConfidence},
    Column{"prompt", ColumnType::string, kOrigin | kPerPrompt | kConfidence},
    Column{"paraphrases", ColumnType::string_list, kMany | kSamples},
    Column{"prompts", ColumnType::string_list, kMany},
    Column{"weights", ColumnType::float32_list, kMany},
    Column{"token_attention_share", ColumnType::float32_list_list, kFlex},
    Column{"attention_share", ColumnType::float32_list, kFlex},
    Column{"gold_logprob", ColumnType::float32_list, kAnswers},
    Column{"greedy_predict", ColumnType::string, kConfidence},
    Column{"sample_predicts", ColumnType::string_list, kConfidence},
    Column{"confidence", ColumnType::float64, kConfidence},
    Column{"paraphrases_drawn", ColumnType::int64, kParaphrases},
    Column{"paraphrases_duplicate", ColumnType::int64, kParaphrases},
    Column{"paraphrases_empty", ColumnType::int64, kParaphrases},
    Column{"paraphrases_cut_off", ColumnType::int64, kParaphrases},
};

// Columns that scoring adds to a result: a data set's own column may not take their names either.
constexpr std::array kAddedByScoring = {Column{"predict_lemma", ColumnType::string_list, kAnswers},
                                        Column{"answer_lemmas", ColumnType::string_list_list, kAll},
                                        Column{"greedy_lemma", ColumnType::string_list, kConfidence},
                                        Column{"sample_lemmas", ColumnType::string_list_list, kConfidence}};

}  // namespace

bool is_result_column(std::string_view name) {
  const auto is_named = [&](const Column& column) { return column.name == name; };
  return std::any_of(kColumns.begin(), kColumns.end(), is_named) ||
         std::any_of(kAddedByScoring.begin(), kAddedByScoring.end(), is_named);
}

Schema result_csv_types() {
  Schema types;
  for (const Column& column : kColumns)
    if (column.name != "prompts") types.push_back({std::string(column.name), column.type});
  for (const Column& column : kAddedByScoring) types.push_back({std::string(column.name), column.type});
  return types;
}

Schema result_schema(ResultKind kind, const std::vector<std::string>& extra, ExtraColumns more) {
  Schema schema;
  for (const auto& column : kColumns) {
    const bool asked = column.name != "gold_logprob" || more.gold_logprob;
    if ((column.kinds & bit(kind)) != 0 && asked) schema.push_back({std::string(column.name), column.type});
  }
  for (const auto& name : extra) {
    const bool twice = std::count(extra.begin(), extra.end(), name) > 1;
    if (is_result_column(name) || twice || name.empty()) {
      throw Error(ErrorKind::data,
                  fmt::format("the data set has a column '{}'{}", name, twice ? " twice" : ""),
                  "names that no result column has, once each", "rename or drop the column in the data set");
    }
    schema.push_back({name, ColumnType::string});
  }
  return schema;
}

}  // namespace chorus::data
