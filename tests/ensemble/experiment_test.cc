// Experiments on a tiny model: the rows of each method, and that batches change nothing.
#include "ensemble/experiment.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "data/method.h"
#include "data/result_schema.h"
#include "support/errors.h"
#include "support/tiny_model.h"

namespace chorus::ensemble {
namespace {

TEST(Predict, TakesThePartAskedFor) {
  const std::string text = "\n \n  Paris, France \nQ: next\n";
  EXPECT_EQ(predict(text, Prediction::first_line), "Paris, France");
  EXPECT_EQ(predict(text, Prediction::first_word), "Paris,");
  EXPECT_EQ(predict(text, Prediction::all), "Paris, France \nQ: next");
  for (const auto prediction : {Prediction::first_line, Prediction::first_word, Prediction::all}) {
    EXPECT_EQ(predict("", prediction), "");
    EXPECT_EQ(predict(" \r\n\t", prediction), "");
    EXPECT_EQ(predict("x", prediction), "x");
    EXPECT_EQ(prediction_from(name(prediction)), prediction);
  }
  EXPECT_EQ(predict("a\r\nb", Prediction::first_line), "a");
  EXPECT_EQ(prediction_from("first_word"), Prediction::first_word);
  test::expect_error(ErrorKind::usage, "first-line, first-word", [] { prediction_from("line"); });
}

class ExperimentTest : public testing::Test {
 protected:
  void SetUp() override {
    dataset_.instruction = "Say.";
    dataset_.examples = {{.question = "in?", .answer = "b", .paraphrases = {"in?"}}};
    dataset_.samples = {
        {.uuid = "u1",
         .paraphrases = {"the a?", "a in the?", "b?"},
         .answers = {"c", "d"},
         .extra = {{"kind", "x"}}},
        {.uuid = "u2", .paraphrases = {"only one?"}, .answers = {"e"}, .extra = {{"kind", "y"}}},
        {.uuid = "u3", .paraphrases = {"two?", "in two the?"}, .answers = {"f"}, .extra = {{"kind", "z"}}}};
  }
  RunOptions options(Method method) const {
    RunOptions o;
    o.method = method;
    o.num_paraphrases = 3;
    o.max_new_tokens = 4;
    o.layout = {.kind = LayoutKind::shared, .separator = "", .bos_scope = BosScope::all, .cue = Cue::fused};
    return o;
  }
  /// Rows by sample.
  std::map<std::size_t, std::vector<data::Json>> run(
      const RunOptions& o, std::int32_t batch_size = 16,
      engine::Execution execution = engine::Execution::shared) {
    const Experiment experiment(o, dataset_, model_.tokenizer(), {test::tiny_eos()});
    engine::Engine engine(
        *decoder_, &model_.tokenizer(),
        {.execution = execution, .batch_size = batch_size, .kv_memory = std::size_t{1} << 22});
    std::map<std::size_t, std::vector<data::Json>> rows;
    const std::vector<std::size_t> samples{0, 1, 2};
    experiment.run(engine, samples, {.rows = [&](std::size_t sample, std::vector<data::Json> of) {
                     EXPECT_TRUE(rows.emplace(sample, std::move(of)).second) << sample << " came twice";
                   }});
    EXPECT_EQ(rows.size(), 3U);
    return rows;
  }

  test::TinyModel model_;
  std::unique_ptr<model::Decoder> decoder_ = model_.decoder();
  data::Dataset dataset_;
};

TEST_F(ExperimentTest, RowsHaveTheColumnsOfTheirMethod) {
  for (const auto& entry : data::kMethods) {
    SCOPED_TRACE(entry.name);
    const Method method = entry.value;
    std::set<std::string> expected;
    for (const auto& column : data::result_schema(entry.kind, {"kind"})) expected.insert(column.name);
    const auto rows = run(options(method));
    EXPECT_EQ(rows.at(0).size(), method == Method::per_prompt ? 3U : 1U);
    EXPECT_EQ(rows.at(1).size(), 1U);
    for (const auto& [sample, of] : rows)
      for (const data::Json& row : of) {
        std::set<std::string> columns;
        for (const auto& [column, value] : row.items()) columns.insert(column);
        EXPECT_EQ(columns, expected);
        EXPECT_EQ(row["uuid"], dataset_.samples[sample].uuid);
        EXPECT_EQ(row["kind"], dataset_.samples[sample].extra[0].second);
        EXPECT_GT(row["prompt_tokens"].get<int>(), 0);
        EXPECT_LE(row["generated_tokens"].get<int>(), 4);
        EXPECT_LT(row["logprob"].get<double>(), 0);
        EXPECT_EQ(row["prediction"], predict(row["generation"].get<std::string>(), Prediction::first_line));
        EXPECT_EQ(row["attention_mode"], is_flex(method) ? "shared" : "causal");
      }
  }
}

TEST_F(ExperimentTest, ValuesSayWhatWasAsked) {
  const auto prompt = [](const std::string& question) {
    return "Say.\n\nQ: in?\nA: b\n\nQ: " + question + "\nA:";
  };
  EXPECT_EQ(run(options(Method::origin)).at(0)[0]["prompt"], prompt("the a?"));
  const auto apart = run(options(Method::per_prompt));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(apart.at(0)[i]["paraphrase"], dataset_.samples[0].paraphrases[i]);
    EXPECT_EQ(apart.at(0)[i]["paraphrase_index"], i);
    EXPECT_EQ(apart.at(0)[i]["prompt"], prompt(dataset_.samples[0].paraphrases[i]));
  }
  const auto flex = run(options(Method::flex)).at(2)[0];
  EXPECT_EQ(flex["paraphrases"], (std::vector<std::string>{"two?", "in two the?"}));
  EXPECT_EQ(flex["prompts"].size(), 2U);
  EXPECT_EQ(flex["weights"], (std::vector<float>{0.5F, 0.5F}));
  EXPECT_EQ(flex["token_attention_share"].size(), flex["generated_tokens"].get<std::size_t>());
  std::vector<double> mean(2, 0.0);
  for (const auto& token : flex["token_attention_share"])
    for (std::size_t p = 0; p < 2; ++p)
      mean[p] += token[p].get<double>() / static_cast<double>(flex["token_attention_share"].size());
  for (std::size_t p = 0; p < 2; ++p) {
    EXPECT_NEAR(flex["attention_share"][p].get<double>(), mean[p], 1e-6);
    EXPECT_GT(mean[p], 0);
  }
}

/// A file of confidences for every phrasing.
std::shared_ptr<const ConfidenceTable> confidences_of(const data::Dataset& dataset,
                                                      const test::TempFolder& folder,
                                                      const std::function<double(std::size_t)>& of) {
  std::string text = "uuid,paraphrase,confidence\n";
  for (const data::Sample& sample : dataset.samples)
    for (std::size_t p = 0; p < sample.paraphrases.size(); ++p)
      text += fmt::format("{},{},{}\n", sample.uuid, sample.paraphrases[p], of(p));
  test::write_file(folder / "confidence.csv", text);
  return std::make_shared<ConfidenceTable>(ConfidenceTable::read(folder / "confidence.csv"));
}

TEST_F(ExperimentTest, EqualConfidencesWeighNothing) {
  const test::TempFolder folder;
  const std::pair<Method, Method> pairs[] = {{Method::weighted_flex, Method::flex},
                                             {Method::weighted_max, Method::origin}};
  for (const double c : {0.0, 0.4}) {
    for (const auto& [weighted, plain] : pairs) {
      RunOptions o = options(weighted);
      o.confidences = confidences_of(dataset_, folder, [&](std::size_t) { return c; });
      const auto a = run(o), b = run(options(plain));
      for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(a.at(i)[0]["generation"], b.at(i)[0]["generation"]);
        EXPECT_EQ(a.at(i)[0]["logprob"], b.at(i)[0]["logprob"]);  // exactly
      }
    }
    RunOptions o = options(Method::weighted_avg);
    o.confidences = confidences_of(dataset_, folder, [&](std::size_t) { return c; });
    EXPECT_NEAR(run(o).at(0)[0]["logprob"].get<double>(),
                run(options(Method::avg)).at(0)[0]["logprob"].get<double>(), 1e-4);
  }
}

TEST_F(ExperimentTest, AllConfidenceOnOnePhrasingLeavesThatOne) {
  const test::TempFolder folder;
  const auto table = confidences_of(dataset_, folder, [](std::size_t p) { return p == 1 ? 0.8 : 0.0; });
  const auto apart = run(options(Method::per_prompt)).at(0)[1];
  for (const Method method : {Method::weighted_avg, Method::weighted_max}) {
    RunOptions o = options(method);
    o.confidences = table;
    const auto row = run(o).at(0)[0];
    EXPECT_EQ(row["generation"], apart["generation"]) << name(method);
    EXPECT_NEAR(row["logprob"].get<double>(), apart["logprob"].get<double>(), 1e-4);
    EXPECT_EQ(row["weights"], (std::vector<float>{0, 1, 0}));
  }
  // Hidden phrasings are as if they were not there, but for positions, which are aligned.
  RunOptions o = options(Method::weighted_flex);
  o.layout.positions = Positions::aligned;
  o.confidences = table;
  const auto weighted = run(o).at(0)[0];
  EXPECT_EQ(weighted["attention_share"][0], 0.0F);
  EXPECT_EQ(weighted["attention_share"][2], 0.0F);
  EXPECT_GT(weighted["attention_share"][1].get<double>(), 0);
}

TEST_F(ExperimentTest, FastConfidenceIsTheFirstTokensProbability) {
  RunOptions first = options(Method::per_prompt);
  first.max_new_tokens = 1;
  std::vector<double> c;
  const auto apart = run(first).at(0);
  for (const auto& row : apart) c.push_back(std::exp(row["logprob"].get<double>()));
  const auto weights = run(options(Method::weighted_avg)).at(0)[0]["weights"].get<std::vector<double>>();
  ASSERT_EQ(weights.size(), c.size());
  for (std::size_t p = 0; p < c.size(); ++p) EXPECT_NEAR(weights[p], c[p] / (c[0] + c[1] + c[2]), 1e-6);
}

TEST_F(ExperimentTest, VoteTakesOneOfTheAnswersApart) {
  const auto apart = run(options(Method::per_prompt)), voted = run(options(Method::vote));
  for (std::size_t i = 0; i < 3; ++i) {
    bool found = false;
    std::int64_t tokens = 0;
    for (const auto& row : apart.at(i)) {
      found |=
          row["generation"] == voted.at(i)[0]["generation"] && row["logprob"] == voted.at(i)[0]["logprob"];
      tokens += row["prompt_tokens"].get<std::int64_t>();
    }
    EXPECT_TRUE(found);
    EXPECT_EQ(voted.at(i)[0]["prompt_tokens"], tokens);
  }
}

TEST_F(ExperimentTest, GoldAnswersAreForcedThroughEveryMethod) {
  std::map<Method, data::Json> gold;
  for (const auto& entry : data::kMethods) {
    const Method method = entry.value;
    RunOptions o = options(method);
    o.gold_logprob = true;
    const auto rows = run(o);
    const auto plain = run(options(method));
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t r = 0; r < rows.at(i).size(); ++r) {
        data::Json row = rows.at(i)[r];
        ASSERT_EQ(row.at("gold_logprob").size(), dataset_.samples[i].answers.size());
        for (const auto& value : row["gold_logprob"]) EXPECT_LT(value.get<double>(), 0);
        row.erase("gold_logprob");
        EXPECT_EQ(row, plain.at(i)[r]) << name(method);  // nothing else changes
      }
    for (const auto& row : rows.at(0)) gold[method].push_back(row["gold_logprob"]);
  }
  EXPECT_EQ(gold[Method::origin][0], gold[Method::per_prompt][0]);
  for (std::size_t a = 0; a < 2; ++a) {
    double mean = 0;
    for (std::size_t p = 0; p < 3; ++p) mean += std::exp(gold[Method::per_prompt][p][a].get<double>()) / 3;
    EXPECT_NEAR(gold[Method::vote][0][a].get<double>(), std::log(mean), 1e-9);
  }
}

TEST_F(ExperimentTest, CalibrationOfOneChangesNothing) {
  RunOptions o = options(Method::flex);
  const auto plain = run(o);
  o.layout.calibration = Calibration::ape;
  o.layout.context_temperature = o.layout.context_scale = 1;
  EXPECT_EQ(run(o), plain);
  o.layout.context_temperature = 0.6F;
  EXPECT_NE(run(o), plain);
}

TEST_F(ExperimentTest, TheLayoutExamplesRunsLikeAnyOther) {
  RunOptions o = options(Method::flex);
  o.layout.kind = LayoutKind::examples;
  const auto shared = run(o), packed = run(o, 2, engine::Execution::packed);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(shared.at(i)[0]["generation"], packed.at(i)[0]["generation"]);
    EXPECT_EQ(shared.at(i)[0]["attention_mode"], "examples");
    EXPECT_EQ(shared.at(i)[0]["attention_share"].size(), dataset_.samples[i].paraphrases.size());
  }
}

TEST_F(ExperimentTest, OneParaphraseIsTheSameQuestionForEveryEnsemble) {
  const auto origin = run(options(Method::origin)).at(1)[0];
  for (const Method method : {Method::per_prompt, Method::avg, Method::max, Method::weighted_avg,
                              Method::weighted_max, Method::vote}) {
    const auto row = run(options(method)).at(1)[0];
    EXPECT_EQ(row["generation"], origin["generation"]) << name(method);
    EXPECT_NEAR(row["logprob"].get<double>(), origin["logprob"].get<double>(), 1e-4) << name(method);
  }
}

TEST_F(ExperimentTest, BatchesChangeNothing) {
  for (const auto& method : data::kMethods)
    for (const auto execution : {engine::Execution::shared, engine::Execution::packed}) {
      const auto one = run(options(method.value), 1, execution);
      EXPECT_EQ(run(options(method.value), 2, execution), one) << method.name;
      EXPECT_EQ(run(options(method.value), 16, execution), one) << method.name;
    }
}

TEST_F(ExperimentTest, TextIsThatOfTheSample) {
  const Experiment experiment(options(Method::flex), dataset_, model_.tokenizer(), {});
  engine::Engine engine(*decoder_, &model_.tokenizer(), {.kv_memory = std::size_t{1} << 22});
  std::map<std::size_t, std::string> streamed, generated;
  const std::vector<std::size_t> samples{2, 0};
  experiment.run(engine, samples,
                 {.rows = [&](std::size_t sample,
                              std::vector<data::Json> rows) { generated[sample] = rows[0]["generation"]; },
                  .text = [&](std::size_t sample, const std::string& text) { streamed[sample] += text; }});
  EXPECT_EQ(streamed, generated);
  EXPECT_EQ(generated.size(), 2U);
}

TEST_F(ExperimentTest, OptionsThatDoNotFitAreRefused) {
  const auto refused = [&](const std::string& part, auto&& change) {
    RunOptions o = options(Method::flex);
    change(o);
    test::expect_error(ErrorKind::usage, part, [&] { Experiment(o, dataset_, model_.tokenizer(), {}); });
  };
  refused("--num-paraphrases 0", [](RunOptions& o) { o.num_paraphrases = 0; });
  refused("--max-new-tokens 0", [](RunOptions& o) { o.max_new_tokens = 0; });
  refused("--bos-scope own", [](RunOptions& o) { o.layout.bos_scope = BosScope::own; });
  refused("--prompt-template with --layout examples", [](RunOptions& o) {
    o.layout.kind = LayoutKind::examples;
    o.prompt_template.text = "{examples}{question}:";
  });
  refused("{question}", [](RunOptions& o) { o.prompt_template.text = "no question"; });
  refused("--cue fused", [](RunOptions& o) {
    o.layout.kind = LayoutKind::concat;
    o.layout.bos_scope = BosScope::own;
    o.layout.cue = Cue::fused;
    o.prompt_template.text = "{instruction}\n\n{examples}{question}";
  });
}

}  // namespace
}  // namespace chorus::ensemble
