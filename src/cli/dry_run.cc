#include "cli/dry_run.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <numeric>

#include "cli/interrupt.h"
#include "cli/sweep_summary.h"
#include "core/progress.h"
#include "data/durable_file.h"
#include "data/manifest.h"
#include "ensemble/forecast.h"
#include "eval/paired.h"

namespace chorus::cli {
namespace {

constexpr double kMiB = 1 << 20;

/// What finished results of the same model and data set took.
std::vector<SweepState> finished_beside(const std::filesystem::path& folder) {
  std::vector<SweepState> runs;
  if (!std::filesystem::is_directory(folder)) return runs;
  constexpr std::string_view kNotes = ".run.json";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(kNotes)) continue;
    const data::ResultFiles files{folder, name.substr(0, name.size() - kNotes.size())};
    if (!std::filesystem::exists(files.manifest())) continue;
    SweepState state;
    state.settings = data::manifest_configuration(data::read_manifest(files.manifest()));
    state.read_times(files);
    runs.push_back(std::move(state));
  }
  return runs;
}

std::string time_text(const Generation& run, std::size_t missing) {
  SweepState own;
  own.settings = run.configuration().complete();
  const double seconds = seconds_per_question(own, finished_beside(run.files().folder));
  if (missing == 0) return "nothing to do";
  if (seconds == 0) return "not known: no finished run of this model and data set is there to tell";
  return fmt::format("about {}, by the most alike of the finished runs",
                     core::clock_text(seconds * static_cast<double>(missing)));
}

std::string difference_text(std::size_t questions) {
  const auto n = static_cast<double>(questions);
  const auto tenth = static_cast<std::int64_t>(std::lround(n / 10));
  std::int64_t sole = 0;  // discordant questions that suffice where all are on one side
  while (eval::smallest_lead(sole) == 0) ++sole;
  const std::int64_t lead = eval::smallest_lead(tenth);
  std::string text =
      fmt::format("{} questions know an accuracy near 0.5 to +-{:.3f} (95 %); between two methods they show",
                  questions, 1.96 * std::sqrt(0.25 / n));
  if (sole > static_cast<std::int64_t>(questions)) return text + " no difference at all (McNemar, p <= 0.05)";
  text += fmt::format(" {:.3f} at the least", static_cast<double>(sole) / n);
  if (lead > 0) text += fmt::format(", {:.3f} where they differ on a tenth", static_cast<double>(lead) / n);
  return text + " (McNemar, p <= 0.05)";
}

std::vector<std::size_t> missing_samples(const Generation& run) {
  // As many as the log lacks; which ones they are changes little.
  std::vector<std::size_t> samples(run.standing().missing);
  std::iota(samples.begin(), samples.end(), run.dataset().samples.size() - samples.size());
  return samples;
}

}  // namespace

std::string dry_run_text(const Generation& run, Session& session) {
  const auto samples = missing_samples(run);
  session.start();
  const engine::EngineOptions engine = engine_options(run.model_options());
  const LoadedModel& model = session.open(run.choice(), run.model_options());
  const std::size_t page_bytes = model.backend->kv_store(1, engine.page_tokens)->page_bytes();
  const auto f =
      forecast(run.experiment(), samples,
               {.execution = engine.execution,
                .pages = std::max<std::int64_t>(1, static_cast<std::int64_t>(engine.kv_memory / page_bytes)),
                .page_tokens = engine.page_tokens,
                .cancelled = interrupted});
  const double shared =
      f.prompt_tokens > 0 ? 1 - static_cast<double>(f.computed_tokens) / static_cast<double>(f.prompt_tokens)
                          : 0;
  const auto mib = [&](std::int64_t pages) {
    return static_cast<double>(pages) * static_cast<double>(page_bytes) / kMiB;
  };
  return fmt::format(
      "result     {}\n"
      "questions  {} of {} are missing\n"
      "prompts    {} sequences, {} tokens; {} to compute, {:.1f} % are shared; the longest has {} of at most "
      "{}\n"
      "answers    up to {} tokens\n"
      "keys, values  {:.1f} MiB for the largest question, {:.0f} MiB there are (--kv-memory); {} questions "
      "at "
      "once\n"
      "model      {}: {}, weights of {:.0f} MiB as they lie on disk\n"
      "time       {}\n"
      "n          {}\n",
      run.files().feather().string(), f.questions, run.dataset().samples.size(), f.sequences, f.prompt_tokens,
      f.computed_tokens, 100 * shared, f.longest_prompt, model.checkpoint->config().context,
      f.most_new_tokens, mib(f.most_pages), static_cast<double>(engine.kv_memory) / kMiB, engine.batch_size,
      run.choice().ref.name, model.backend->description(),
      static_cast<double>(bytes_on_disk(run.choice().ref)) / kMiB, time_text(run, f.questions),
      difference_text(run.dataset().samples.size()));
}

}  // namespace chorus::cli
