// chorus bench e2e: how many questions a second, on random token ids and without stop rules.
#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "cli/bench_suite.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/option_checks.h"
#include "cli/run_options.h"
#include "core/error.h"

namespace chorus::cli {
namespace {

// "\nA:" is so many tokens.
constexpr std::int32_t kCueTokens = 3;

/// Requests of one round: the shared tokens are the same for all questions, the own ones random.
class Work {
 public:
  Work(const BenchWork& work, ensemble::Method method, std::int64_t vocab, std::uint64_t seed)
      : work_(work),
        method_(method),
        next_(ensemble::next_token(method)),
        random_(seed),
        ids_(0, static_cast<text::TokenId>(vocab - 1)),
        shared_(draw(work.shared_tokens)) {}

  std::optional<engine::Request> operator()() {
    if (asked_ == work_.questions) return std::nullopt;
    engine::Request request{.index = asked_,
                            .id = fmt::format("question {}", asked_),
                            .next = next_,
                            .stop = {.max_new_tokens = work_.new_tokens}};
    ++asked_;
    const bool fused = method_ == ensemble::Method::flex && work_.layout.cue == ensemble::Cue::fused;
    ensemble::LayoutTokens tokens;
    tokens.shared = shared_.size();
    for (int p = 0; p < work_.paraphrases; ++p) {
      auto& ids = tokens.paraphrases.emplace_back(shared_);
      const auto own = draw(work_.own_tokens - (fused ? kCueTokens : 0));
      ids.insert(ids.end(), own.begin(), own.end());
    }
    if (fused) tokens.cue = draw(kCueTokens);
    if (method_ == ensemble::Method::flex) {
      request.prompts.push_back(ensemble::assemble_layout(work_.layout, tokens));
    } else {
      for (auto& ids : tokens.paraphrases) request.prompts.push_back(engine::causal_prompt(std::move(ids)));
    }
    return request;
  }

 private:
  std::vector<text::TokenId> draw(std::int32_t count) {
    std::vector<text::TokenId> ids(static_cast<std::size_t>(count));
    for (auto& id : ids) id = ids_(random_);
    return ids;
  }

  const BenchWork& work_;
  ensemble::Method method_;
  std::shared_ptr<const engine::NextToken> next_;
  std::mt19937_64 random_;
  std::uniform_int_distribution<text::TokenId> ids_;
  std::vector<text::TokenId> shared_;
  std::int64_t asked_ = 0;
};

struct Arguments {
  ModelOptions model;
  LayoutArguments layout;
  std::string method = "flex";
  BenchWork work;
  bool json = false;
};

void bench_e2e(const Arguments& arguments) {
  BenchWork work = arguments.work;
  work.layout = arguments.layout.options();
  if (work.layout.kind == ensemble::LayoutKind::examples || work.layout.kind == ensemble::LayoutKind::custom)
    throw Error(ErrorKind::usage, fmt::format("bench e2e with --layout {}", name(work.layout.kind)),
                "concat, shared or a causal one", "choose one of them");
  const BenchResult result = run_bench(arguments.model, ensemble::method_from(arguments.method), work);
  if (arguments.json) {
    const nlohmann::ordered_json json{{"questions_per_s", result.questions_per_s},
                                      {"prefill_tokens_per_s", result.prefill_tokens_per_s},
                                      {"decode_tokens_per_s", result.decode_tokens_per_s},
                                      {"peak_rss_bytes", result.peak_rss_bytes}};
    fmt::print(stdout, "{}\n", json.dump(2));
  } else {
    fmt::print(
        stdout,
        "{:.2f} questions/s, prefill {:.0f} tokens/s, decode {:.0f} tokens/s, peak memory {:.0f} MiB\n",
        result.questions_per_s, result.prefill_tokens_per_s, result.decode_tokens_per_s,
        static_cast<double>(result.peak_rss_bytes) / (1 << 20));
  }
}

}  // namespace

BenchResult run_bench(const ModelOptions& options, ensemble::Method method, const BenchWork& work) {
  const LoadedModel model = load_model(choose_model(options), options.threads, false);
  const std::int64_t vocab = model.checkpoint->config().vocab;
  const engine::Events events{.done = [](const engine::Result&) {}, .cancelled = interrupted};
  BenchWork warm_up = work;
  warm_up.questions = std::min<std::int64_t>(work.questions, options.batch_size);
  engine::Engine(*model.decoder, nullptr, engine_options(options))
      .run(Work(warm_up, method, vocab, 1), events);

  engine::Engine engine(*model.decoder, nullptr, engine_options(options));
  const auto began = std::chrono::steady_clock::now();
  engine.run(Work(work, method, vocab, 2), events);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const engine::EngineCounters& counters = engine.counters();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto rate = [](std::int64_t count, double time) {
    return time > 0 ? static_cast<double>(count) / time : 0.0;
  };
  return {.questions_per_s = rate(work.questions, seconds),
          .prefill_tokens_per_s = rate(counters.prefill_rows, counters.prefill_seconds),
          .decode_tokens_per_s = rate(counters.decode_rows, counters.decode_seconds),
          .peak_rss_bytes = std::int64_t{usage.ru_maxrss} * 1024};
}

void add_bench_command(CLI::App& app) {
  auto* bench = app.add_subcommand("bench", "Measure speed and memory");
  bench->require_subcommand(1);
  auto* command = bench->add_subcommand("e2e", "Whole questions on random token ids, without stop rules");
  const auto arguments = std::make_shared<Arguments>();
  arguments->layout.separator = "";
  const auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    return command->add_option(name, value, help)->type_name(type)->capture_default_str()->group("Work");
  };
  add("--method", arguments->method, "NAME", "flex, avg or max")->check(one_of({"flex", "avg", "max"}));
  add("--paraphrases", arguments->work.paraphrases, "N", "Paraphrases of a question")
      ->check(whole_number(1, 1000));
  add("--shared-tokens", arguments->work.shared_tokens, "N",
      "Tokens that all questions and paraphrases begin with")
      ->check(whole_number(0, 100000));
  add("--own-tokens", arguments->work.own_tokens, "N",
      "Tokens of each paraphrase after those, its cue of 3 included")
      ->check(whole_number(4, 100000));
  add("--new-tokens", arguments->work.new_tokens, "N", "Tokens to generate")->check(whole_number(1, 100000));
  add("--questions", arguments->work.questions, "N", "Questions")->check(whole_number(1, 1000000));
  const auto add_layout = [&](const char* name, auto& value, const char* type, const char* help) {
    command->add_option(name, value, help)->type_name(type)->group("Work");
  };
  add_layout("--layout", arguments->layout.layout, "NAME", "concat or shared (flex) [shared]");
  add_layout("--cue", arguments->layout.cue, "WHERE", "own or fused (flex) [fused]");
  add_layout("--positions", arguments->layout.positions, "HOW",
             "sequential or aligned (flex) [aligned; sequential with --layout]");
  add_model_options(*command, arguments->model);
  command->add_flag(
      "--json", arguments->json,
      "Print questions_per_s, prefill_tokens_per_s, decode_tokens_per_s, peak_rss_bytes as JSON");
  command->footer(
      "Example:\n  chorus bench e2e --method flex --questions 32\n"
      "One round of one batch with other ids goes before, untimed.");
  command->callback([arguments] { bench_e2e(*arguments); });
  add_bench_suite(*bench);
}

}  // namespace chorus::cli
