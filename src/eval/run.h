// A result file as the analysis sees it: what method it is of, its rows, and each row's score. Reads files of this program and
// of the published scripts.
//
//   for (const auto& file : find_results("results")) runs.push_back(read_run(file, {}));
//   runs[0].name.method;   runs[0].scores[row];   runs[0].rows_of.at(uuid);
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/json.h"
#include "data/table.h"
#include "eval/match_rule.h"

namespace chorus::eval {

/// What a file's name says. `method`: origin, per_prompt, avg, flex, ...; a name of nobody's making is its own method.
struct RunName {
  std::string method;
  int paraphrases = 0;      // N; 0: not in the name
  std::vector<int> indexs;  // of a file of diversity/
  std::string variant;      // "cue=fused,layout=shared", "m5a5s3" (how phrasings were drawn), a tag, or ""
  /// "flex (cue=fused,layout=shared)", without N.
  std::string label() const;
  bool operator==(const RunName&) const = default;
};
RunName run_name(std::string_view stem);

/// avg, max, weighted_avg, weighted_max, vote: ensembles of outputs.
bool is_classic(const RunName& name);
bool is_flex(const RunName& name);
/// One row a question and paraphrase: per_prompt, confidence.
bool is_per_paraphrase(const RunName& name);
/// Says how sure the model is and is no method.
bool is_confidence(const RunName& name);

/// Whose lemmas are compared: those of our lemmatiser, or those that stand in the file (the scripts' are spaCy's).
enum class LemmaSource { own, file };
LemmaSource lemma_source_from(std::string_view text);

struct ScoreOptions {
  MatchRule rule = MatchRule::gold_in_prediction;
  LemmaSource lemmas = LemmaSource::own;
};

struct Run {
  std::filesystem::path file;
  std::string dataset, model;  // the folders it lies in
  RunName name;
  data::Table table;                                        // prediction, answers, uuid at least
  std::vector<double> scores;                               // a row: 0 wrong, 1 right; between them under f1
  std::map<std::string, std::vector<std::size_t>> rows_of;  // uuid: rows, by paraphrase
  data::Json manifest;                                      // null where there is none
  data::Json notes;  // of NAME.run.json: times; null where there is none

  std::string text(std::size_t row,
                   std::string_view column) const;  // "" where there is no such cell; lists joined by " | "
  const std::vector<std::string>& answers(std::size_t row) const;
  std::string question(std::size_t row) const;  // the question, or the first phrasing
};

/// All .feather files below the folder but the summaries of chorus sweep, and results as .csv that have none beside them, in order of
/// their paths. Throws Error(data) where there are none, Error(io).
std::vector<std::filesystem::path> find_results(const std::filesystem::path& folder);
/// All logs below the folder that have no manifest beside them: of runs that are under way or were stopped.
std::vector<std::filesystem::path> find_unfinished(const std::filesystem::path& folder);

/// Throws Error(data) for a file without uuid, answers and prediction (or greedy_predict), or, with LemmaSource::file,
/// without lemma columns; for two rows of one question where a method has one; for rows of more phrasings than its name or its manifest says;
/// Error(io).
Run read_run(const std::filesystem::path& file, const ScoreOptions& options);

/// Groups by column: the number of the row's value among the values of the column, in order of first appearance. Throws
/// Error(data) where the column is missing.
struct Grouping {
  std::vector<std::string> values;
  std::vector<std::size_t> of_row;
};
Grouping group_by(const Run& run, std::string_view column);

}  // namespace chorus::eval
