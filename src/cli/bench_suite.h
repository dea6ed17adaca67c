// What the benchmarks share: the work of one end-to-end measurement, and what came out.
//
//   const BenchResult r = run_bench(options, ensemble::Method::flex, {.paraphrases = 5, .questions = 64});
//   fmt::print("{:.2f} questions/s\n", r.questions_per_s);
#pragma once

#include <cstdint>

#include "cli/model_options.h"
#include "ensemble/layout.h"
#include "ensemble/methods.h"

namespace chorus::cli {

struct BenchWork {
  int paraphrases = 5;
  std::int32_t shared_tokens = 112, own_tokens = 16, new_tokens = 8;
  std::int64_t questions = 64;
  ensemble::LayoutOptions layout;
};

struct BenchResult {
  double questions_per_s = 0;
  double prefill_tokens_per_s =
      0;  // rows computed in steps that had prefill rows, over the time of those steps
  double decode_tokens_per_s = 0;  // rows of the other steps, over theirs
  std::int64_t peak_rss_bytes = 0;
};

/// One untimed round of one batch with other ids, then the work, timed. Throws Error for a model that cannot be opened or run.
BenchResult run_bench(const ModelOptions& options, ensemble::Method method, const BenchWork& work);

/// chorus bench suite: the methods and precisions side by side, with the ceiling of this machine's matrix products.
void add_bench_suite(CLI::App& bench);

}  // namespace chorus::cli
