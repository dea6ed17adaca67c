#include "cli/bench_suite.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "eval/table.h"
#include "model/cpu/ceiling.h"

namespace chorus::cli {
namespace {

/// Floating-point operations of the matrix products of one question: rows computed once; what follows the last layer's
/// attention, and the output layer, for the rows that predict a token only.
double flops_of_question(const model::ModelConfig& c, const BenchWork& work, bool flex, double prefill_rows) {
  const auto d = [](std::int64_t v) { return static_cast<double>(v); };
  const double projections = d(c.hidden) * d((c.heads + 2 * c.kv_heads) * c.head_dim);
  const double rest = d(c.heads * c.head_dim) * d(c.hidden) + 3 * d(c.hidden) * d(c.intermediate);
  const double sequences = flex ? 1 : work.paraphrases;
  const double rows = prefill_rows + sequences * (work.new_tokens - 1);
  const double outputs = sequences * work.new_tokens;
  return 2 * (d(c.layers) * projections * rows + rest * (d(c.layers - 1) * rows + outputs) +
              d(c.vocab) * d(c.hidden) * outputs);
}

void suite(const ModelOptions& base) {
  eval::Table table({{"method"},
                     {"layout"},
                     {"cue"},
                     {"dtype"},
                     {"questions/s", eval::Table::number},
                     {"prefill tokens/s", eval::Table::number},
                     {"decode tokens/s", eval::Table::number},
                     {"peak MiB so far", eval::Table::number},
                     {"% of ceiling", eval::Table::number}});
  struct Row {
    ensemble::Method method;
    ensemble::LayoutKind layout;
    ensemble::Cue cue;
  };
  constexpr Row kRows[] = {{ensemble::Method::flex, ensemble::LayoutKind::shared, ensemble::Cue::fused},
                           {ensemble::Method::flex, ensemble::LayoutKind::concat, ensemble::Cue::own},
                           {ensemble::Method::avg, ensemble::LayoutKind::concat, ensemble::Cue::own}};
  const model::ModelConfig config = model::open_checkpoint(choose_model(base).ref.path)->config();
  for (const char* dtype : {"bf16", "f32"}) {
    if (dtype == std::string("bf16") && model::fastest_compute() != model::Compute::bf16) continue;
    ModelOptions options = base;
    options.dtype = dtype;
    const model::Compute compute = choose_model(options).compute;
    const double ceiling = model::cpu::matrix_product_ceiling(compute, options.threads);
    fmt::print(
        stdout,
        "ceiling, {}: {:.0f} GFLOP/s (oneDNN matrix products of the small model's shapes, in this run)\n",
        dtype, ceiling / 1e9);
    for (const Row& row : kRows) {
      BenchWork work;
      work.layout.kind = row.layout;
      work.layout.separator = "";
      if (row.layout == ensemble::LayoutKind::shared) work.layout.bos_scope = ensemble::BosScope::all;
      if (row.cue == ensemble::Cue::fused)
        work.layout.positions = ensemble::Positions::aligned;  // the default
      work.layout.cue = row.cue;
      const BenchResult r = run_bench(options, row.method, work);
      const bool flex = row.method == ensemble::Method::flex;
      const double fused = row.cue == ensemble::Cue::fused ? 1 : 0;
      const double rows = static_cast<double>(work.shared_tokens) / static_cast<double>(work.questions) +
                          work.paraphrases * (work.own_tokens - 3 * fused) + 3 * fused;
      const double share = r.questions_per_s * flops_of_question(config, work, flex, rows) / ceiling;
      table.add({std::string(name(row.method)), flex ? std::string(name(row.layout)) : "-",
                 std::string(name(row.cue)), dtype, fmt::format("{:.2f}", r.questions_per_s),
                 fmt::format("{:.0f}", r.prefill_tokens_per_s), fmt::format("{:.0f}", r.decode_tokens_per_s),
                 fmt::format("{:.0f}", static_cast<double>(r.peak_rss_bytes) / (1 << 20)),
                 fmt::format("{:.0f}", 100 * share)});
    }
  }
  fmt::print(stdout,
             "\n5 paraphrases of 128 tokens, 112 of them shared and computed inside the timed region; 8 new "
             "tokens; 64 questions, batch {}.\n{}",
             base.batch_size, table.text());
}

}  // namespace

void add_bench_suite(CLI::App& bench) {
  auto* command = bench.add_subcommand(
      "suite", "Methods and precisions side by side, in percent of this machine's ceiling");
  const auto options = std::make_shared<ModelOptions>();
  add_model_options(*command, *options);
  command->footer("Example:\n  chorus bench suite --model smollm2-135m");
  command->callback([options] { suite(*options); });
}

}  // namespace chorus::cli
