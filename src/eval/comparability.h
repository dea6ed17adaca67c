// May results be compared? Only over one data set; and whatever else they differ in besides their method is said.
//
//   check_one_data_set(runs);                                         // throws where they are of several
//   for (const std::string& line : differences(runs, of_five)) log.warn("{}", line);
#pragma once

#include <string>
#include <vector>

#include "eval/analysis.h"

namespace chorus::eval {

/// Throws Error(data) naming two files: their manifests name different data sets, or a question of the same id has answers in
/// both of which none is the same.
void check_one_data_set(const RunSet& runs);

/// One line each for what changes answers besides the method and its layout, with files and values: prompt template, chat template,
/// instruction, worked examples, cloze, relations, stop rule, length, dtype, the model's fingerprint and other inputs out of the manifests; then which
/// questions there are, their answers, and phrasings in `of_one_size`, the runs that tables put beside single phrasings, that no row of these (the first
/// of the runs with one row each) is about. A run
/// without a manifest takes part in the latter alone. Equal runs: no line. "dtype differs: f32 in a.feather; bf16 in b.feather, c.feather".
std::vector<std::string> differences(const RunSet& runs, const RunSet& of_one_size);

}  // namespace chorus::eval
