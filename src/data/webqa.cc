// WebQuestions: the test split is asked, the worked examples come from the training split.
#include <algorithm>
#include <unordered_map>

#include "data/dataset_files.h"
#include "data/digest.h"
#include "data/sources.h"

namespace chorus::data {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void no_split(const fs::path& folder, const std::string& name, const std::string& todo) {
  throw Error(
      ErrorKind::data, folder.string() + " has no " + name,
      "a WebQuestions folder: test.json and val.json, devtest.json, trainmodel.json (or test and train)",
      todo);
}

// Of a folder the test split; a file or split without a name is the test split itself.
std::vector<fs::path> test_files(const fs::path& data) {
  const Splits splits = splits_of(data);
  if (const auto found = splits.find("test"); found != splits.end()) return found->second;
  if (splits.size() == 1 && splits.contains("")) return splits.at("");
  no_split(data, "test.json", "check --data");
}

std::vector<fs::path> training_files(const fs::path& data) {
  const fs::path folder = fs::is_directory(data) ? data : fs::absolute(data).parent_path();
  const Splits splits = splits_of(folder);
  if (const auto found = splits.find("train"); found != splits.end()) return found->second;
  std::vector<fs::path> files;
  for (const char* part : {"val", "devtest", "trainmodel"}) {
    const auto found = splits.find(part);
    if (found == splits.end())
      no_split(folder, std::string(part) + ".json",
               "give worked examples with --examples, or --num-few-shot 0");
    files.insert(files.end(), found->second.begin(), found->second.end());
  }
  return files;
}

std::vector<Record> read_all(const std::vector<fs::path>& files, RowGuard& guard, Dataset& set) {
  std::vector<Record> records;
  for (const fs::path& file : files) {
    std::vector<Record> part = read_records(file, guard);
    records.insert(records.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
    set.files.push_back(file);
  }
  return records;
}

// The id is always made from the question, so that paraphrases and results made anywhere find each other.
Sample question_of(const Record& record) {
  Sample sample{.paraphrases = phrasings_of(record), .answers = list_field(record, "answers")};
  sample.uuid = md5_hex(sample.paraphrases.front());
  sample.num_auto = sample.paraphrases.size() - 1;
  return sample;
}

void load_questions(const std::vector<Record>& records, RowGuard& guard, Dataset& set) {
  std::unordered_map<std::string, const Record*> seen;
  for (const Record& record : records)
    guard([&] {
      Sample sample = question_of(record);
      const auto [found, is_new] = seen.try_emplace(sample.uuid, &record);
      if (!is_new)
        bad_row(record, "asks the question of " + found->second->where + " again", "questions that differ");
      set.samples.push_back(std::move(sample));
    });
}

// Sorted by qId where every row has one: the order the three parts had as one file.
void load_examples(std::vector<Record> records, std::size_t wanted, const std::string& what, Dataset& set) {
  const auto has_id = [](const Record& record) {
    const Json* id = find_field(record, "qId");
    return id != nullptr && id->is_string();
  };
  if (std::all_of(records.begin(), records.end(), has_id))
    std::stable_sort(records.begin(), records.end(), [](const Record& a, const Record& b) {
      return find_field(a, "qId")->get_ref<const std::string&>() <
             find_field(b, "qId")->get_ref<const std::string&>();
    });
  for (const std::size_t index : draw_examples(records.size(), wanted, what))
    set.examples.push_back(without_skipping([&] { return example_of(question_of(records[index])); }));
}

std::string phrasings_id(const Record& record) {
  if (find_field(record, "uuid") != nullptr) return text_field(record, "uuid");
  if (find_field(record, "question") != nullptr) return md5_hex(text_field(record, "question"));
  bad_row(record, "has neither 'uuid' nor 'question'", "one of them, and 'paraphrases'");
}

// The question stays paraphrase 0; the file's phrasings follow.
void add_phrasings(const fs::path& file, RowGuard& guard, Dataset& set) {
  std::unordered_map<std::string, Sample*> samples;
  for (Sample& sample : set.samples) samples.emplace(sample.uuid, &sample);
  std::unordered_map<std::string, const Record*> seen;
  std::size_t strangers = 0;
  const std::vector<Record> records = read_records(file, guard);
  for (const Record& record : records)
    guard([&] {
      const std::string id = phrasings_id(record);
      const StringList phrasings = list_field(record, "paraphrases");
      const auto [earlier, is_new] = seen.try_emplace(id, &record);
      if (!is_new)
        bad_row(record, "is about the question of " + earlier->second->where, "one row per question");
      const auto found = samples.find(id);
      if (found == samples.end()) {
        ++strangers;
        return;
      }
      StringList& all = found->second->paraphrases;
      all.resize(1);
      std::copy_if(phrasings.begin(), phrasings.end(), std::back_inserter(all),
                   [question = all.front()](const std::string& phrasing) { return phrasing != question; });
      found->second->num_auto = all.size() - 1;
    });
  set.files.push_back(file);
  if (strangers > 0 && strangers == seen.size())
    throw Error(ErrorKind::data, file.string() + " is about no question of the set",
                "phrasings of its questions", "check --paraphrases and --data: they are of two data sets");
  if (strangers > 0)
    set.notes.push_back(std::to_string(strangers) + " of " + std::to_string(records.size()) + " rows of " +
                        file.filename().string() + " are about no question of the set");
}

}  // namespace

Dataset load_webqa(const DatasetOptions& options, RowGuard& guard) {
  Dataset set{.name = options.dataset, .instruction = std::string(kGeneralInstruction)};
  load_questions(read_all(test_files(options.data), guard, set), guard, set);
  if (const std::size_t wanted = examples_wanted(options); wanted > 0)
    load_examples(read_all(training_files(options.data), guard, set), wanted,
                  "the training split of WebQuestions", set);
  if (!options.paraphrases_file.empty()) add_phrasings(options.paraphrases_file, guard, set);
  return set;
}

}  // namespace chorus::data
