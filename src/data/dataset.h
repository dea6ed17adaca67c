// Data sets: from files as they are found to samples, worked examples and an instruction.
//
//   Dataset set = load_dataset({.dataset = "pararel", .data = "pararel", .relations = {"P36", "P19"}});
//   for (const Sample& sample : set.samples) ask(sample);
//   for (const std::string& note : set.notes) print(note);
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "data/phrasing_choice.h"
#include "data/sample.h"

namespace chorus::data {

/// A question with its answer, shown before the one that is asked.
struct WorkedExample {
  std::string question = {}, answer = {};
  std::vector<std::string> paraphrases = {};  // every phrasing, the question first; never empty
};

struct Dataset {
  std::string name = {};                     // as asked for, or dataset_name; names the folder of the results
  std::vector<Sample> samples = {};          // in the set's order, which is the order of every output
  std::vector<WorkedExample> examples = {};  // in the order of the prompt
  std::string instruction = {};              // without the blank line that follows it
  std::vector<std::string> notes = {};       // oddities with their counts, for the summary
  std::vector<std::filesystem::path> files =
      {};                   // what was read, in order; empty for the set inside the program
  std::string digest = {};  // SHA-256 of all its samples' ids, phrasings and answers, those cut off included
};

struct DatasetOptions {
  std::string dataset = "builtin";              // one of dataset_names()
  std::string dataset_name = {};                // of the results' folder; empty: `dataset`
  std::filesystem::path data = {};              // folder or file
  std::string split = {};                       // of a folder with several; empty: test, or the only one
  std::vector<std::string> relations = {};      // pararel; empty: all that have facts and patterns, by number
  std::string cloze = "mask";                   // pararel: mask or left
  std::filesystem::path paraphrases_file = {};  // JSONL of phrasings for webqa; empty: none
  std::filesystem::path examples_file = {};     // JSONL of worked examples; empty: the set's own
  std::optional<std::string> instruction = {};  // in place of the set's own
  int num_few_shot = 5;                         // worked examples, 0 and more
  std::int64_t max_samples = 0;                 // exact; 0 means all
  int num_paraphrases = 5;           // used for counting samples that have fewer; all phrasings are loaded,
  PhrasingChoice choice = {};        // but for those that a choice leaves out
  bool require_paraphrases = false;  // a sample with fewer is an error
  bool skip_bad_rows = false;        // bad rows of questions are left out and counted
  std::set<std::string> left_out = {};  // ids of samples to leave out, before max_samples counts

  bool operator==(const DatasetOptions&) const = default;
};

/// The names --dataset takes.
const std::vector<std::string>& dataset_names();
/// jsonl, csv, parquet, feather: the name is that of a format, the questions are the user's.
bool is_own_format(const std::string& dataset);

/// Deterministic. Error(usage) for options that no set takes; Error(data), with file and line, for missing
/// files, bad rows (unless skip_bad_rows; those of worked examples always), unknown relations and ids given twice.
///
/// builtin  The set inside the program; extra column kind.
/// webqa    DATA: a folder with test and training split (data/dataset_files.h), or the test file. A row is {qId, qText, answers}
///          (JSON lists) or {question, answers} (JSONL, Parquet, Arrow), with paraphrase0.. if the scripts wrote it. uuid: md5 of
///          the question.
///          Examples: random.Random(42).sample from the training split, sorted by qId where there are any.
///          --paraphrases FILE: {uuid or question, paraphrases}; the question stays paraphrase 0.
/// pararel  DATA: a folder with patterns/P*.jsonl and facts/P*.jsonl. The facts of one relation and subject
///          are one sample; its uuid is that of the first of these facts, its answers are all objects in
///          file order. Samples come round-robin over the relations. Examples: the same draw over this list;
///          they are not asked.
///          cloze mask: [Y] becomes [MASK]. cloze left: only patterns that end in [Y] but for spaces and a
///          full stop; the question is the text before it. Extra columns relation, answer_in_subject (true or
///          false).
/// myriadlama
///          DATA: a folder or file with a row a template: uuid, sub_ent, obj_aliases, rel_uri, template, is_manual. The rows of one
///          uuid are one sample: 5 manual phrasings, then random.Random(uuid).sample(others, min(15, n)); answers are the first
///          row's obj_aliases; [X] becomes sub_ent, [Y] [MASK]. 2000 test items, by numpy's default_rng(42).permutation over the
///          sorted ids; examples: the same draw as above from the others. A set that is too small keeps only the examples apart.
///          Extra column relation. Also as the scripts saved it: manual_paraphrases, auto_paraphrases, answers, with splits.
/// jsonl, csv, parquet, feather
///          DATA: a file, or a folder of such files, with columns id (or uuid; md5 of the first phrasing where absent), paraphrases (or
///          question, or paraphrase0, paraphrase1, ...), answers. Other columns are carried as extra columns;
///          those of an earlier result are not. In CSV a list is JSON or as Python writes it, a cell that does not begin with [ is a
///          list of one. No examples unless examples_file is given.
Dataset load_dataset(const DatasetOptions& options);

}  // namespace chorus::data
