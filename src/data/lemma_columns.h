// The lemma columns of a result, which scoring compares: made from its columns prediction and answers.
//
//   Table scored = with_lemmas(read_table("origin.feather"));   // predict_lemma, answer_lemmas
#pragma once

#include <string_view>

#include "data/table.h"

namespace chorus::data {

inline constexpr std::string_view kPredictLemma = "predict_lemma";  // list<string>
inline constexpr std::string_view kAnswerLemmas = "answer_lemmas";  // list<list<string>>, one list an answer

/// The table with both columns by text::lemmas, in place of those it has: behind `generation`, or at the end where there is
/// none. A null prediction has null lemmas. Throws Error(data) where the table has no prediction or no
/// answers.
Table with_lemmas(const Table& table);

}  // namespace chorus::data
