#include "eval/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <regex>
#include <utility>

#include "core/error.h"
#include "data/lemma_columns.h"
#include "data/method.h"
#include "data/number_text.h"
#include "data/result_schema.h"
#include "data/table_file.h"
#include "eval/score.h"

namespace chorus::eval {
namespace {

using data::StringList;

bool parse_number(std::string_view text, int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

/// "m5a5s3": phrasings drawn of those by people and by a program; N is what follows the s.
bool parse_draw(std::string_view text, RunName& name) {
  const std::size_t a = text.find('a'), s = text.find('s');
  int manual = 0, automatic = 0;
  const bool is_draw = text.starts_with('m') && a != std::string_view::npos && s != std::string_view::npos &&
                       a < s && parse_number(text.substr(1, a - 1), manual) &&
                       parse_number(text.substr(a + 1, s - a - 1), automatic) &&
                       parse_number(text.substr(s + 1), name.paraphrases);
  if (is_draw) name.variant = std::string(text) + (name.variant.empty() ? "" : ",") + name.variant;
  return is_draw;
}

/// "5" or "0,3" behind the last hyphen.
bool parse_sizes(std::string_view text, RunName& name) {
  if (parse_draw(text, name)) return true;
  std::vector<int> numbers;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    if (!parse_number(text.substr(at, comma - at), numbers.emplace_back())) return false;
    at = comma + 1;
  }
  if (numbers.size() == 1) {
    name.paraphrases = numbers.front();
  } else {
    name.indexs = numbers;
    name.paraphrases = static_cast<int>(numbers.size());
  }
  return true;
}

/// The scripts' names: myriadlama_flex_5paras, and
/// syncedsample_ensemble_avg-2paras-5samples[-repeat], rows of several draws of 2 phrasings for each question.
void parse_script_name(RunName& name) {
  static const std::regex myriad("(.+)_([0-9]{1,3})paras"),
      synced("syncedsample_(.+)-([0-9]{1,3})paras-([0-9]+samples(-repeat)?)");
  std::smatch part;
  const std::string whole = name.method;
  if (std::regex_match(whole, part, synced)) {
    name.variant = part[3];
    name.paraphrases = std::stoi(part[2]);
  } else if (std::regex_match(whole, part, myriad)) {
    name.paraphrases = std::stoi(part[2]);
  } else {
    return;
  }
  name.method = part[1];
}

data::Json json_beside(std::filesystem::path file, const char* extension) {
  std::ifstream in(file.replace_extension(extension), std::ios::binary);
  if (!in) return nullptr;
  return data::Json::parse(in, nullptr, false);
}

/// A result of which there is CSV alone, as the scripts' repository keeps some. Exported tables do not begin with the id.
bool is_lone_csv(std::filesystem::path file) {
  if (file.extension() != ".csv") return false;
  std::ifstream in(file, std::ios::binary);
  std::string header;
  std::getline(in, header);
  const auto has = [header = "," + header.substr(0, header.find('\r')) + ","](const char* column) {
    return header.find(fmt::format(",{},", column)) != std::string::npos;
  };
  const bool is_result =
      header.starts_with("uuid,") && has("answers") && (has("prediction") || has("greedy_predict"));
  return is_result && !std::filesystem::exists(file.replace_extension(".feather"));
}

std::string joined(const data::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *number);
  if (const auto* real = std::get_if<double>(&value)) return data::number_text(*real);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* list = std::get_if<StringList>(&value)) return fmt::format("{}", fmt::join(*list, " | "));
  return "";
}

std::vector<double> scores_of(const data::Table& table, std::size_t prediction, const ScoreOptions& options) {
  const std::size_t answers = table.column("answers");
  std::vector<double> scores;
  const bool from_file = options.lemmas == LemmaSource::file;
  const std::size_t lemmas = from_file ? table.column(data::kPredictLemma) : 0;
  const std::size_t answer_lemmas = from_file ? table.column(data::kAnswerLemmas) : 0;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (data::is_null(table.at(row, prediction))) {
      scores.push_back(0);
    } else if (from_file) {
      const auto key =
          AnswerKey::of_lemmas(table.get<std::vector<StringList>>(row, answer_lemmas), options.rule);
      scores.push_back(key.score(std::span<const std::string>(table.get<StringList>(row, lemmas))));
    } else {
      const AnswerKey key(table.get<StringList>(row, answers), options.rule);
      scores.push_back(key.score(std::string_view(table.get<std::string>(row, prediction))));
    }
  }
  return scores;
}

std::map<std::string, std::vector<std::size_t>> rows_by_uuid(const data::Table& table) {
  const std::size_t uuid = table.column("uuid");
  const auto index = table.find("paraphrase_index");
  std::map<std::string, std::vector<std::size_t>> rows;
  for (std::size_t row = 0; row < table.rows(); ++row) rows[table.get<std::string>(row, uuid)].push_back(row);
  if (!index) return rows;
  for (auto& [key, list] : rows)
    std::stable_sort(list.begin(), list.end(), [&](std::size_t a, std::size_t b) {
      return table.get<std::int64_t>(a, *index) < table.get<std::int64_t>(b, *index);
    });
  return rows;
}

/// Two rows of a question are right in results of single phrasings alone, and in those that draw phrasings several times.
void check_rows(const Run& run) {
  const bool many = is_per_paraphrase(run.name) || run.table.find("paraphrase") ||
                    run.name.variant.find("samples") != std::string::npos;
  if (many) return;
  for (const auto& [uuid, rows] : run.rows_of) {
    if (rows.size() < 2) continue;
    throw Error(ErrorKind::data,
                fmt::format("{} has question {} in rows {} and {}", run.file.string(), uuid, rows[0] + 1,
                            rows[1] + 1),
                "one row a question, as one run writes them",
                "give the files of several runs each by itself, not put together");
  }
}

/// A file's name, its manifest and its rows are of one N. Fewer phrasings than N are no error: a question may have fewer.
void check_size(const Run& run) {
  const int n = run.name.paraphrases;
  const auto place = run.table.find("paraphrases");
  if (n == 0) return;
  const auto fail = [&](const std::string& found) {
    throw Error(ErrorKind::data, fmt::format("{}: {}", run.file.string(), found),
                fmt::format("the {} phrasings of its name", n), "rename it to its N, or run generate again");
  };
  const auto& settings =
      run.manifest.is_object() ? run.manifest.value("configuration", data::Json()) : data::Json();
  if (run.name.indexs.empty() && settings.is_object() && settings.contains("num_paraphrases") &&
      settings["num_paraphrases"] != n)
    fail(fmt::format("its manifest says num_paraphrases {}", settings["num_paraphrases"].dump()));
  for (std::size_t row = 0; place && row < run.table.rows(); ++row)
    if (const auto* list = std::get_if<StringList>(&run.table.at(row, *place));
        list != nullptr && list->size() > static_cast<std::size_t>(n))
      fail(fmt::format("question {} has {} phrasings", run.text(row, "uuid"), list->size()));
}

}  // namespace

std::string RunName::label() const {
  std::string text = method;
  if (!indexs.empty()) text += fmt::format(" [{}]", fmt::join(indexs, ","));
  if (!variant.empty()) text += fmt::format(" ({})", variant);
  return text;
}

RunName run_name(std::string_view stem) {
  RunName name;
  const std::size_t dot = stem.find('.');
  if (dot != std::string_view::npos) name.variant = stem.substr(dot + 1);
  const std::string_view base = stem.substr(0, dot);
  const std::size_t hyphen = base.rfind('-');
  name.method = base;
  if (hyphen != std::string_view::npos && parse_sizes(base.substr(hyphen + 1), name))
    name.method = base.substr(0, hyphen);
  parse_script_name(name);
  constexpr std::string_view kEnsemble = "ensemble_", kBaseline = "baseline_";
  for (const std::string_view prefix : {kEnsemble, kBaseline})
    if (name.method.starts_with(prefix)) name.method.erase(0, prefix.size());
  if (name.method == "flex_attention") name.method = "flex";
  return name;
}

bool is_classic(const RunName& name) {
  const data::MethodEntry* method = data::find_method(name.method);
  return method != nullptr && method->kind == data::ResultKind::ensemble;
}

bool is_flex(const RunName& name) {
  return name.method.find("flex") != std::string::npos || name.method == "myriadlama_custom";
}

bool is_per_paraphrase(const RunName& name) {
  return name.method == "per_prompt" || is_confidence(name);
}

bool is_confidence(const RunName& name) {
  return name.method == "confidence";
}

LemmaSource lemma_source_from(std::string_view text) {
  if (text == "own") return LemmaSource::own;
  if (text == "file") return LemmaSource::file;
  throw Error(ErrorKind::usage, fmt::format("--lemmas {}", text), "own or file", "choose one of them");
}

std::string Run::text(std::size_t row, std::string_view column) const {
  const auto found = table.find(column);
  return found ? joined(table.at(row, *found)) : "";
}

const std::vector<std::string>& Run::answers(std::size_t row) const {
  return table.get<StringList>(row, table.column("answers"));
}

std::string Run::question(std::size_t row) const {
  for (const char* column : {"question", "paraphrase"})
    if (auto found = text(row, column); !found.empty()) return found;
  for (const char* column : {"paraphrases", "templates"})
    if (const auto place = table.find(column); place && !data::is_null(table.at(row, *place)))
      if (const auto* list = std::get_if<StringList>(&table.at(row, *place));
          list != nullptr && !list->empty())
        return list->front();
  return "";
}

std::vector<std::filesystem::path> find_results(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (at->is_regular_file() && at->path().stem() != "summary" &&  // the table of chorus sweep
        (at->path().extension() == ".feather" || is_lone_csv(at->path())))
      files.push_back(at->path());
  if (files.empty())
    throw Error(ErrorKind::data,
                fmt::format("no .feather file below '{}', nor a result as .csv", folder.string()),
                "results of chorus generate", "run generate first, or give the folder with --output-dir");
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::filesystem::path> find_unfinished(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  constexpr std::string_view kLog = ".log.jsonl";
  std::vector<fs::path> logs;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string path = at->path().string();
    if (path.ends_with(kLog) && !fs::exists(path.substr(0, path.size() - kLog.size()) + ".json"))
      logs.push_back(at->path());
  }
  std::sort(logs.begin(), logs.end());
  return logs;
}

Run read_run(const std::filesystem::path& file, const ScoreOptions& options) {
  Run run{.file = file, .name = run_name(file.stem().string())};
  run.table = data::read_table(file, {.csv_types = data::result_csv_types()});
  std::filesystem::path folder = std::filesystem::absolute(file).parent_path();
  if (folder.filename() == "diversity") {
    folder = folder.parent_path();
    if (run.name.indexs.empty() && run.name.paraphrases > 0)  // one index is no N
      run.name.indexs = {std::exchange(run.name.paraphrases, 1)};
  }
  run.model = folder.filename().string();
  run.dataset = folder.parent_path().filename().string();
  const auto usual = run.table.find("prediction"), greedy = run.table.find("greedy_predict");
  if (!run.table.find("uuid") || !run.table.find("answers") || (!usual && !greedy)) {
    throw Error(ErrorKind::data, fmt::format("{} has no columns uuid, answers and prediction", file.string()),
                "a result file", "move it elsewhere, or name the files to analyze");
  }
  if (options.lemmas == LemmaSource::file && !run.table.find(data::kPredictLemma)) {
    throw Error(ErrorKind::data, fmt::format("{} has no lemma columns", file.string()),
                "predict_lemma and answer_lemmas",
                "leave --lemmas file out, or add them with generate --lemmaize");
  }
  try {
    run.scores = scores_of(run.table, usual ? *usual : *greedy, options);
    run.rows_of = rows_by_uuid(run.table);
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{}: {}", file.string(), error.got()), error.expected(),
                error.todo());
  }
  run.manifest = json_beside(file, ".json");
  run.notes = json_beside(file, ".run.json");
  check_rows(run);
  check_size(run);
  return run;
}

Grouping group_by(const Run& run, std::string_view column) {
  const std::size_t place = run.table.column(column);
  Grouping grouping;
  std::map<std::string, std::size_t> known;
  for (std::size_t row = 0; row < run.table.rows(); ++row) {
    const std::string value = joined(run.table.at(row, place));
    const auto [at, is_new] = known.try_emplace(value, grouping.values.size());
    if (is_new) grouping.values.push_back(value);
    grouping.of_row.push_back(at->second);
  }
  return grouping;
}

}  // namespace chorus::eval
