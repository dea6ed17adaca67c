#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/method.h"
#include "data/result_paths.h"
#include "data/result_schema.h"
#include "tests/support/errors.h"

namespace chorus::data {
namespace {

using test::expect_error;

TEST(ResultStem, AsTheMethodsAreCalled) {
  EXPECT_EQ(result_stem({.method = "flex", .paraphrases = 5}), "flex_attention-5");
  EXPECT_EQ(result_stem({.method = "weighted_flex", .paraphrases = 3}), "weighted_flex-3");
  EXPECT_EQ(result_stem({.method = "avg", .paraphrases = 5}), "ensemble_avg-5");
  EXPECT_EQ(result_stem({.method = "weighted_max", .paraphrases = 10}), "ensemble_weighted_max-10");
  EXPECT_EQ(result_stem({.method = "origin", .paraphrases = 5}), "origin");
  EXPECT_EQ(result_stem({.method = "per_prompt"}), "per_prompt");
  EXPECT_EQ(result_stem({.method = "confidence"}), "confidence");
  EXPECT_EQ(result_stem({.method = "max", .paraphrases = 2, .indexs = {0, 3}}), "diversity/ensemble_max-0,3");
}

TEST(ResultStem, CarriesOptionsOffTheirPublishedValues) {
  EXPECT_EQ(result_stem({.method = "flex",
                         .paraphrases = 5,
                         .options = {{"layout", "shared"}, {"cue", "fused"}, {"positions", "sequential"}}}),
            "flex_attention-5.cue=fused,layout=shared");
  EXPECT_EQ(
      result_stem({.method = "flex",
                   .paraphrases = 5,
                   .options = {{"separator", "\n\n[SEP]\n\n"}, {"bos-scope", "first"}, {"cue", "own"}}}),
      "flex_attention-5");
  EXPECT_EQ(result_stem(
                {.method = "flex", .paraphrases = 5, .options = {{"separator", "\n"}, {"order", "seed:3"}}}),
            "flex_attention-5.order=seed:3,separator=%0A");
  EXPECT_EQ(result_stem({.method = "flex", .paraphrases = 5, .options = {{"layout", "my dir/a,b=1.json"}}}),
            "flex_attention-5.layout=my%20dir%2Fa%2Cb%3D1.json");
  EXPECT_EQ(result_stem({.method = "avg", .paraphrases = 5, .options = {{"layout", "shared"}}}),
            "ensemble_avg-5");
}

TEST(ResultStem, SaysWhichPhrasingsWereChosen) {
  EXPECT_EQ(result_stem({.method = "avg", .paraphrases = 3, .draw = "m5a5s3", .options = {{"seed", "0"}}}),
            "ensemble_avg-m5a5s3");
  EXPECT_EQ(result_stem({.method = "per_prompt", .draw = "m5a0s2", .options = {{"seed", "7"}}}),
            "per_prompt-m5a0s2.seed=7");
  EXPECT_EQ(result_stem({.method = "flex",
                         .paraphrases = 5,
                         .options = {{"cue", "fused"}, {"repeat", "first"}, {"seed", "0"}}}),
            "flex_attention-5.cue=fused,repeat=first");
}

TEST(ResultStem, ATagStandsInPlaceOfTheOptions) {
  EXPECT_EQ(result_stem({.method = "flex", .paraphrases = 5, .options = {{"cue", "fused"}}, .tag = "try-2"}),
            "flex_attention-5.try-2");
  EXPECT_EQ(result_stem({.method = "origin", .tag = "a"}), "origin.a");
}

TEST(ResultStem, RefusesWhatCannotBeAName) {
  expect_error(ErrorKind::usage, "method 'mean'", [] { result_stem({.method = "mean", .paraphrases = 5}); });
  expect_error(ErrorKind::usage, "0 paraphrases", [] { result_stem({.method = "avg"}); });
  for (const char* tag : {"a/b", "..\n", "run", "log", "x.run", "a b"}) {
    expect_error(ErrorKind::usage, "tag", [&] { result_stem({.method = "origin", .tag = tag}); });
  }
  expect_error(ErrorKind::usage, "--tag", [] {
    result_stem({.method = "flex", .paraphrases = 5, .options = {{"separator", std::string(100, '\n')}}});
  });
  expect_error(ErrorKind::usage, "'speed'", [] {
    result_stem({.method = "flex", .paraphrases = 5, .options = {{"speed", "1"}}});
  });
}

TEST(ResultFolder, KeepsNamesInsideTheOutputFolder) {
  EXPECT_EQ(result_folder("results", "webqa", "meta-llama/Llama-3.2-1B"),
            "results/webqa/meta-llama--Llama-3.2-1B");
  EXPECT_EQ(result_folder("results", "webqa", "../../etc"), "results/webqa/..--..--etc");
  expect_error(ErrorKind::usage, "model '..'", [] { (void)result_folder("results", "webqa", ".."); });
  expect_error(ErrorKind::usage, "data set ''", [] { (void)result_folder("results", "", "m"); });
}

TEST(ResultFiles, StandBesideEachOther) {
  const ResultFiles files{"r/d/m",
                          result_stem({.method = "flex", .paraphrases = 5, .options = {{"cue", "fused"}}})};
  EXPECT_EQ(files.feather(), "r/d/m/flex_attention-5.cue=fused.feather");
  EXPECT_EQ(files.csv(), "r/d/m/flex_attention-5.cue=fused.csv");
  EXPECT_EQ(files.manifest(), "r/d/m/flex_attention-5.cue=fused.json");
  EXPECT_EQ(files.run(), "r/d/m/flex_attention-5.cue=fused.run.json");
}

std::vector<std::string> names(const Schema& schema) {
  std::vector<std::string> list;
  for (const auto& field : schema) list.push_back(field.name);
  return list;
}

const std::vector<std::string> kCommon = {"uuid",        "answers",       "prediction",
                                          "generation",  "prompt_tokens", "generated_tokens",
                                          "stop_reason", "logprob",       "attention_mode"};

std::vector<std::string> common_and(std::vector<std::string> more) {
  std::vector<std::string> list = kCommon;
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

TEST(ResultSchema, ColumnsOfEachKind) {
  EXPECT_EQ(names(result_schema(entry(Method::origin).kind)), common_and({"question", "prompt"}));
  EXPECT_EQ(names(result_schema(entry(Method::per_prompt).kind)),
            common_and({"paraphrase", "paraphrase_index", "prompt"}));
  EXPECT_EQ(names(result_schema(entry(Method::avg).kind)), common_and({"paraphrases", "prompts", "weights"}));
  EXPECT_EQ(names(result_schema(entry(Method::flex).kind, {"relation"})),
            common_and({"paraphrases", "prompts", "weights", "token_attention_share", "attention_share",
                        "relation"}));
}

TEST(ResultSchema, TypesOfTheLists) {
  const Table table(result_schema(ResultKind::flex));
  const auto type = [&](const std::string& name) { return table.schema()[table.column(name)].type; };
  EXPECT_EQ(type("answers"), ColumnType::string_list);
  EXPECT_EQ(type("weights"), ColumnType::float32_list);
  EXPECT_EQ(type("token_attention_share"), ColumnType::float32_list_list);
  EXPECT_EQ(type("attention_share"), ColumnType::float32_list);
  EXPECT_EQ(type("logprob"), ColumnType::float64);
}

TEST(ResultSchema, ADataSetMayNotBringAResultColumn) {
  EXPECT_TRUE(is_result_column("prediction"));
  EXPECT_TRUE(is_result_column("predict_lemma"));
  EXPECT_FALSE(is_result_column("relation"));
  expect_error(ErrorKind::data, "column 'prompt'", [] { (void)result_schema(ResultKind::flex, {"prompt"}); });
  expect_error(ErrorKind::data, "column 'a' twice", [] {
    (void)result_schema(ResultKind::flex, {"a", "a"});
  });
}

}  // namespace
}  // namespace chorus::data
