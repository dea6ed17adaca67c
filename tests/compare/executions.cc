// compare_executions: the same questions answered by shared and by packed execution, layouts and cues, and where they
// part. Packed execution computes each literal sequence whole under its mask: it is the control.
//
//   compare_executions --data ../shared/data/pararel --relations P36,P19 --questions 200 --dtype f32
//
// In f32 the answers must be equal before the first step whose margin (best logit minus second) is under 1e-3, else the
// program fails; every step under that margin is listed, whether or not the executions part there. In bf16 the rates of
// agreement are printed.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "compare/setup.h"
#include "core/error.h"
#include "core/progress.h"
#include "ensemble/experiment.h"

namespace chorus::compare {
namespace {

constexpr double kMargin = 1e-3;

struct Options {
  Setup setup;
  std::int32_t max_new_tokens = 8;
  int num_paraphrases = 5;
  std::int32_t batch_size = 16;
  std::string only;  // a part of a variant's title, or all
};

struct Variant {
  ensemble::LayoutKind kind;
  ensemble::Cue cue;
  ensemble::Positions positions = ensemble::Positions::sequential;
  std::string title() const { return fmt::format("{} {} {}", name(kind), name(cue), name(positions)); }
  ensemble::LayoutOptions layout() const {
    ensemble::LayoutOptions options{.kind = kind, .cue = cue, .positions = positions};
    options.bos_scope = ensemble::BosScope::own;
    if (!options.is_concat()) {
      options.bos_scope = ensemble::BosScope::all;
      options.separator.clear();
    }
    return options;
  }
};
constexpr Variant kVariants[] = {
    {ensemble::LayoutKind::concat, ensemble::Cue::own},
    {ensemble::LayoutKind::concat, ensemble::Cue::fused},
    {ensemble::LayoutKind::shared, ensemble::Cue::own},
    {ensemble::LayoutKind::shared, ensemble::Cue::fused},
    {ensemble::LayoutKind::shared, ensemble::Cue::fused, ensemble::Positions::aligned}};

/// The results of every sample, in the data set's order.
std::vector<engine::Result> answers(const Options& options, const Loaded& loaded, const data::Dataset& set,
                                    const Variant& variant, engine::Execution execution) {
  ensemble::RunOptions run;
  run.layout = variant.layout();
  run.num_paraphrases = options.num_paraphrases;
  run.max_new_tokens = options.max_new_tokens;
  const ensemble::Experiment experiment(run, set, *loaded.tokenizer, loaded.stop_ids);
  std::vector<engine::Result> results(set.samples.size());
  engine::Engine engine(*loaded.decoder, loaded.tokenizer.get(),
                        {.execution = execution, .batch_size = options.batch_size});
  const char* how = execution == engine::Execution::packed ? "packed" : "shared";
  core::Progress progress(fmt::format("{} {}", variant.title(), how),
                          static_cast<std::int64_t>(results.size()), false);
  std::size_t taken = 0;
  engine.run(
      [&]() -> std::optional<engine::Request> {
        if (taken == results.size()) return std::nullopt;
        engine::Request request = std::move(experiment.requests(taken).front());
        request.index = static_cast<std::int64_t>(taken++);
        return request;
      },
      {.done = [&](engine::Result result) {
        const auto index = static_cast<std::size_t>(result.index);
        results[index] = std::move(result);
        progress.advance(1);
      }});
  progress.finish();
  return results;
}

/// How two runs of the same questions compare.
struct Comparison {
  std::size_t questions = 0, equal_answers = 0;
  std::size_t steps = 0,
              equal_steps = 0;  // up to and with the first step that differs; contexts are equal there
  std::size_t close = 0, close_parted = 0, wrong = 0;
  double largest_change = 0, root_mean_square = 0;  // of a margin between the executions, over equal steps
};

/// Adds one question and prints its close steps and where it parts.
void compare(const engine::Result& shared, const engine::Result& packed, const text::Tokenizer& tokenizer,
             bool list, Comparison& sum) {
  ++sum.questions;
  bool close = false;
  const std::size_t steps = std::min(shared.tokens.size(), packed.tokens.size());
  for (std::size_t i = 0; i < steps; ++i) {
    const bool equal = shared.tokens[i] == packed.tokens[i];
    const double margin = packed.margins[i];
    ++sum.steps;
    sum.equal_steps += equal;
    sum.close += margin < kMargin;
    sum.close_parted += margin < kMargin && !equal;
    close |= margin < kMargin;
    sum.wrong += !equal && !close;
    if (list && (margin < kMargin || !equal))
      fmt::print(
          "  {} step {}: margin {:.2e} packed, {:.2e} shared; {}\n", shared.id, i, margin, shared.margins[i],
          equal ? "equal"
                : fmt::format("packed '{}', shared '{}'{}", tokenizer.token_bytes(packed.tokens[i]),
                              tokenizer.token_bytes(shared.tokens[i]), close ? "" : "  <-- NOT ALLOWED"));
    if (!equal) return;
    const double change = std::abs(shared.margins[i] - margin);
    sum.largest_change = std::max(sum.largest_change, change);
    sum.root_mean_square += change * change;
  }
  sum.equal_answers += shared.tokens == packed.tokens;
}

double percent(std::size_t part, std::size_t whole) {
  return 100.0 * static_cast<double>(part) / static_cast<double>(std::max<std::size_t>(1, whole));
}

/// Whether everything that had to be equal was.
bool run(const Options& options) {
  const data::Dataset set = data::load_dataset(options.setup.dataset);
  const Loaded loaded = options.setup.load();
  const bool exact = options.setup.compute() == model::Compute::f32;
  bool good = true;
  for (const Variant& variant : kVariants) {
    if (variant.title().find(options.only) == std::string::npos) continue;
    const auto shared = answers(options, loaded, set, variant, engine::Execution::shared);
    const auto packed = answers(options, loaded, set, variant, engine::Execution::packed);
    if (exact)
      fmt::print("{} {}: steps under {:.0e}, or that differ\n", options.setup.dtype, variant.title(),
                 kMargin);
    Comparison sum;
    for (std::size_t i = 0; i < shared.size(); ++i)
      compare(shared[i], packed[i], *loaded.tokenizer, exact, sum);
    sum.root_mean_square =
        std::sqrt(sum.root_mean_square / static_cast<double>(std::max<std::size_t>(1, sum.equal_steps)));
    fmt::print(
        "{} {}: answers equal {} of {} ({:.1f} %); steps equal {} of {} ({:.2f} %); under the margin {}, "
        "parted there {}, elsewhere {}; change of a margin: rms {:.1e}, largest {:.1e}\n",
        options.setup.dtype, variant.title(), sum.equal_answers, sum.questions,
        percent(sum.equal_answers, sum.questions), sum.equal_steps, sum.steps,
        percent(sum.equal_steps, sum.steps), sum.close, sum.close_parted, sum.wrong, sum.root_mean_square,
        sum.largest_change);
    std::fflush(stdout);
    good &= !exact || sum.wrong == 0;
  }
  return good;
}

}  // namespace
}  // namespace chorus::compare

int main(int argc, char** argv) {
  using namespace chorus;
  CLI::App app{"Shared against packed execution on real questions"};
  compare::Options options;
  options.setup.add_options(app);
  app.add_option("--max-new-tokens", options.max_new_tokens)->capture_default_str();
  app.add_option("--num-paraphrases", options.num_paraphrases)->capture_default_str();
  app.add_option("--batch-size", options.batch_size)->capture_default_str();
  app.add_option("--only", options.only, "The layouts whose names hold this, as 'shared fused aligned'");
  CLI11_PARSE(app, argc, argv);
  try {
    return compare::run(options) ? 0 : 1;
  } catch (const Error& error) {
    fmt::print(stderr, "compare_executions: {}\n", error.what());
    return error.exit_code();
  }
}
