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

/// The part of the comparison that needs only the two configurations.
OutputStatus compare(const Json& finished, const Configuration& configuration) {
  OutputStatus status;
  const Json ours = configuration.complete();
  status.differences = differences(finished, ours, "the finished result");
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
  for (const auto& path : {files.feather(), files.csv()}) {
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

void check_may_go_on(const ResultFiles& files, const OutputStatus& status) {
  if (status.state == OutputState::absent || status.state == OutputState::finished_fewer) return;
  throw Error(
      ErrorKind::data,
      fmt::format("{} is there already: {}", files.feather().string(), fmt::join(status.differences, "; ")),
      "no result, or one of this configuration",
      "use --rewrite to replace it, --tag or another --output-dir to keep both");
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

void remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw_io("be removed", path);
}

Json with_lemmatizer(const Json& versions) {
  Json noted = object_or_empty(versions);
  noted["lemmas"] = text::kLemmatizer;
  return noted;
}

/// All of a result under its final names, the manifest last; `manifest` may be empty: there is none.
void commit(const ResultFiles& files, const std::string& feather, const std::string& csv, PendingFile* run,
            const std::string& manifest) {
  const auto folder = files.feather().parent_path();
  PendingFile new_feather(files.feather(), feather), new_csv(files.csv(), csv);
  std::optional<PendingFile> new_manifest;
  if (!manifest.empty()) new_manifest.emplace(files.manifest(), manifest);
  remove_file(files.manifest());
  sync_folder(folder);
  new_feather.commit();
  new_csv.commit();
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
  const auto feather = check_file(files.feather(), manifest["files"], "feather");
  const auto csv = check_file(files.csv(), manifest["files"], "csv");
  if (feather == FileState::changed)
    return not_ours(files.feather().string() + " has changed since it was written");
  if (csv == FileState::changed) return not_ours(files.csv().string() + " has changed since it was written");
  if (feather == FileState::missing || csv == FileState::missing) status.state = OutputState::absent;
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
  const Table table = with_lemmas(collect(log, keys, schema));
  const std::string feather = feather_bytes(table), csv = csv_bytes(table);
  Manifest noted = manifest;
  noted.versions = with_lemmatizer(manifest.versions);
  const Json json = manifest_json(noted, table, feather, csv);
  make_folder(files.feather().parent_path());
  PendingFile run(files.run(), run_json(log, run_notes).dump(2) + "\n");
  commit(files, feather, csv, &run, json.dump(2) + "\n");
  if (log.path() == files.log()) return;
  if (::rename(log.path().c_str(), files.log().c_str()) != 0) throw_io("be replaced", files.log());
  sync_folder(files.log().parent_path());
}

void renew_lemmas(const ResultFiles& files) {
  if (!std::filesystem::exists(files.feather())) {
    throw Error(ErrorKind::data, files.feather().string() + " is not there", "a finished result",
                "run it without --lemmaize");
  }
  std::string manifest_text;
  const Table table = with_lemmas(read_table(files.feather()));
  const std::string feather = feather_bytes(table), csv = csv_bytes(table);
  if (std::filesystem::exists(files.manifest())) {
    const Json old = read_manifest(files.manifest());
    if (check_file(files.feather(), old["files"], "feather") == FileState::changed) {
      throw Error(ErrorKind::data, files.feather().string() + " has changed since it was written",
                  "the file its manifest speaks of",
                  "move the manifest away to give lemmas to the file as it is");
    }
    Manifest manifest{.versions = with_lemmatizer(old.value("versions", Json::object())),
                      .counts = old.value("counts", Json::object())};
    manifest.configuration = {.settings = old["configuration"], .inputs = old["inputs"]};
    manifest_text = manifest_json(manifest, table, feather, csv).dump(2) + "\n";
  }
  commit(files, feather, csv, nullptr, manifest_text);
}

}  // namespace chorus::data
