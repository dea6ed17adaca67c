// The lemma columns of a result, which scoring compares: made from its columns of texts.
//
//   Table scored = with_lemmas(read_table("origin.feather"));   // predict_lemma, answer_lemmas
#pragma once

#include <string_view>

#include "data/table.h"

namespace chorus::data {

inline constexpr std::string_view kPredictLemma = "predict_lemma";  // list<string>
inline constexpr std::string_view kAnswerLemmas = "answer_lemmas";  // list<list<string>>, one list an answer

/// The table with the lemmas (text::lemmas) of prediction and answers, and of greedy_predict and sample_predicts where it
/// has them (greedy_lemma, sample_lemmas), in place of such columns as it had: behind `generation` or `sample_predicts`, or at the
/// end where it has neither. A null text has null lemmas. Throws Error(data) where the table has no answers, or neither
/// prediction nor greedy_predict.
Table with_lemmas(const Table& table);

}  // namespace chorus::data
