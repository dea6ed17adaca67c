#include "data/dataset.h"

#include <algorithm>
#include <unordered_map>

#include "data/digest.h"
#include "data/sources.h"

namespace chorus::data {
namespace {

[[noreturn]] void refuse(std::string got, std::string expected, std::string todo) {
  throw Error(ErrorKind::usage, std::move(got), std::move(expected), std::move(todo));
}

void check_numbers(const DatasetOptions& options) {
  if (options.num_few_shot < 0)
    refuse(std::to_string(options.num_few_shot) + " worked examples", "0 or more", "correct --num-few-shot");
  if (options.num_paraphrases < 1)
    refuse(std::to_string(options.num_paraphrases) + " paraphrases", "1 or more",
           "correct --num-paraphrases");
  if (options.max_samples < 0)
    refuse(std::to_string(options.max_samples) + " samples", "0 (all) or more", "correct --max-samples");
}

void check_options(const DatasetOptions& options) {
  const std::string& name = options.dataset;
  const std::vector<std::string>& names = dataset_names();
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    std::string list;
    for (const std::string& known : names) list += (list.empty() ? "" : ", ") + known;
    refuse("unknown data set '" + name + "'", "one of " + list, "correct --dataset");
  }
  check_numbers(options);
  if (name == "builtin" && !options.data.empty())
    refuse("--data for the set inside the program", "no --data", "name the data's kind with --dataset");
  if (name != "builtin" && options.data.empty())
    refuse("the data set " + name + " without its files", "a file or folder",
           name == "webqa" || name == "myriadlama"
               ? "give --data, or fetch it with 'chorus prepare " + name + " --download'"
               : "give --data");
  if (name == "builtin" && !options.dataset_name.empty())
    refuse("--dataset-name for the set inside the program", "data of your own", "leave it out");
  if (options.cloze != "mask" && options.cloze != "left")
    refuse("--cloze " + options.cloze, "mask or left", "correct --cloze");
  if (name != "pararel" && (!options.relations.empty() || options.cloze != "mask"))
    refuse("--relations or --cloze for the data set " + name, "--dataset pararel", "leave the option out");
  if (name != "webqa" && !options.paraphrases_file.empty())
    refuse("--paraphrases for the data set " + name, "--dataset webqa", "write the phrasings into the data");
  if ((name == "builtin" || name == "pararel" || name == "webqa") && !options.split.empty())
    refuse("--split for the data set " + name, "a set that is a folder of splits", "leave it out");
}

/// Of samples with one id the first stays, if bad rows are skipped.
void check_ids(RowGuard& guard, Dataset& set) {
  std::unordered_map<std::string, std::size_t> seen;
  std::size_t i = 0;
  std::erase_if(set.samples, [&](const Sample& sample) {
    const std::size_t place = ++i;
    return !guard([&] {
      if (const auto [found, is_new] = seen.try_emplace(sample.uuid, place); !is_new)
        throw Error(ErrorKind::data,
                    "samples " + std::to_string(found->second) + " and " + std::to_string(place) + " of " +
                        set.name + " both have the id " + sample.uuid,
                    "ids that differ", "correct the data, or leave the later ones out with --skip-bad-rows");
    });
  });
}

std::string digest_of(const std::vector<Sample>& samples) {
  std::string all;
  const auto add = [&](const std::string& text) { all += std::to_string(text.size()) + ":" + text; };
  const auto add_list = [&](const std::vector<std::string>& list) {
    all += std::to_string(list.size()) + "[";
    for (const std::string& text : list) add(text);
  };
  for (const Sample& sample : samples) {
    add(sample.uuid);
    add_list(sample.paraphrases);
    add_list(sample.answers);
  }
  return sha256_hex(all);
}

/// Leaves out what is to be left out, then keeps the first max_samples.
void cut(const DatasetOptions& options, Dataset& set) {
  std::erase_if(set.samples, [&](const Sample& sample) { return options.left_out.contains(sample.uuid); });
  if (options.max_samples > 0 && set.samples.size() > static_cast<std::size_t>(options.max_samples))
    set.samples.resize(static_cast<std::size_t>(options.max_samples));
}

void count_short_samples(const DatasetOptions& options, Dataset& set) {
  const auto wanted = static_cast<std::size_t>(options.num_paraphrases);
  std::size_t too_short = 0, fewest = wanted;
  for (const Sample& sample : set.samples) {
    const std::size_t n = sample.paraphrases.size();
    if (n >= wanted) continue;
    if (options.require_paraphrases)
      throw Error(ErrorKind::data, "sample " + sample.uuid + " has " + std::to_string(n) + " phrasings",
                  std::to_string(wanted) + " or more (--require-paraphrases)",
                  "ask for fewer with --num-paraphrases, or add phrasings");
    ++too_short;
    fewest = std::min(fewest, n);
  }
  if (too_short > 0)
    set.notes.push_back(std::to_string(too_short) + " of " + std::to_string(set.samples.size()) +
                        " samples have fewer than " + std::to_string(wanted) +
                        " phrasings (the fewest: " + std::to_string(fewest) + ")");
}

void replace_examples(const DatasetOptions& options, Dataset& set) {
  const auto wanted = static_cast<std::size_t>(options.num_few_shot);
  RowGuard all_rows(false);  // a worked example left out would be another prompt
  set.examples =
      without_skipping([&] { return examples_of(read_records(options.examples_file, all_rows), wanted); });
  set.files.push_back(options.examples_file);
  if (set.examples.size() < wanted)
    set.notes.push_back(options.examples_file.filename().string() + " gives " +
                        std::to_string(set.examples.size()) + " worked examples where " +
                        std::to_string(wanted) + " were asked for");
}

Dataset load_source(const DatasetOptions& options, RowGuard& guard) try {
  if (options.dataset == "builtin") return load_builtin(options);
  if (options.dataset == "webqa") return load_webqa(options, guard);
  if (options.dataset == "pararel") return load_pararel(options, guard);
  if (options.dataset == "myriadlama") return load_myriadlama(options, guard);
  return load_own(options, guard);
} catch (
    const std::filesystem::filesystem_error& error) {  // a folder that may not be listed, a path too long
  throw Error(ErrorKind::io, error.what(), "a folder that can be read", "check the path and its permissions");
}

}  // namespace

const std::vector<std::string>& dataset_names() {
  static const std::vector<std::string> names{"builtin", "webqa", "pararel", "myriadlama",
                                              "jsonl",   "csv",   "parquet", "feather"};
  return names;
}

bool is_own_format(const std::string& dataset) {
  return dataset == "jsonl" || dataset == "csv" || dataset == "parquet" || dataset == "feather";
}

Dataset load_dataset(const DatasetOptions& options) {
  check_options(options);
  RowGuard guard(options.skip_bad_rows);
  Dataset set = load_source(options, guard);
  if (!options.dataset_name.empty()) set.name = options.dataset_name;
  check_ids(guard, set);
  set.digest = digest_of(set.samples);
  if (set.samples.empty())
    throw Error(ErrorKind::data, "the data set " + set.name + " has no samples", "at least one",
                "check the data");
  cut(options, set);
  if (set.samples.empty())
    throw Error(ErrorKind::data, "the data set " + set.name + " has no samples but those to be left out",
                "at least one more", "leave fewer out");
  if (!options.examples_file.empty()) replace_examples(options, set);
  if (options.instruction) set.instruction = *options.instruction;
  PhrasingChoice choice = options.choice;
  choose_phrasings(choice, settle(choice, options.num_paraphrases), set);
  count_short_samples(options, set);
  guard.add_note(set.notes);
  return set;
}

}  // namespace chorus::data
