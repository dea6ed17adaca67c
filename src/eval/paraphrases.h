// What the single phrasings of a question say, beside what the ensembles make of them. Answers of single phrasings come from a
// run with one row a question and paraphrase (per_prompt, confidence).
//
//   Section s = paraphrase_section(per_prompt, options);         // accuracy of each, any and all of the first i
//   Section t = outcome_section(per_prompt, ensembles, options); // TT, TF, FT, FF
#pragma once

#include "eval/analysis.h"

namespace chorus::eval {

/// A row a paraphrase i: its accuracy and n with the interval, and over the questions that have it the shares where any, and all, of
/// the first i + 1 phrasings are right. A score counts as right where it is 1.
Section paraphrase_section(const Run& singles, const AnalysisOptions& options);

/// A row a pair of paraphrases: share of questions where the two answers match in either direction (consistency), where either is
/// right (OR), where both are (AND); diversity is OR / AND. The last row: means, and the sum of OR over the sum of AND.
Section pair_section(const Run& singles);

/// A row an ensemble, over the questions both have, its N phrasings (or those of its index set) beside its answer: TT any phrasing right
/// and the ensemble right, TF only a phrasing, FT only the ensemble, FF neither; any = TT + TF, ensemble = TT + FT; one: the share
/// of questions with exactly one phrasing right that the ensemble gets right.
Section outcome_section(const Run& singles, const RunSet& ensembles);

/// The questions behind FT: right in the ensemble and in none of its phrasings.
Section new_answers_section(const Run& singles, const RunSet& ensembles);

/// A row a file of diversity/ with its index set: accuracy of the ensemble, mean accuracy of its phrasings, consistency, OR, diversity; and
/// Pearson's correlation of the ensemble's accuracy with each in the last row. Pairs only for consistency.
Section index_set_section(const Run& singles, const RunSet& runs);

/// Pearson's correlation; NaN for fewer than two points or a constant.
double pearson(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace chorus::eval
