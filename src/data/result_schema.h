// The columns of result files, as a list of descriptors: one group all methods share and one group per kind. What kind a
// method's results are: data/method.h.
//
//   Schema schema = result_schema(ResultKind::flex, {"relation"});
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/table.h"

namespace chorus::data {

enum class ResultKind {
  origin,      // one paraphrase, one row per sample
  per_prompt,  // one row per sample and paraphrase
  ensemble,    // avg, max and the other ensembles of outputs
  flex,        // one sequence in a layout: attention shares too
  confidence,  // one row per sample and paraphrase: how often sampled answers match the greedy one
  samples,     // one row per sample: the data set as it is asked
  paraphrases  // that, with phrasings made by a model, and how many draws they took
};

/// Columns a run may ask for beside those of its kind.
struct ExtraColumns {
  bool gold_logprob = false;  // with the log-probability of every accepted answer
};
/// Columns in file order: those of all kinds, those of this kind, then the data set's own, as text, in the
/// order given. Throws Error(data) when a column of the data set has the name of a result column.
Schema result_schema(ResultKind kind, const std::vector<std::string>& extra = {}, ExtraColumns more = {});

/// What columns of results hold, whatever their kind: the types to read a result's CSV with, lemma columns included. `prompts` is
/// not among them: in files of the published scripts it may be nested.
Schema result_csv_types();

/// True for a name that some kind of result file uses: a data set column of that name cannot be carried
/// through.
bool is_result_column(std::string_view name);

}  // namespace chorus::data
