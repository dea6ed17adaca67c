// ParaRel: relations with patterns ("The capital of [X] is [Y].") and facts (subject, object).
#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <unordered_map>

#include "data/digest.h"
#include "data/sources.h"
#include "text/unicode.h"

namespace chorus::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSubject = "[X]", kObject = "[Y]";

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

int number_of(const std::string& relation) {
  int number = 0;
  std::from_chars(relation.data() + 1, relation.data() + relation.size(), number);
  return number;
}

// P17 before P101.
std::vector<std::string> relations_in(const fs::path& folder) {
  if (!fs::is_directory(folder))
    throw Error(ErrorKind::data, "there is no folder " + folder.string(),
                "a ParaRel folder with patterns/ and facts/", "check --data");
  std::vector<std::string> relations;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string stem = entry.path().stem().string();
    if (entry.path().extension() == ".jsonl" && stem.starts_with('P')) relations.push_back(stem);
  }
  std::sort(relations.begin(), relations.end(), [](const std::string& a, const std::string& b) {
    return std::pair(number_of(a), a) < std::pair(number_of(b), b);
  });
  return relations;
}

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

std::vector<std::string> chosen_relations(const DatasetOptions& options) {
  const std::vector<std::string> patterns = relations_in(options.data / "patterns");
  const std::vector<std::string> facts = relations_in(options.data / "facts");
  std::vector<std::string> complete;
  std::copy_if(patterns.begin(), patterns.end(), std::back_inserter(complete),
               [&](const std::string& relation) { return contains(facts, relation); });
  if (options.relations.empty()) {
    if (complete.empty())
      throw Error(ErrorKind::data, options.data.string() + " has no relation with patterns and facts",
                  "patterns/P36.jsonl, facts/P36.jsonl and the like", "check --data");
    return complete;
  }
  std::set<std::string> seen;
  for (const std::string& relation : options.relations) {
    const std::string what = "the relation '" + relation + "'";
    const std::string there = "one of " + joined(complete);
    if (!seen.insert(relation).second)
      throw Error(ErrorKind::usage, what + " is listed twice", "each relation once", "correct --relations");
    if (contains(complete, relation)) continue;
    if (contains(facts, relation))
      throw Error(ErrorKind::data, what + " has facts and no patterns", there, "leave it out of --relations");
    if (contains(patterns, relation))
      throw Error(ErrorKind::data, what + " has patterns and no facts", there, "leave it out of --relations");
    throw Error(ErrorKind::data, "unknown " + what.substr(4), there, "correct --relations");
  }
  return options.relations;
}

// Once, and not through each other: a subject may contain "[Y]".
std::string filled(const std::string& pattern, const std::string& subject, const std::string& object) {
  std::string text = pattern;
  const std::size_t x = text.find(kSubject), y = text.find(kObject);
  const auto put = [&](std::size_t at, std::string_view mark, const std::string& value) {
    if (at != text.npos) text.replace(at, mark.size(), value);
  };
  if (x > y || y == text.npos) {  // the later one first, so that the earlier one stays where it is
    put(x, kSubject, subject);
    put(y, kObject, object);
  } else {
    put(y, kObject, object);
    put(x, kSubject, subject);
  }
  return text;
}

// "The capital of [X] is [Y] ." -> "The capital of [X] is"; empty for a pattern that does not end in [Y].
std::string left_of_object(std::string pattern) {
  const auto trim = [&pattern] {
    while (!pattern.empty() && pattern.back() == ' ') pattern.pop_back();
  };
  trim();
  if (pattern.ends_with('.')) pattern.pop_back();
  trim();
  if (!pattern.ends_with(kObject)) return "";
  pattern.erase(pattern.size() - kObject.size());
  trim();
  return pattern;
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

std::vector<std::string> patterns_of(const fs::path& file, bool left, RowGuard& guard) {
  std::vector<std::string> patterns;
  for (const Record& record : read_records(file, guard))
    guard([&] {
      std::string pattern = text_field(record, "pattern");
      if (count(pattern, kSubject) != 1 || count(pattern, kObject) != 1)
        bad_row(record, "has the pattern '" + pattern + "'", "[X] and [Y] once each");
      if (left) pattern = left_of_object(std::move(pattern));
      if (!pattern.empty()) patterns.push_back(std::move(pattern));
    });
  if (patterns.empty())
    throw Error(ErrorKind::data, file.string() + " has no pattern that ends in [Y]",
                "at least one for --cloze left", "leave the relation out, or ask with --cloze mask");
  return patterns;
}

// What facts of one relation repeat, for the notes.
struct Oddities {
  std::size_t given_twice = 0, several_objects = 0;
};

struct Item {
  std::string subject;
  Sample sample;
};

// Stable whatever else is asked: the fact's own id, or one made from what the fact is about.
std::string fact_id(const Record& record, const std::string& relation, const std::string& subject) {
  if (find_field(record, "uuid") != nullptr) return text_field(record, "uuid");
  std::string about = relation;
  about.append("\t").append(subject);
  return md5_hex(about);
}

// One item per subject, in the order of its first fact.
std::vector<Item> items_of(const fs::path& file, const std::string& relation, RowGuard& guard,
                           Oddities& oddities) {
  std::vector<Item> items;
  std::unordered_map<std::string, std::size_t> by_subject;
  for (const Record& record : read_records(file, guard))
    guard([&] {
      const std::string subject = text_field(record, "sub_label");
      const std::string object = text_field(record, "obj_label");
      const std::string id = fact_id(record, relation, subject);
      const auto [found, is_new] = by_subject.try_emplace(subject, items.size());
      if (is_new) items.push_back({subject, {.uuid = id}});
      std::vector<std::string>& answers = items[found->second].sample.answers;
      if (contains(answers, object))
        ++oddities.given_twice;
      else
        answers.push_back(object);
    });
  for (const Item& item : items) oddities.several_objects += item.sample.answers.size() > 1 ? 1U : 0U;
  return items;
}

std::string answer_in_subject(const Item& item) {
  const std::string subject = text::lower(item.subject);
  const std::vector<std::string>& answers = item.sample.answers;
  const bool inside = std::any_of(answers.begin(), answers.end(), [&](const std::string& answer) {
    return subject.find(text::lower(answer)) != subject.npos;
  });
  return inside ? "true" : "false";
}

std::vector<Sample> relation_samples(const DatasetOptions& options, const std::string& relation,
                                     RowGuard& guard, Oddities& oddities, Dataset& set) {
  const fs::path pattern_file = options.data / "patterns" / (relation + ".jsonl");
  const fs::path fact_file = options.data / "facts" / (relation + ".jsonl");
  const bool left = options.cloze == "left";
  const std::vector<std::string> patterns = patterns_of(pattern_file, left, guard);
  std::vector<Sample> samples;
  for (Item& item : items_of(fact_file, relation, guard, oddities)) {
    for (const std::string& pattern : patterns)
      item.sample.paraphrases.push_back(filled(pattern, item.subject, "[MASK]"));
    item.sample.extra = {{"relation", relation}, {"answer_in_subject", answer_in_subject(item)}};
    samples.push_back(std::move(item.sample));
  }
  set.files.push_back(pattern_file);
  set.files.push_back(fact_file);
  return samples;
}

std::vector<Sample> round_robin(std::vector<std::vector<Sample>> groups) {
  std::vector<Sample> samples;
  std::size_t longest = 0;
  for (const std::vector<Sample>& group : groups) longest = std::max(longest, group.size());
  for (std::size_t turn = 0; turn < longest; ++turn)
    for (std::vector<Sample>& group : groups)
      if (turn < group.size()) samples.push_back(std::move(group[turn]));
  return samples;
}

// The drawn items leave the set: what is shown with its answer is not asked.
void take_examples(std::size_t wanted, Dataset& set) {
  std::set<std::size_t> drawn;
  for (const std::size_t index : draw_examples(set.samples.size(), wanted, "the relations' list")) {
    set.examples.push_back(example_of(set.samples[index]));
    drawn.insert(index);
  }
  std::size_t index = 0;
  std::erase_if(set.samples, [&](const Sample&) { return drawn.contains(index++); });
}

}  // namespace

Dataset load_pararel(const DatasetOptions& options, RowGuard& guard) {
  if (!fs::is_directory(options.data))
    throw Error(ErrorKind::data, "there is no folder " + options.data.string(),
                "a ParaRel folder with patterns/ and facts/", "check --data");
  Dataset set{.name = options.dataset};
  set.instruction = options.cloze == "left" ? kClozeInstruction : kMaskInstruction;
  Oddities oddities;
  std::vector<std::vector<Sample>> groups;
  for (const std::string& relation : chosen_relations(options))
    groups.push_back(relation_samples(options, relation, guard, oddities, set));
  set.samples = round_robin(std::move(groups));
  take_examples(examples_wanted(options), set);
  if (oddities.given_twice > 0)
    set.notes.push_back(std::to_string(oddities.given_twice) + " facts are given twice");
  if (oddities.several_objects > 0)
    set.notes.push_back(std::to_string(oddities.several_objects) +
                        " subjects have several objects; each is accepted");
  return set;
}

}  // namespace chorus::data
