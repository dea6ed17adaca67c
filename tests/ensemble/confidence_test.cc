// Confidence on a tiny model: the rule, and that draws depend on nothing but what they are.
#include "ensemble/confidence.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "data/result_schema.h"
#include "support/errors.h"
#include "support/tiny_model.h"

namespace chorus::ensemble {
namespace {

TEST(Agreement, IsTheShareThatMatchesEitherWay) {
  using Answers = std::vector<std::string>;
  EXPECT_EQ(agreement("New York", Answers{"new york", "York", "It is New York.", "York New"}), 0.75);
  EXPECT_EQ(agreement("two cats", Answers{"Two cat", "the two cats ran", "cat two"}), 2.0 / 3);
  EXPECT_EQ(agreement("", Answers{"", "x"}), 0);
}

class ConfidenceTest : public testing::Test {
 protected:
  std::map<std::size_t, std::vector<data::Json>> run(const ConfidenceOptions& options,
                                                     std::int32_t batch_size,
                                                     std::vector<std::size_t> samples = {0, 1}) {
    const ConfidenceRun confidence(options, dataset_, model_.tokenizer(), {test::tiny_eos()});
    engine::Engine engine(*decoder_, &model_.tokenizer(),
                          {.batch_size = batch_size, .kv_memory = std::size_t{1} << 22});
    std::map<std::size_t, std::vector<data::Json>> rows;
    confidence.run(engine, samples, {.rows = [&](std::size_t sample, std::vector<data::Json> of) {
                     rows[sample] = std::move(of);
                   }});
    return rows;
  }
  ConfidenceOptions options() const {
    ConfidenceOptions o;
    o.run.max_new_tokens = 3;
    o.samples = 7;
    o.seed = 5;
    return o;
  }
  const data::Dataset dataset_{
      .samples = {{.uuid = "u1", .paraphrases = {"the a?", "b?"}, .answers = {"c"}, .extra = {{"kind", "x"}}},
                  {.uuid = "u2", .paraphrases = {"the a?"}, .answers = {"d"}, .extra = {{"kind", "y"}}}},
      .instruction = "Say."};
  test::TinyModel model_;
  std::unique_ptr<model::Decoder> decoder_ = model_.decoder();
};

TEST_F(ConfidenceTest, RowsHaveTheColumnsOfTheirKind) {
  std::set<std::string> expected;
  for (const auto& column : data::result_schema(data::ResultKind::confidence, {"kind"}))
    expected.insert(column.name);
  const auto rows = run(options(), 64);
  EXPECT_EQ(rows.at(0).size(), 2U);
  EXPECT_EQ(rows.at(1).size(), 1U);
  for (const auto& [sample, of] : rows)
    for (const data::Json& row : of) {
      std::set<std::string> columns;
      for (const auto& [column, value] : row.items()) columns.insert(column);
      EXPECT_EQ(columns, expected);
      EXPECT_EQ(row["sample_predicts"].size(), 7U);
      EXPECT_EQ(row["confidence"].get<double>(),
                agreement(row["greedy_predict"], row["sample_predicts"].get<std::vector<std::string>>()));
    }
}

TEST_F(ConfidenceTest, BatchesAndOrderChangeNothing) {
  const auto rows = run(options(), 64);
  EXPECT_EQ(run(options(), 1), rows);
  EXPECT_EQ(run(options(), 5, {1, 0}), rows);
}

TEST_F(ConfidenceTest, DrawsDifferByQuestionPhrasingAndSeed) {
  const auto rows = run(options(), 64);
  EXPECT_NE(rows.at(0)[0]["sample_predicts"], rows.at(1)[0]["sample_predicts"]);  // the same phrasing
  ConfidenceOptions other = options();
  other.seed = 6;
  EXPECT_NE(run(other, 64), rows);
  other.seed = 5;
  EXPECT_EQ(run(other, 64), rows);
}

TEST_F(ConfidenceTest, TheMostLikelyTokenAloneAgreesWithTheGreedyAnswer) {
  ConfidenceOptions o = options();
  o.sampling.top_k = 1;
  for (const auto& [sample, of] : run(o, 64))
    for (const data::Json& row : of)
      for (const auto& answer : row["sample_predicts"]) EXPECT_EQ(answer, row["greedy_predict"]);
}

TEST_F(ConfidenceTest, OptionsThatDoNotFitAreRefused) {
  ConfidenceOptions o = options();
  o.samples = 0;
  test::expect_error(ErrorKind::usage, "--samples 0", [&] { run(o, 4); });
  o = options();
  o.sampling.top_p = 2;
  test::expect_error(ErrorKind::usage, "--top-p", [&] { run(o, 4); });
}

}  // namespace
}  // namespace chorus::ensemble
