// MyriadLAMA: one knowledge triple an item, asked with templates that people wrote and templates that a program made of them.
#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "data/dataset_files.h"
#include "data/python_random.h"
#include "data/sources.h"

namespace chorus::data {
namespace {

constexpr std::size_t kTestItems = 2000, kManual = 5, kAuto = 15;
constexpr std::uint64_t kSplitSeed = 42;

struct Item {
  Sample sample;  // id, answers, extra columns
  StringList manual = {}, automatic = {};
  std::string subject = {};
};
/// By id, in the order pandas groups them: that of the texts' code points, which UTF-8 keeps.
using Items = std::map<std::string, Item>;

/// What is odd about the rows, for the notes.
struct Oddities {
  std::size_t other_subject = 0, other_answers = 0;
};

// In one pass: a subject may contain "[Y]".
std::string filled(std::string_view pattern, std::string_view subject) {
  std::string text;
  while (!pattern.empty()) {
    const bool is_subject = pattern.starts_with("[X]"), is_object = pattern.starts_with("[Y]");
    if (is_subject) text += subject;
    if (is_object) text += "[MASK]";
    if (!is_subject && !is_object) text += pattern.front();
    pattern.remove_prefix(is_subject || is_object ? 3 : 1);
  }
  return text;
}

// true, 1, "True": the column was written by several programs.
bool flag_field(const Record& record, std::string_view name) {
  const Json* value = find_field(record, name);
  const std::string text = value == nullptr     ? ""
                           : value->is_string() ? value->get<std::string>()
                                                : value->dump();
  for (const char* word : {"true", "True", "1", "1.0"})
    if (text == word) return true;
  for (const char* word : {"false", "False", "0", "0.0"})
    if (text == word) return false;
  bad_row(record, (text.empty() ? "has no '" : "has " + text + " in '") + std::string(name) + "'",
          "true or false");
}

std::string template_field(const Record& record) {
  std::string text = text_field(record, "template");
  if (text.find("[X]") == text.npos || text.find("[Y]") == text.npos)
    bad_row(record, "has the template '" + text + "'", "[X] and [Y] in it");
  return text;
}

void add_row(const Record& record, Items& items, Oddities& oddities) {
  const std::string id = text_field(record, "uuid"), subject = text_field(record, "sub_ent"),
                    pattern = template_field(record);
  const StringList answers = list_field(record, "obj_aliases");
  const bool is_manual = flag_field(record, "is_manual");
  const bool has_relation = find_field(record, "rel_uri") != nullptr;
  Sample sample{.uuid = id, .answers = answers};
  sample.extra = {{"relation", has_relation ? text_field(record, "rel_uri") : ""}};
  const auto [found, is_new] = items.try_emplace(id, Item{.sample = std::move(sample), .subject = subject});
  Item& item = found->second;
  oddities.other_subject += item.subject != subject ? 1U : 0U;
  oddities.other_answers += item.sample.answers != answers ? 1U : 0U;
  (is_manual ? item.manual : item.automatic).push_back(filled(pattern, subject));
}

// Rows as the scripts saved them: an item each, phrasings filled in.
bool is_prepared(const Record& record) {
  return find_field(record, "manual_paraphrases") != nullptr;
}
void add_prepared(const Record& record, Items& items) {
  Item item{.sample = {.uuid = text_field(record, "uuid"), .answers = list_field(record, "answers")}};
  item.sample.extra = {{"relation", find_field(record, "rel") == nullptr ? "" : text_field(record, "rel")}};
  item.manual = list_field(record, "manual_paraphrases");
  item.automatic = optional_list(record, "auto_paraphrases");
  if (!items.try_emplace(item.sample.uuid, item).second)
    bad_row(record, "has the id '" + item.sample.uuid + "' of an earlier row", "ids that differ");
}

/// The manual phrasings first, then those drawn of the others.
Sample sample_of(Item item) {
  Sample sample = std::move(item.sample);
  sample.paraphrases = std::move(item.manual);
  if (sample.paraphrases.size() > kManual) sample.paraphrases.resize(kManual);
  PythonRandom random(sample.uuid);
  sample.num_auto = std::min(kAuto, item.automatic.size());
  for (const std::size_t i : random.sample(item.automatic.size(), sample.num_auto))
    sample.paraphrases.push_back(item.automatic[i]);
  return sample;
}

std::vector<Sample> samples_of(Items items) {
  std::vector<Sample> samples;
  for (auto& [id, item] : items) samples.push_back(sample_of(std::move(item)));
  return samples;
}

std::vector<Sample> read_samples(const Split& split, RowGuard& guard, Dataset& set) {
  Items items;
  Oddities oddities;
  for (const auto& file : split.files) {
    for_each_record(file, guard, [&](const Record& record) {
      guard([&] { is_prepared(record) ? add_prepared(record, items) : add_row(record, items, oddities); });
    });
    set.files.push_back(file);
  }
  const auto few = std::count_if(items.begin(), items.end(),
                                 [](const auto& entry) { return entry.second.manual.size() < kManual; });
  if (few > 0) set.notes.push_back(std::to_string(few) + " items have fewer than 5 manual phrasings");
  if (oddities.other_subject > 0)
    set.notes.push_back(std::to_string(oddities.other_subject) +
                        " rows have another subject than the first of their item");
  if (oddities.other_answers > 0)
    set.notes.push_back(std::to_string(oddities.other_answers) +
                        " rows have other answers than the first of their item; the first row's count");
  return samples_of(std::move(items));
}

/// Test and training items, as train_test_split(test_size=2000, seed=42) of the datasets library draws them. A smaller set keeps as
/// many for training as worked examples are wanted.
std::pair<std::vector<Sample>, std::vector<Sample>> split_samples(std::vector<Sample> all, std::size_t wanted,
                                                                  Dataset& set) {
  if (all.size() < wanted + 1)
    throw Error(ErrorKind::data, "MyriadLAMA with " + std::to_string(all.size()) + " items",
                std::to_string(wanted) + " for worked examples, and more to ask",
                "ask for fewer with --num-few-shot");
  const std::size_t test = std::min(kTestItems, all.size() - wanted);
  if (test < kTestItems)
    set.notes.push_back("of " + std::to_string(all.size()) + " items " + std::to_string(test) +
                        " are asked (2000 of the whole set)");
  std::pair<std::vector<Sample>, std::vector<Sample>> parts;
  for (const std::size_t index : numpy_permutation(kSplitSeed, all.size()))
    (parts.first.size() < test ? parts.first : parts.second).push_back(std::move(all[index]));
  return parts;
}

}  // namespace

Dataset load_myriadlama(const DatasetOptions& options, RowGuard& guard) {
  Dataset set{.name = options.dataset, .instruction = std::string(kMaskInstruction)};
  const Splits splits = splits_of(options.data);
  const std::size_t wanted = examples_wanted(options);
  std::vector<Sample> training;
  if (splits.contains("test") && splits.contains("train") && options.split.empty()) {
    set.samples = read_samples(the_split(splits, "test", options.data), guard, set);
    if (wanted > 0) training = read_samples(the_split(splits, "train", options.data), guard, set);
  } else {
    std::tie(set.samples, training) =
        split_samples(read_samples(the_split(splits, options.split, options.data), guard, set), wanted, set);
  }
  for (const std::size_t index : draw_examples(training.size(), wanted, "the training split of MyriadLAMA"))
    set.examples.push_back(example_of(training[index]));
  return set;
}

}  // namespace chorus::data
