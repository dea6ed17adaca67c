#include "eval/comparability.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/error.h"

namespace chorus::eval {
namespace {

using data::Json;

std::string file_name(const Run& run) {
  return run.file.filename().string();
}

const Json& part(const Run& run, const char* key) {
  static const Json none = Json::object();
  return run.manifest.is_object() && run.manifest.contains(key) && run.manifest[key].is_object()
             ? run.manifest[key]
             : none;
}

std::string data_set_of(const Run& run) {
  const Json& settings = part(run, "configuration");
  return settings.contains("dataset") && settings["dataset"].is_string()
             ? settings["dataset"].get<std::string>()
             : "";
}

/// A question's row of answers in each; the scripts' files may hold one text where others hold a list.
bool share_an_answer(const Run& a, std::size_t row_a, const Run& b, std::size_t row_b) {
  const auto &x = a.answers(row_a), &y = b.answers(row_b);
  return x.empty() || y.empty() || std::any_of(x.begin(), x.end(), [&](const std::string& answer) {
           return std::find(y.begin(), y.end(), answer) != y.end();
         });
}

void check_pair(const Run& a, const Run& b) {
  const std::string ours = data_set_of(a), theirs = data_set_of(b);
  if (!ours.empty() && !theirs.empty() && ours != theirs) {
    throw Error(ErrorKind::data,
                fmt::format("{} is of data set {}, {} of {}", a.file.string(), ours, b.file.string(), theirs),
                "results of one data set", "analyze them apart");
  }
  for (const auto& [uuid, rows] : b.rows_of) {
    const auto found = a.rows_of.find(uuid);
    if (found == a.rows_of.end() || share_an_answer(a, found->second.front(), b, rows.front())) continue;
    throw Error(ErrorKind::data,
                fmt::format("question {} has the answers [{}] in {} and [{}] in {}", uuid,
                            fmt::join(a.answers(found->second.front()), ", "), a.file.string(),
                            fmt::join(b.answers(rows.front()), ", "), b.file.string()),
                "results of one data set", "analyze them apart");
  }
}

/// Values as one line shows them: from where they begin to differ, and no more than fits.
std::vector<std::string> shortened(const std::vector<std::string>& values) {
  constexpr std::size_t kMost = 60, kBefore = 10;
  std::size_t same = values.front().size();
  for (const std::string& value : values) {
    const auto ends = std::mismatch(values.front().begin(), values.front().end(), value.begin(), value.end());
    same = std::min(same, static_cast<std::size_t>(ends.first - values.front().begin()));
  }
  const auto is_inner = [](const std::string& text, std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
  };
  std::vector<std::string> shown;
  for (const std::string& value : values) {
    std::size_t begin = value.size() > kMost && same > kBefore ? same - kBefore : 0;
    while (begin > 0 && is_inner(value, begin)) --begin;
    std::size_t end = std::min(value.size(), begin + kMost);
    while (is_inner(value, end)) ++end;
    shown.push_back(fmt::format("{}{}{}", begin > 0 ? "…" : "", value.substr(begin, end - begin),
                                end < value.size() ? "…" : ""));
  }
  return shown;
}

std::string listed(const std::vector<std::string>& files) {
  constexpr std::size_t kMost = 3;
  if (files.size() <= kMost) return fmt::format("{}", fmt::join(files, ", "));
  return fmt::format("{} and {} more", fmt::join(files.begin(), files.begin() + kMost, ", "),
                     files.size() - kMost);
}

using FilesOfValue = std::map<std::string, std::vector<std::string>>;

/// "dtype differs: f32 in a.feather; bf16 in b.feather", rare values first; nothing where there is one value.
void add_difference(std::vector<std::string>& lines, const std::string& what, const FilesOfValue& files) {
  if (files.size() < 2) return;
  std::vector<std::pair<std::string, std::vector<std::string>>> parts(files.begin(), files.end());
  std::stable_sort(parts.begin(), parts.end(),
                   [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
  std::vector<std::string> values;
  for (const auto& [value, names] : parts) values.push_back(value);
  values = shortened(values);
  std::string line;
  for (std::size_t i = 0; i < parts.size(); ++i)
    line += fmt::format("{}{} in {}", i == 0 ? "" : "; ", values[i], listed(parts[i].second));
  lines.push_back(fmt::format("{} differs: {}", what, line));
}

std::string value_of(const Json& object, const char* key) {
  if (!object.contains(key)) return "none";
  const Json& value = object[key];
  const std::string text = data::dumped(value);
  const bool is_word = value.is_string() && text.find_first_of(" \\") == std::string::npos && text.size() > 2;
  return is_word ? value.get<std::string>() : text;
}

void add_settings(std::vector<std::string>& lines, const RunSet& runs) {
  // What belongs to a method or a layout stands in its name.
  for (const char* key : {"prompt_template", "chat_template", "instruction", "num_few_shot", "cloze",
                          "relations", "stop", "max_new_tokens", "prediction", "dtype"}) {
    FilesOfValue files;
    for (const Run* run : runs)
      if (!part(*run, "configuration").empty())
        files[value_of(part(*run, "configuration"), key)].push_back(file_name(*run));
    add_difference(lines, key, files);
  }
}

/// Files that both have read. One that only some read (paraphrases, confidences, a layout) is no difference by itself.
void add_inputs(std::vector<std::string>& lines, const RunSet& runs) {
  constexpr std::size_t kDigits = 12;
  const std::set<std::string> of_methods = {"confidence", "layout", "tuned"};
  std::map<std::string, FilesOfValue> inputs;
  for (const Run* run : runs)
    for (const auto& [name, digest] : part(*run, "inputs").items())
      if (digest.is_string() && !of_methods.contains(name))
        inputs[name][digest.get<std::string>().substr(0, kDigits)].push_back(file_name(*run));
  for (const auto& [name, files] : inputs)
    add_difference(lines, name == "model" ? "the model's fingerprint" : "the input " + name, files);
}

void add_questions(std::vector<std::string>& lines, const RunSet& runs) {
  FilesOfValue files;
  std::map<std::vector<std::string>, std::string> sets;
  std::map<std::size_t, int> of_count;
  for (const Run* run : runs) {
    std::vector<std::string> ids;
    for (const auto& [uuid, rows] : run->rows_of) ids.push_back(uuid);
    const std::size_t count = ids.size();
    const auto [at, is_new] = sets.try_emplace(std::move(ids));
    if (is_new)
      at->second = fmt::format("{} questions{}", count, of_count[count]++ > 0 ? " (other ones)" : "");
    files[at->second].push_back(file_name(*run));
  }
  add_difference(lines, "the set of questions", files);
}

/// Accepted answers of a question decide what is right: those of the first run, beside the others'.
void add_answers(std::vector<std::string>& lines, const RunSet& runs) {
  for (const Run* run : runs) {
    std::size_t other = 0;
    for (const auto& [uuid, rows] : run->rows_of) {
      const auto found = runs.front()->rows_of.find(uuid);
      other += found != runs.front()->rows_of.end() &&
               run->answers(rows.front()) != runs.front()->answers(found->second.front());
    }
    if (other > 0)
      lines.push_back(fmt::format("the accepted answers differ: of {} questions in {} and {}", other,
                                  file_name(*runs.front()), file_name(*run)));
  }
}

std::set<std::string> phrasings_of(const Run& run, const std::vector<std::size_t>& rows) {
  std::set<std::string> texts;
  for (const std::size_t row : rows) {
    if (const auto place = run.table.find("paraphrases"))
      if (const auto* list = std::get_if<data::StringList>(&run.table.at(row, *place)))
        texts.insert(list->begin(), list->end());
    for (const char* column : {"paraphrase", "question"})
      if (std::string text = run.text(row, column); !text.empty()) texts.insert(std::move(text));
  }
  return texts;
}

/// What stands beside single phrasings (any right, TT, FT) counts only phrasings that were asked alone.
void add_phrasings(std::vector<std::string>& lines, const RunSet& runs) {
  const auto single = std::find_if(runs.begin(), runs.end(), [](const Run* run) {
    return is_per_paraphrase(run->name) && run->table.find("paraphrase");
  });
  if (single == runs.end()) return;
  for (const Run* run : runs) {
    std::size_t lacking = 0, both = 0;
    for (const auto& [uuid, rows] : run->rows_of) {
      const auto found = (*single)->rows_of.find(uuid);
      if (found == (*single)->rows_of.end()) continue;
      ++both;
      const auto theirs = phrasings_of(*run, rows), alone = phrasings_of(**single, found->second);
      lacking += !std::includes(alone.begin(), alone.end(), theirs.begin(), theirs.end());
    }
    if (lacking > 0)
      lines.push_back(fmt::format(
          "phrasings differ: {} of {} questions in {} have one that is not in {}; what is said of "
          "single phrasings beside that result is over others",
          lacking, both, file_name(*run), file_name(**single)));
  }
}

}  // namespace

void check_one_data_set(const RunSet& runs) {
  for (std::size_t i = 1; i < runs.size(); ++i) check_pair(*runs.front(), *runs[i]);
}

std::vector<std::string> differences(const RunSet& runs, const RunSet& of_one_size) {
  std::vector<std::string> lines;
  if (runs.size() < 2) return lines;
  add_settings(lines, runs);
  add_inputs(lines, runs);
  add_questions(lines, runs);
  add_answers(lines, runs);
  add_phrasings(lines, of_one_size);
  return lines;
}

}  // namespace chorus::eval
