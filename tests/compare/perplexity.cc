// compare_perplexity: how likely chorus finds a text, token by token, and what it says first to the prompts of a data
// set, as JSON on stdout for scripts/compare/llama to hold against llama.cpp.
//
//   compare_perplexity --text a.txt --text b.txt --data ../shared/data/pararel --relations P36,P19 --questions 200
//
// Everything runs as questions do: one request per position, its prompt all tokens before it, through the engine, so
// that what is measured is what answers.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "compare/setup.h"
#include "core/error.h"
#include "core/progress.h"
#include "core/vector_math.h"
#include "engine/engine.h"
#include "ensemble/layout.h"

namespace chorus::compare {
namespace {

using Json = nlohmann::json;
using Ids = std::vector<text::TokenId>;

/// One position: what was most likely, by how much, and how unlikely the text's own token was.
struct Position {
  text::TokenId top = 0;
  double margin = 0;
  double nll = 0;  // nats
};

/// Greedy, and remembers the negative log-likelihood of one token.
class Likelihood final : public engine::NextToken {
 public:
  Likelihood(text::TokenId target, double& nll) : target_(target), nll_(nll) {}
  std::span<const float> scores(std::span<const std::span<const float>> logits,
                                std::vector<float>&) const override {
    const auto row = logits.front();
    nll_ = core::log_sum_exp(row) - static_cast<double>(row[static_cast<std::size_t>(target_)]);
    return row;
  }

 private:
  text::TokenId target_;
  double& nll_;
};

/// The first tokens after these prompts; targets[i] is the token whose likelihood is asked.
std::vector<Position> first_tokens(model::Decoder& decoder, engine::Execution execution,
                                   const std::vector<Ids>& prompts, const Ids& targets) {
  std::vector<Position> positions(prompts.size());
  engine::Engine engine(decoder, nullptr, {.execution = execution});
  core::Progress progress("positions", static_cast<std::int64_t>(prompts.size()), false);
  std::size_t taken = 0;
  engine.run(
      [&]() -> std::optional<engine::Request> {
        if (taken == prompts.size()) return std::nullopt;
        const std::size_t i = taken++;
        return engine::Request{.index = static_cast<std::int64_t>(i),
                               .id = fmt::format("position {}", i),
                               .prompts = {engine::causal_prompt(prompts[i])},
                               .next = std::make_shared<Likelihood>(targets[i], positions[i].nll),
                               .stop = {.max_new_tokens = 1}};
      },
      {.done = [&](engine::Result result) {
        Position& position = positions[static_cast<std::size_t>(result.index)];
        position.top = result.tokens.front();
        position.margin = result.margins.front();
        progress.advance(1);
      }});
  progress.finish();
  return positions;
}

std::string read_text(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) throw Error(ErrorKind::io, file + " cannot be read", "a text file", "check the path");
  return text.str();
}

/// Windows of `window` tokens, each read from its own beginning; every token but a window's first is asked.
Json measure_text(const Loaded& loaded, engine::Execution execution, const std::string& file,
                  std::size_t window) {
  const Ids ids = loaded.tokenizer->encode(read_text(file));
  std::vector<Ids> prompts;
  Ids targets;
  for (std::size_t begin = 0; begin < ids.size(); begin += window)
    for (std::size_t i = begin + 1; i < std::min(begin + window, ids.size()); ++i) {
      prompts.emplace_back(ids.begin() + static_cast<std::ptrdiff_t>(begin),
                           ids.begin() + static_cast<std::ptrdiff_t>(i));
      targets.push_back(ids[i]);
    }
  Json json{{"file", file},         {"window", window},        {"ids", ids},
            {"top", Json::array()}, {"margin", Json::array()}, {"nll", Json::array()}};
  for (const Position& position : first_tokens(*loaded.decoder, execution, prompts, targets)) {
    json["top"].push_back(position.top);
    json["margin"].push_back(position.margin);
    json["nll"].push_back(position.nll);
  }
  return json;
}

/// The first phrasing of every question, as `origin` asks it.
Json measure_prompts(const Loaded& loaded, engine::Execution execution, const data::DatasetOptions& options) {
  const data::Dataset set = data::load_dataset(options);
  std::vector<Ids> prompts;
  Json json = Json::array();
  for (const data::Sample& sample : set.samples) {
    const auto parts = data::build_prompt({}, set.instruction, set.examples, sample.paraphrases.front());
    prompts.push_back(ensemble::build_single(*loaded.tokenizer, parts).ids);
    json.push_back({{"uuid", sample.uuid}, {"text", parts.complete()}, {"ids", prompts.back()}});
  }
  const auto positions = first_tokens(*loaded.decoder, execution, prompts, Ids(prompts.size(), 0));
  for (std::size_t i = 0; i < positions.size(); ++i) {
    json[i]["top"] = positions[i].top;
    json[i]["margin"] = positions[i].margin;
  }
  return json;
}

void measure(const Setup& setup, engine::Execution execution, const std::vector<std::string>& texts,
             std::size_t window) {
  const Loaded loaded = setup.load();
  Json json{{"dtype", setup.dtype}, {"texts", Json::array()}, {"prompts", Json::array()}};
  for (const std::string& file : texts)
    json["texts"].push_back(measure_text(loaded, execution, file, window));
  if (setup.dataset.max_samples > 0) json["prompts"] = measure_prompts(loaded, execution, setup.dataset);
  fmt::print("{}\n", json.dump());
}

}  // namespace
}  // namespace chorus::compare

int main(int argc, char** argv) {
  using namespace chorus;
  CLI::App app{"Likelihood of texts and first tokens of prompts, as JSON"};
  compare::Setup setup;
  std::vector<std::string> texts;
  std::size_t window = 512;
  std::string execution = "shared";
  setup.add_options(app);
  app.add_option("--text", texts, "A text file; may be given several times");
  app.add_option("--window", window, "Tokens read at a time")
      ->check(CLI::Range(2, 2048))
      ->capture_default_str();
  app.add_option("--execution", execution)->check(CLI::IsMember({"shared", "packed"}))->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    compare::measure(setup, execution == "packed" ? engine::Execution::packed : engine::Execution::shared,
                     texts, window);
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "compare_perplexity: {}\n", error.what());
    return error.exit_code();
  }
}
