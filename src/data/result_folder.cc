#include "data/result_folder.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "data/dataset.h"
#include "data/manifest.h"
#include "data/result_log.h"

namespace chorus::data {
namespace {

namespace fs = std::filesystem;

/// What a manifest or a log says its result was computed from; null for any other file.
Json inputs_of(const fs::path& file) {
  const std::string name = file.filename().string();
  try {
    if (name.ends_with(".log.jsonl")) return ResultLog::stored_identity(file).value("inputs", Json());
    if (name.ends_with(".json") && !name.ends_with(".run.json")) return read_manifest(file).at("inputs");
  } catch (const Error&) {  // somebody else's file
  } catch (const Json::exception&) {
  }
  return nullptr;
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::path& place : {folder, folder / "diversity"}) {
    std::error_code error;
    for (fs::directory_iterator at(place, error), end; !error && at != end; at.increment(error))
      files.push_back(at->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

void check_same_questions(const ResultFiles& files, const Configuration& configuration) {
  const std::string dataset = configuration.settings.value("dataset", "");
  if (!(is_own_format(dataset) || dataset == "webqa") || !configuration.inputs.contains("questions")) return;
  const std::string ours = configuration.inputs.value("questions", "");
  for (const fs::path& file : files_in(files.folder)) {
    if (file == files.manifest() || file == files.log()) continue;  // compared in full when the run is opened
    const Json inputs = inputs_of(file);
    const std::string theirs = inputs.is_object() ? inputs.value("questions", ours) : ours;
    if (theirs == ours) continue;
    throw Error(ErrorKind::data,
                fmt::format("{} is a result of other questions than this run's", file.string()),
                "one set of questions in a folder, as results there are compared",
                "name this one with --dataset-name, use another --output-dir, or --rewrite if the data were "
                "corrected");
  }
}

}  // namespace chorus::data
