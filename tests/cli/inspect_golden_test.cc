// chorus inspect on real questions and the real small model, beside golden/smollm2: the tokens, segments and positions it shows are those
// of the reference, and so are the tokens it takes. Skipped where the golden file or the model is not there.
#include <gmock/gmock.h>

#include "tests/cli/program.h"

namespace chorus::test {
namespace {

using nlohmann::json;

const fs::path kGolden = fs::path(CHORUS_SOURCE_DIR) / "../shared/golden/smollm2/layouts.json";
const fs::path kModel = fs::path(CHORUS_HOME_DIR) / "models/SmolLM2-135M-Instruct.Q4_1.gguf";

constexpr double kMargin = 1e-3;  // from here on a token that won by less may be another
constexpr int kTokens = 4;

class InspectGolden : public testing::Test {
 protected:
  void SetUp() override {
    for (const fs::path& file : {kGolden, kModel})
      if (!fs::exists(file))
        GTEST_SKIP() << "no " << file.string() << ": inspect is not compared with golden/smollm2";
    std::ifstream in(kGolden);
    cases_ = json::parse(in)["cases"];
    program_.set(std::string("CHORUS_HOME=") + CHORUS_HOME_DIR);
  }

  /// The first question of a data set made of the case, as inspect shows it.
  json inspect(const json& golden, const Arguments& way) const {
    const int examples = write_examples(golden["prefix"].get<std::string>());
    const json row{
        {"id", "golden"}, {"paraphrases", golden["phrasings"]}, {"answers", json::array({golden["object"]})}};
    write_file(program_ / "q.jsonl", row.dump() + "\n");
    Arguments command{"inspect",
                      "--json",
                      "--dataset",
                      "jsonl",
                      "--data",
                      "q.jsonl",
                      "--examples",
                      "examples.jsonl",
                      "--num-few-shot",
                      std::to_string(examples),
                      "--dtype",
                      "f32",
                      "--stop",
                      "eos",
                      "--top-k",
                      "1",
                      "--max-new-tokens",
                      std::to_string(kTokens),
                      "--num-paraphrases",
                      std::to_string(golden["phrasings"].size())};
    command.insert(command.end(), way.begin(), way.end());
    const Outcome done = program_.run(command);
    EXPECT_EQ(done.code, 0) << done.err;
    return json::parse(done.out).at(0)["requests"].at(0);
  }

  /// "INSTRUCTION\n\nQ: ...\nA: ...\n\n..." as the file of --examples; the instruction is the usual one. Returns how many there are.
  int write_examples(const std::string& prefix) const {
    std::string lines;
    int count = 0;
    for (std::size_t at = prefix.find("\n\nQ: "); at != std::string::npos;
         at = prefix.find("\n\nQ: ", at + 1), ++count) {
      const std::size_t question = at + 5, cue = prefix.find("\nA: ", question),
                        end = prefix.find("\n\n", cue);
      lines += json{{"question", prefix.substr(question, cue - question)},
                    {"answer", prefix.substr(cue + 4, end - cue - 4)}}
                   .dump() +
               "\n";
    }
    write_file(program_ / "examples.jsonl", lines);
    return count;
  }

  Program program_;
  json cases_;
};

/// What inspect calls the segment of each token of a golden run.
std::vector<std::string> labels_of(const json& run) {
  const bool shared = run["layout"] == "shared", fused = run["cue_mode"] == "fused";
  const auto segments = run["segment_of"].get<std::vector<int>>();
  const int last = *std::max_element(segments.begin(), segments.end());
  std::vector<std::string> labels;
  for (const int segment : segments)
    labels.push_back(segment < 0                ? "-"
                     : fused && segment == last ? "C"
                     : !shared                  ? std::to_string(segment + 1)
                     : segment == 0             ? "I"
                                                : std::to_string(segment));
  return labels;
}

/// What it shows, token by token.
std::vector<std::string> shown_labels(const json& sequence) {
  std::vector<std::string> labels;
  for (const json& stretch : sequence["segments"])
    labels.resize(stretch["end"].get<std::size_t>(), stretch["segment"].get<std::string>());
  return labels;
}

json positions_of(const json& run) {
  if (run["position_ids"].is_array()) return run["position_ids"];
  json positions = json::array();
  for (std::size_t i = 0; i < run["input_ids"].size(); ++i) positions.push_back(i);
  return positions;
}

void expect_tokens(const json& steps, const json& golden) {
  for (std::size_t i = 0; i < steps.size() && golden["top2_margin"][i].get<double>() >= kMargin; ++i)
    EXPECT_EQ(steps[i]["token"], golden["generated"][i]) << "token " << i;
}

TEST_F(InspectGolden, EveryLayoutIsTheReferences) {
  // One layout run of each case, so that six questions of two to five phrasings are looked at.
  const std::size_t of_case[] = {0, 1, 2, 3, 4, 6};
  for (std::size_t i = 0; i < std::size(of_case); ++i) {
    const json& golden = cases_.at(of_case[i]);
    const json& run = golden["runs"].at(i);
    const std::string layout = run["layout"], cue = run["cue_mode"],
                      positions = run.value("positions", "sequential");
    SCOPED_TRACE(fmt::format("case {}: {}, cue {}, {}", of_case[i], layout, cue, positions));
    Arguments way{"--layout", layout, "--cue", cue, "--positions", positions};
    if (layout == "concat")
      way.insert(way.end(), {"--separator-scope", run["separator_scope"].get<std::string>()});
    const json request = inspect(golden, way);
    ASSERT_EQ(request["sequences"].size(), 1U);
    const json& sequence = request["sequences"][0];
    EXPECT_EQ(sequence["ids"], run["input_ids"]);
    EXPECT_EQ(sequence["positions"], positions_of(run));
    EXPECT_EQ(shown_labels(sequence), labels_of(run));
    EXPECT_EQ(sequence["mask"]["wrong"], 0);
    for (const json& check : request["isolation"]) EXPECT_EQ(check["leaked"], 0);
    expect_tokens(request["steps"], run);
  }
}

TEST_F(InspectGolden, EveryPhrasingAloneIsTheReferences) {
  const json& golden = cases_.at(0);
  const json request = inspect(golden, {"--method", "avg"});
  ASSERT_EQ(request["sequences"].size(), golden["prompt_ids"].size());
  for (std::size_t p = 0; p < golden["prompt_ids"].size(); ++p) {
    const json& sequence = request["sequences"][p];
    EXPECT_EQ(sequence["ids"], golden["prompt_ids"][p]);
    EXPECT_EQ(sequence["positions"],
              positions_of({{"position_ids", "sequential"}, {"input_ids", golden["prompt_ids"][p]}}));
  }
  expect_tokens(request["steps"], golden["avg"]);
}

}  // namespace
}  // namespace chorus::test
