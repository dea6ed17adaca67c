#include "cli/dataset_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

#include "cli/interrupt.h"
#include "core/error.h"
#include "core/processor.h"
#include "core/progress.h"
#include "data/digest.h"
#include "data/result_folder.h"

namespace chorus::cli {
namespace {

std::string utc_now() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  char text[32] = {};
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

/// What the manifest calls an input: its place inside the data set's folder, else its name, numbered where two are equal.
std::string input_name(const std::filesystem::path& file, const std::filesystem::path& data,
                       const data::Json& taken) {
  const auto inside = file.lexically_relative(data);
  const bool is_inside = !inside.empty() && inside != "." && *inside.begin() != "..";
  const std::string name = (is_inside ? inside : file.filename()).generic_string();
  std::string free = name;
  for (int i = 2; taken.contains(free); ++i) free = fmt::format("{} ({})", name, i);
  return free;
}

data::Json session(std::int32_t batch_size) {
  char host[256] = {};
  gethostname(host, sizeof(host) - 1);
  return {{"host", host}, {"started", utc_now()}, {"batch_size", batch_size}};
}

}  // namespace

std::vector<std::string> extra_columns(const data::Dataset& dataset) {
  std::vector<std::string> columns;
  if (!dataset.samples.empty())
    for (const auto& [column, value] : dataset.samples.front().extra) columns.push_back(column);
  return columns;
}

data::Configuration source_configuration(data::Json settings, const data::DatasetOptions& options,
                                         const data::Dataset& dataset) {
  data::Configuration c;
  c.settings = std::move(settings);
  c.settings["dataset"] = options.dataset;
  if (!options.relations.empty()) c.settings["relations"] = options.relations;
  if (options.dataset == "pararel") c.settings["cloze"] = options.cloze;
  if (!options.dataset_name.empty()) c.settings["dataset_name"] = options.dataset_name;
  c.settings.update(data::settings_of(options.choice));
  c.settings["num_few_shot"] = options.num_few_shot;
  c.settings["max_samples"] = options.max_samples;
  for (const auto& file : dataset.files)
    c.inputs[input_name(file, options.data, c.inputs)] = data::sha256_file(file);
  c.computed_by = {{"chorus", CHORUS_VERSION}, {"instructions", core::instruction_set()}};
  return c;
}

void add_model(data::Configuration& configuration, const ModelChoice& choice, const ModelOptions& model) {
  configuration.settings["model"] = choice.ref.name;
  configuration.settings["dtype"] = choice.compute_name();
  configuration.settings["execution"] = model.execution;
  configuration.inputs["model"] = model_fingerprint(choice.ref);
}

data::Configuration dataset_configuration(data::Json settings, const data::DatasetOptions& options,
                                          const data::Dataset& dataset, const ModelChoice& choice,
                                          const ModelOptions& model) {
  settings["instruction"] = dataset.instruction;
  data::Configuration c = source_configuration(std::move(settings), options, dataset);
  c.inputs["questions"] = dataset.digest;
  add_model(c, choice, model);
  return c;
}

DatasetRun::DatasetRun(const core::Log& log, const data::Dataset& dataset, Settings settings)
    : log_(log), dataset_(dataset), settings_(std::move(settings)) {
  if (!settings_.rewrite) data::check_same_questions(settings_.files, settings_.configuration);
  state_.emplace(data::open_run(settings_.files, settings_.configuration,
                                {.rewrite = settings_.rewrite, .session = session(settings_.batch_size)}));
}

bool DatasetRun::finished() const {
  if (state_->log) return false;
  log_.info("finished already, nothing to do: {}", settings_.files.main_table().string());
  return true;
}

std::vector<std::size_t> DatasetRun::missing() const {
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < dataset_.samples.size(); ++i)
    if (!state_->log->contains(dataset_.samples[i].uuid)) missing.push_back(i);
  if (missing.size() < dataset_.samples.size())
    log_.info("{} of {} questions are answered already", dataset_.samples.size() - missing.size(),
              dataset_.samples.size());
  return missing;
}

Done DatasetRun::complete(const std::vector<std::size_t>& samples, const Compute& compute) {
  core::Progress progress(settings_.label, static_cast<std::int64_t>(samples.size()), settings_.quiet);
  const auto began = std::chrono::steady_clock::now();
  try {
    compute(samples, {.rows =
                          [&](std::size_t sample, const std::vector<data::Json>& rows) {
                            state_->log->append(dataset_.samples[sample].uuid, rows);
                            progress.advance(1);
                          },
                      .cancelled = interrupted});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::interrupted) throw;
    stop_interrupted();
  }
  progress.finish();
  return {samples.size(), std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count()};
}

void DatasetRun::stop_interrupted() const {
  const auto& log = *state_->log;
  const auto on_disk = std::count_if(dataset_.samples.begin(), dataset_.samples.end(),
                                     [&](const data::Sample& sample) { return log.contains(sample.uuid); });
  throw Error(ErrorKind::interrupted,
              fmt::format("interrupted: {} of {} questions are on disk in {}", on_disk,
                          dataset_.samples.size(), log.path().string()),
              "", "run the same command again to go on");
}

std::vector<data::Json> DatasetRun::rows() const {
  std::vector<data::Json> all;
  for (const data::Sample& sample : dataset_.samples)
    for (data::Json& row : state_->log->read(sample.uuid)) all.push_back(std::move(row));
  return all;
}

void DatasetRun::write(const Done& done, int threads, const data::Json& counts) {
  std::vector<std::string> keys;
  std::size_t few = 0;
  for (const data::Sample& sample : dataset_.samples) {
    keys.push_back(sample.uuid);
    few += sample.paraphrases.size() < static_cast<std::size_t>(settings_.num_paraphrases);
  }
  data::Manifest manifest{.configuration = settings_.configuration, .versions = {{"chorus", CHORUS_VERSION}}};
  manifest.counts = {{"samples", keys.size()}, {"with_fewer_paraphrases", few}, {"notes", dataset_.notes}};
  manifest.counts.update(counts);
  data::Json notes{{"finished", utc_now()}, {"answered", done.answered}};
  if (done.answered > 0) {
    notes["seconds"] = done.seconds;
    notes["threads"] = threads;
  }
  data::write_result(settings_.files, *state_->log, keys, settings_.schema, manifest, notes);
  log_.info("written: {}", settings_.files.main_table().string());
}

}  // namespace chorus::cli
