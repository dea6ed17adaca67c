// What the data sets are made of inside the room: one function per source. Users call load_dataset() of
// data/dataset.h.
//
//   Source source = load_pararel(options, guard);   // all items, nothing cut off yet
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"
#include "data/records.h"

namespace chorus::data {

inline constexpr std::string_view kGeneralInstruction =
    "Answer the question based on general world knowledge. Provide a short and direct answer.";
inline constexpr std::string_view kMaskInstruction = "Predict the [MASK] in the sentence in one word.";
inline constexpr std::string_view kClozeInstruction = "Complete the sentence in one word.";

/// How many worked examples the set itself must give: none when a file gives them.
std::size_t examples_wanted(const DatasetOptions& options);

// Each fills name, samples, examples (no more than wanted), instruction, notes and files, checks what
// concerns one row and leaves the rest (ids given twice, max_samples, phrasings counted) to load_dataset().
Dataset load_builtin(const DatasetOptions& options);
Dataset load_webqa(const DatasetOptions& options, RowGuard& guard);
Dataset load_pararel(const DatasetOptions& options, RowGuard& guard);
Dataset load_myriadlama(const DatasetOptions& options, RowGuard& guard);
Dataset load_own(const DatasetOptions& options, RowGuard& guard);

/// The phrasings of a row, from the first of: paraphrases, manual_paraphrases and auto_paraphrases, templates, paraphrase0..,
/// question, qText, paraphrase.
StringList phrasings_of(const Record& record);
/// Rows {id or uuid, phrasings, answers, ...}; rows of one uuid with a `paraphrase` column are one sample.
/// Names of columns that are not carried are added to the notes.
std::vector<Sample> samples_of(const std::vector<Record>& records, RowGuard& guard,
                               std::vector<std::string>& notes);

/// A sample as a worked example: its phrasings and its first answer.
WorkedExample example_of(const Sample& sample);
/// random.Random(42).sample over n items. Error(data) naming `what` when there are too few.
std::vector<std::size_t> draw_examples(std::size_t n, std::size_t k, const std::string& what);
/// Rows {question, answer, paraphrases?}, in order, at most `limit`.
std::vector<WorkedExample> examples_of(const std::vector<Record>& records, std::size_t limit);

}  // namespace chorus::data
