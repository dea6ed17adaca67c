// Rows for reading: samples of generations, errors, and every row of a run in detail.
//
//   Section errors = error_section(runs, 20);
#pragma once

#include "eval/analysis.h"

namespace chorus::eval {

/// The first `count` rows of each run: question, generation, prediction, answers, right or wrong.
Section sample_section(const RunSet& runs, std::size_t count);
/// The wrong rows of each run, at most `limit` of each (0: all).
Section error_section(const RunSet& runs, std::size_t limit);
/// Every row of every run: uuid, question, prompt, generation, prediction, answers, lemmas as compared, score.
Section detail_section(const RunSet& runs);

}  // namespace chorus::eval
