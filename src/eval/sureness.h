// Does the model know when it is right? What confidence results say, shown apart from the methods: they answer no question.
//
//   Section s = confidence_section(runs);   // of the runs that have a column `confidence`
#pragma once

#include <span>

#include "eval/analysis.h"

namespace chorus::eval {

/// A row a confidence result: rows (a question and phrasing each), the share of greedy answers that are right, the mean confidence of all, of right
/// and of wrong answers, and AUROC. A score counts as right where it is 1; rows without a number are left out.
Section confidence_section(const RunSet& runs);

/// The chance that a right answer has more confidence than a wrong one, ties half: Mann-Whitney's U / (n m). NaN where either is empty.
double auroc(std::span<const double> right, std::span<const double> wrong);

}  // namespace chorus::eval
