// Rows with the columns id, paraphrases, answers: a user's own files, result files, the set inside the
// program.
#include <iterator>
#include <map>
#include <set>
#include <unordered_map>

#include "data/dataset_files.h"
#include "data/digest.h"
#include "data/result_schema.h"
#include "data/sources.h"

namespace chorus::data {
namespace {

const std::string kId = "id", kUuid = "uuid", kParaphrases = "paraphrases", kAnswers = "answers",
                  kManual = "manual_paraphrases", kAuto = "auto_paraphrases", kTemplates = "templates";

/// The name of the column, or null.
const std::string* id_column(const Record& record) {
  for (const std::string* column : {&kId, &kUuid})
    if (find_field(record, *column) != nullptr) return column;
  return nullptr;
}

std::string id_of(const Record& record, const std::string& first_phrasing) {
  const std::string* column = id_column(record);
  if (column == nullptr) return md5_hex(first_phrasing);
  const Json& value = *find_field(record, *column);
  return value.is_number_integer() ? value.dump() : text_field(record, *column);
}

std::string extra_text(const Json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

bool is_numbered_phrasing(const std::string& name) {
  constexpr std::string_view stem = "paraphrase";
  return name.size() > stem.size() && name.starts_with(stem) &&
         name.find_first_not_of("0123456789", stem.size()) == name.npos;
}

// Columns that make up the sample, or that the results will have themselves, or that pandas adds.
bool is_carried(const std::string& name) {
  static const std::set<std::string> used{kId,     kUuid,        kAnswers,           kParaphrases,
                                          kManual, kAuto,        kTemplates,         "question",
                                          "qText", "paraphrase", "__index_level_0__"};
  return !used.contains(name) && !is_numbered_phrasing(name) && !is_result_column(name);
}

// The columns to carry, in order of first appearance over all rows.
std::vector<std::string> carried_columns(const std::vector<Record>& records,
                                         std::vector<std::string>& notes) {
  static const std::set<std::string> expected{kId, kUuid, kAnswers, kParaphrases, "question", "paraphrase"};
  std::vector<std::string> columns;
  std::set<std::string> seen;
  std::string dropped;
  for (const Record& record : records)
    for (const auto& [name, value] : record.fields.items()) {
      if (!seen.insert(name).second) continue;
      if (is_carried(name)) columns.push_back(name);
      if (is_result_column(name) && !expected.contains(name)) dropped += (dropped.empty() ? "" : ", ") + name;
    }
  if (!dropped.empty()) notes.push_back("columns of an earlier result are not carried through: " + dropped);
  return columns;
}

Sample sample_of(const Record& record, const std::vector<std::string>& columns) {
  Sample sample;
  sample.paraphrases = phrasings_of(record);
  sample.answers = list_field(record, kAnswers);
  if (find_field(record, kParaphrases) == nullptr && find_field(record, kTemplates) == nullptr)
    sample.num_auto = optional_list(record, kAuto).size();
  sample.uuid = id_of(record, sample.paraphrases.front());
  for (const std::string& column : columns) {
    const Json* value = find_field(record, column);
    sample.extra.emplace_back(column, value == nullptr ? "" : extra_text(*value));
  }
  return sample;
}

// per_prompt and confidence results have one row per phrasing.
bool is_one_phrasing(const Record& record) {
  return find_field(record, "paraphrase") != nullptr && find_field(record, kParaphrases) == nullptr;
}

/// Raw rows of a set that has a name of its own.
void check_kind(const Record& record) {
  const struct {
    const char *column, *other, *name;
  } kinds[] = {{"template", "sub_ent", "myriadlama"}, {"sub_label", "obj_label", "pararel"}};
  for (const auto& kind : kinds)
    if (find_field(record, kind.column) != nullptr && find_field(record, kind.other) != nullptr)
      throw Error(
          ErrorKind::data,
          record.where + " has the columns " + kind.column + " and " + kind.other + " of " + kind.name,
          "questions with phrasings and answers", std::string("use --dataset ") + kind.name);
}

std::set<std::string> endings(const std::string& dataset) {
  if (dataset == "jsonl") return {".jsonl", ".json"};
  if (dataset == "csv") return {".csv", ".tsv"};
  if (dataset == "parquet") return {".parquet"};
  return {".feather", ".arrow"};
}

}  // namespace

StringList phrasings_of(const Record& record) {
  for (const std::string& column : {kParaphrases, kTemplates})
    if (find_field(record, column) != nullptr) return list_field(record, column);
  StringList phrasings;
  for (const std::string& column : {kManual, kAuto})
    for (std::string& phrasing : optional_list(record, column)) phrasings.push_back(std::move(phrasing));
  if (!phrasings.empty()) return phrasings;
  for (std::size_t i = 0; find_field(record, "paraphrase" + std::to_string(i)) != nullptr; ++i)
    phrasings.push_back(text_field(record, "paraphrase" + std::to_string(i)));
  if (!phrasings.empty()) return phrasings;
  for (const char* column : {"question", "qText", "paraphrase"})
    if (find_field(record, column) != nullptr) return {text_field(record, column)};
  bad_row(record, "has no phrasings", "a list of texts in 'paraphrases' (or text in 'question')");
}

std::vector<Sample> samples_of(const std::vector<Record>& records, RowGuard& guard,
                               std::vector<std::string>& notes) {
  const std::vector<std::string> columns = carried_columns(records, notes);
  std::vector<Sample> samples;
  std::unordered_map<std::string, std::pair<std::size_t, const Record*>> by_id;
  for (const Record& record : records)
    guard([&] {
      Sample sample = sample_of(record, columns);
      const auto [found, is_new] = by_id.try_emplace(sample.uuid, samples.size(), &record);
      if (is_new)
        samples.push_back(std::move(sample));
      else if (is_one_phrasing(record) && is_one_phrasing(*found->second.second))
        samples[found->second.first].paraphrases.push_back(std::move(sample.paraphrases.front()));
      else if (id_column(record) == nullptr)
        bad_row(record, "has the first phrasing of " + found->second.second->where + " and no id",
                "a column 'id' where phrasings are alike");
      else
        bad_row(record, "has the id '" + sample.uuid + "' of " + found->second.second->where,
                "ids that differ");
    });
  return samples;
}

Dataset load_own(const DatasetOptions& options, RowGuard& guard) {
  Dataset set{.name = options.dataset, .instruction = std::string(kGeneralInstruction)};
  const bool wants_table = options.dataset != "jsonl";
  if (wants_table != is_table_file(options.data) && std::filesystem::is_regular_file(options.data))
    throw Error(ErrorKind::data, options.data.string() + " for the data set " + options.dataset,
                wants_table ? "a name that ends in ." + options.dataset : "a file of JSON lines",
                "name the format with --dataset jsonl, csv, parquet or feather");
  std::error_code ignored;  // read_records() says what is wrong with a path
  const Splits splits = std::filesystem::is_directory(options.data, ignored)
                            ? splits_of(options.data, endings(options.dataset))
                            : Splits{{"", {options.data}}};
  const Split split = the_split(splits, options.split, options.data);
  if (splits.size() > 1)
    set.notes.push_back("of " + std::to_string(splits.size()) + " splits '" + split.name + "' is asked");
  std::vector<Record> records;
  for (const auto& file : split.files) {
    std::vector<Record> part = read_records(file, guard);
    std::move(part.begin(), part.end(), std::back_inserter(records));
    set.files.push_back(file);
  }
  if (!records.empty()) check_kind(records.front());
  set.samples = samples_of(records, guard, set.notes);
  if (examples_wanted(options) > 0)
    set.notes.emplace_back("no worked examples: a set of one's own has none; --examples FILE gives some");
  return set;
}

}  // namespace chorus::data
