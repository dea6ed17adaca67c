#include "data/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <set>
#include <utility>

#include "core/error.h"
#include "data/digest.h"
#include "data/durable_file.h"
#include "data/lemma_columns.h"
#include "data/posix_file.h"
#include "data/result_schema.h"
#include "data/row.h"
#include "data/table_file.h"
#include "text/lemmas.h"

namespace chorus::data {
namespace {

/// A raisable setting as a limit: 0 and absent mean all.
std::int64_t limit(const Json& settings, const std::string& key) {
  const bool given = settings.contains(key) && settings[key].is_number_integer();
  const std::int64_t value = given ? settings[key].get<std::int64_t>() : 0;
  return value == 0 ? std::numeric_limits<std::int64_t>::max() : value;
}

/// A limit of 0 as its reader knows it.
Json with_named_limits(Json settings, const std::vector<std::string>& raisable) {
  for (const auto& key : raisable)
    if (settings.contains(key) && settings[key] == 0) settings[key] = "all";
  return settings;
}

/// The digest of what is asked; null if it is not known.
Json questions_of(const Json& configuration) {
  const Json inputs = configuration.value("inputs", Json::object());
  return inputs.is_object() ? inputs.value("questions", Json()) : Json();
}

/// The part of the comparison that needs only the two configurations.
OutputStatus compare(const Json& finished, const Configuration& configuration) {
  OutputStatus status;
  const Json ours = configuration.complete();
  status.differences = differences(with_named_limits(finished, configuration.raisable),
                                   with_named_limits(ours, configuration.raisable), "the finished result");
  status.other_questions = questions_of(finished) != questions_of(ours);
  Json theirs = finished;
  bool lower = false, higher = false;
  for (const auto& key : configuration.raisable) {
    lower = lower || limit(ours, key) < limit(finished, key);
    higher = higher || limit(ours, key) > limit(finished, key);
    theirs.erase(key);
  }
  if (!differences(theirs, configuration.identity(), "").empty()) {
    status.state = OutputState::finished_other;
  } else if (lower) {
    status.state = OutputState::finished_more;
  } else {
    status.state = higher ? OutputState::finished_fewer : OutputState::finished_same;
  }
  return status;
}

enum class FileState { missing, changed, as_written };

FileState check_file(const std::filesystem::path& path, const Json& files, const std::string& name) {
  if (!std::filesystem::exists(path)) return FileState::missing;
  const bool known = files.contains(name) && files[name].is_object() && files[name].contains("sha256");
  return known && files[name]["sha256"] == sha256_file(path) ? FileState::as_written : FileState::changed;
}

OutputStatus not_ours(std::string why) {
  return {OutputState::not_ours, {std::move(why)}};
}

/// A table under our name without a manifest: ours if there is a log, else somebody's.
OutputStatus without_manifest(const ResultFiles& files) {
  if (std::filesystem::exists(files.log())) return {};
  for (const auto& form : files.forms) {
    const auto path = files.table(form);
    if (std::filesystem::exists(path)) return not_ours(path.string() + " is there without a manifest");
  }
  return {};
}

bool is_log_of(const Configuration& configuration, const std::filesystem::path& log) {
  const Json stored = ResultLog::stored_identity(log);
  return stored.is_object() && differences(stored, configuration.log_identity(), "").empty();
}

Table collect(const ResultLog& log, const std::vector<std::string>& keys, const Schema& schema) {
  Table table(schema);
  for (const auto& key : keys) {
    for (const Json& row : log.read(key)) {
      try {
        table.append(cells_of(schema, row));
      } catch (const Error& error) {
        throw Error(error.kind(), fmt::format("sample '{}': {}", key, error.got()), error.expected(),
                    error.todo());
      }
    }
  }
  return table;
}

Json run_json(const ResultLog& log, const Json& notes) {
  Json json = object_or_empty(notes);
  json["resumes"] = log.sessions().size() - 1;
  json["sessions"] = log.sessions();
  return json;
}

std::string what_to_do(const OutputStatus& status) {
  if (status.state == OutputState::finished_more)
    return "ask for as many questions or more, use --rewrite to cut it down, --tag or another --output-dir "
           "to keep both";
  if (status.other_questions)
    return "use --rewrite to replace it, --dataset-name or another --output-dir to keep both";
  return "use --rewrite to replace it, --tag or another --output-dir to keep both";
}

void check_may_go_on(const ResultFiles& files, const OutputStatus& status) {
  if (status.state == OutputState::absent || status.state == OutputState::finished_fewer) return;
  throw Error(ErrorKind::data,
              fmt::format("{} is there already: {}", files.main_table().string(),
                          fmt::join(status.differences, "; ")),
              "no result, or one of this configuration", what_to_do(status));
}

/// Into a log beside the old one, which an interrupted rewriting of this configuration has begun already.
ResultRun open_rewriting(const ResultFiles& files, const Configuration& configuration,
                         ResultLog::Options options, OutputState state) {
  const bool goes_on = is_log_of(configuration, files.rewrite_log());
  const bool from_log =
      !goes_on && state == OutputState::finished_more && is_log_of(configuration, files.log());
  options.rewrite = !goes_on && !from_log;
  Descriptor held = ResultLog::hold(from_log ? files.rewrite_log() : files.log());
  return {state, ResultLog(from_log ? files.log() : files.rewrite_log(), configuration, options),
          std::move(held)};
}

std::filesystem::path folder_of(const ResultFiles& files) {
  return files.folder.empty() ? "." : files.folder;
}

void remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw_io("be removed", path);
}

/// Answers are scored by their lemmas.
bool is_scored(const Table& table) {
  return table.find("prediction") || table.find("greedy_predict");
}

TableFiles files_of(const Table& table, const std::vector<std::string>& forms) {
  TableFiles all;
  for (const auto& form : forms) all.emplace_back(form, table_bytes(table, form));
  return all;
}

Json with_lemmatizer(const Json& versions) {
  Json noted = object_or_empty(versions);
  noted["lemmas"] = text::kLemmatizer;
  return noted;
}

/// All of a result under its final names, the manifest last; `manifest` may be empty: there is none.
void commit(const ResultFiles& files, const TableFiles& tables, PendingFile* run,
            const std::string& manifest) {
  const auto folder = folder_of(files);
  std::vector<PendingFile> pending;
  for (const auto& [form, bytes] : tables) pending.emplace_back(files.table(form), bytes);
  std::optional<PendingFile> new_manifest;
  if (!manifest.empty()) new_manifest.emplace(files.manifest(), manifest);
  remove_file(files.manifest());
  sync_folder(folder);
  for (PendingFile& table : pending) table.commit();
  if (run != nullptr) run->commit();
  sync_folder(folder);
  if (!new_manifest) return;
  new_manifest->commit();
  sync_folder(folder);
}

}  // namespace

OutputStatus inspect_output(const ResultFiles& files, const Configuration& configuration) {
  if (!std::filesystem::exists(files.manifest())) return without_manifest(files);
  Json manifest;
  try {
    manifest = read_manifest(files.manifest());
  } catch (const Error& error) {
    return not_ours(error.got());
  }
  OutputStatus status = compare(manifest_configuration(manifest), configuration);
  if (status.state == OutputState::finished_other) return status;  // in whatever state its files are
  for (const auto& form : files.forms) {
    const FileState state = check_file(files.table(form), manifest["files"], form);
    if (state == FileState::changed)
      return not_ours(files.table(form).string() + " has changed since it was written");
    if (state == FileState::missing) status.state = OutputState::absent;
  }
  return status;
}

Standing standing_of(const ResultFiles& files, const Configuration& configuration,
                     const std::vector<std::string>& keys, bool rewrite) {
  const OutputStatus status = inspect_output(files, configuration);
  if (!rewrite && status.state == OutputState::finished_same) return {.finished = true};
  if (!rewrite) check_may_go_on(files, status);
  const bool begun = !rewrite || is_log_of(configuration, files.rewrite_log());
  std::vector<std::string> done;
  if (begun) done = ResultLog::stored_keys(rewrite ? files.rewrite_log() : files.log(), configuration);
  const std::set<std::string> answered(done.begin(), done.end());
  const auto missing = std::count_if(keys.begin(), keys.end(),
                                     [&](const std::string& key) { return !answered.contains(key); });
  return {.missing = static_cast<std::size_t>(missing)};
}

ResultRun open_run(const ResultFiles& files, const Configuration& configuration,
                   const ResultLog::Options& options) {
  const OutputStatus status = inspect_output(files, configuration);
  if (options.rewrite) return open_rewriting(files, configuration, options, status.state);
  if (status.state == OutputState::finished_same) return {status.state, std::nullopt};
  check_may_go_on(files, status);
  Descriptor held = ResultLog::hold(files.rewrite_log());
  return {status.state, ResultLog(files.log(), configuration, options), std::move(held)};
}

void write_result(const ResultFiles& files, const ResultLog& log, const std::vector<std::string>& keys,
                  const Schema& schema, const Manifest& manifest, const Json& run_notes) {
  Table table = collect(log, keys, schema);
  Manifest noted = manifest;
  if (is_scored(table)) {
    table = with_lemmas(table);
    noted.versions = with_lemmatizer(manifest.versions);
  }
  const TableFiles tables = files_of(table, files.forms);
  const Json json = manifest_json(noted, table, tables);
  make_folder(folder_of(files));
  PendingFile run(files.run(), run_json(log, run_notes).dump(2) + "\n");
  commit(files, tables, &run, json.dump(2) + "\n");
  if (log.path() == files.log()) return;
  if (::rename(log.path().c_str(), files.log().c_str()) != 0) throw_io("be replaced", files.log());
  sync_folder(folder_of(files));
}

bool write_at_once(const ResultFiles& files, const Table& table, const Manifest& manifest, bool rewrite) {
  if (!rewrite) {
    const OutputStatus status = inspect_output(files, manifest.configuration);
    if (status.state == OutputState::finished_same) return false;
    check_may_go_on(files, status);
  }
  make_folder(folder_of(files));
  const TableFiles tables = files_of(table, files.forms);
  commit(files, tables, nullptr, manifest_json(manifest, table, tables).dump(2) + "\n");
  return true;
}

void renew_lemmas(const ResultFiles& files) {
  const bool is_csv = !std::filesystem::exists(files.feather()) && std::filesystem::exists(files.csv());
  const std::string form = is_csv ? "csv" : "feather";
  const std::filesystem::path source = files.table(form);
  if (!std::filesystem::exists(source)) {
    throw Error(ErrorKind::data, source.string() + " is not there", "a finished result",
                "run it without --lemmaize");
  }
  std::string manifest_text;
  const Table table = with_lemmas(read_table(source, {.csv_types = result_csv_types()}));
  const TableFiles tables = files_of(table, files.forms);
  if (std::filesystem::exists(files.manifest())) {
    const Json old = read_manifest(files.manifest());
    if (check_file(source, old["files"], form) == FileState::changed) {
      throw Error(ErrorKind::data, source.string() + " has changed since it was written",
                  "the file its manifest speaks of",
                  "move the manifest away to give lemmas to the file as it is");
    }
    Manifest manifest{.versions = with_lemmatizer(old.value("versions", Json::object())),
                      .counts = old.value("counts", Json::object())};
    manifest.configuration = {.settings = old["configuration"], .inputs = old["inputs"]};
    manifest_text = manifest_json(manifest, table, tables).dump(2) + "\n";
  }
  commit(files, tables, nullptr, manifest_text);
}

}  // namespace chorus::data
