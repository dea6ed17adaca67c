// chorus generate as a user types it: what it writes, and what it does when the result is there already.
#include <gmock/gmock.h>

#include "data/table_file.h"
#include "tests/cli/questions.h"

namespace chorus::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

class Generate : public testing::Test {
 protected:
  Generate() { write_file(program_ / "q.jsonl", questions(6)); }

  Outcome generate(const Arguments& more = {}) const { return program_.run(test::generate(program_, more)); }
  fs::path result(const std::string& name) const { return program_ / ("out/jsonl/tiny/" + name); }

  Program program_;
};

std::vector<std::string> columns_of(const data::Table& table) {
  std::vector<std::string> names;
  for (const auto& column : table.schema()) names.push_back(column.name);
  return names;
}

TEST_F(Generate, EveryMethodWritesItsColumnsInTheDataSetsOrder) {
  const std::vector<std::string> all{"uuid",          "answers",       "prediction",    "generation",
                                     "predict_lemma", "answer_lemmas", "prompt_tokens", "generated_tokens",
                                     "stop_reason",   "logprob",       "attention_mode"};
  const struct {
    std::string method, stem;
    std::vector<std::string> more;
    std::size_t rows;
  } cases[] = {{"origin", "origin", {"question", "prompt"}, 6},
               {"per_prompt", "per_prompt", {"paraphrase", "paraphrase_index", "prompt"}, 18},
               {"avg", "ensemble_avg-3", {"paraphrases", "prompts", "weights"}, 6},
               {"max", "ensemble_max-3", {"paraphrases", "prompts", "weights"}, 6},
               {"flex",
                "flex_attention-3.bos-scope=own",
                {"paraphrases", "prompts", "weights", "token_attention_share", "attention_share"},
                6}};
  for (const auto& c : cases) {
    const Outcome done = generate({"--method", c.method});
    ASSERT_EQ(done.code, 0) << done.err;
    EXPECT_TRUE(lines_of(done.out)[1].starts_with(c.method)) << done.out;
    EXPECT_THAT(done.err, HasSubstr("written: out/jsonl/tiny/" + c.stem + ".feather"));
    const data::Table table = data::read_table(result(c.stem + ".feather"));
    std::vector<std::string> columns = all;
    columns.insert(columns.end(), c.more.begin(), c.more.end());
    columns.push_back("kind");
    EXPECT_EQ(columns_of(table), columns);
    ASSERT_EQ(table.rows(), c.rows);
    for (std::size_t row = 0; row < c.rows; ++row)
      EXPECT_EQ(table.get<std::string>(row, 0), fmt::format("q{}", row * 6 / c.rows));
    EXPECT_EQ(data::read_table(result(c.stem + ".csv"), {.csv_types = table.schema()}), table);
    const json manifest = json::parse(read_file(result(c.stem + ".json")));
    EXPECT_EQ(manifest["configuration"]["method"], c.method);
    EXPECT_EQ(manifest["rows"], c.rows);
    EXPECT_TRUE(manifest["inputs"].contains("q.jsonl"));
  }
}

TEST_F(Generate, LemmaizeRenewsLemmasAndGeneratesNothing) {
  expect_failure(generate({"--lemmaize"}), 3, "is not there");
  ASSERT_EQ(generate().code, 0);
  const auto before = result_bytes(program_, kStem);
  const Outcome done = generate({"--lemmaize"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("lemma columns written"));
  EXPECT_EQ(result_bytes(program_, kStem), before);
}

TEST_F(Generate, LemmaizeTakesTheScriptsCsvToo) {
  fs::create_directories(result(""));
  fs::copy_file(CHORUS_SOURCE_DIR "/tests/eval/data/script_csv/scripts/tiny/ensemble_max-2.csv",
                result("ensemble_max-2.csv"));
  const Outcome done = generate({"--method", "max", "--num-paraphrases", "2", "--lemmaize", "--json"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(json::parse(done.out)[0]["n"], 4);
  EXPECT_EQ(json::parse(done.out)[0]["accuracy"], 0.5);
  const data::Table table = data::read_table(result("ensemble_max-2.feather"));
  const auto column = [&](const char* name) { return table.column(name); };
  EXPECT_EQ(table.get<data::StringList>(0, column("answers")),
            (data::StringList{"Tarn", "the Tarn", "l'tarn"}));
  EXPECT_EQ(table.get<data::StringList>(2, column("predict_lemma")),
            (data::StringList{"quib", ",", "the", "first"}));
  EXPECT_TRUE(data::is_null(
      table.at(3, column("predict_lemma"))));  // of an empty prediction, which pandas writes as nothing
  EXPECT_EQ(data::read_table(result("ensemble_max-2.csv"), {.csv_types = table.schema()}), table);
}

TEST_F(Generate, AFinishedRunIsLeftAloneAndLoadsNoWeights) {
  ASSERT_EQ(generate().code, 0);
  const auto before = result_bytes(program_, "flex_attention-3.bos-scope=own");
  const Outcome again = generate();
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("finished already, nothing to do: out/jsonl/tiny/flex_attention-3"));
  EXPECT_THAT(again.err, testing::Not(HasSubstr("threads")));  // the line of a loaded model
  EXPECT_THAT(again.out, HasSubstr("flex"));
  EXPECT_EQ(result_bytes(program_, "flex_attention-3.bos-scope=own"), before);
}

TEST_F(Generate, AnotherConfigurationIsRefusedWithTheDifferenceNamed) {
  ASSERT_EQ(generate({"--max-samples", "3"}).code, 0);
  const auto before = result_bytes(program_, "flex_attention-3.bos-scope=own");
  expect_failure(generate({"--max-samples", "3", "--max-new-tokens", "2"}), 3,
                 "max_new_tokens: the finished result has 5, this run has 2");
  expect_failure(generate({"--max-samples", "2"}), 3,
                 "max_samples: the finished result has 3, this run has 2");
  write_file(program_ / "q.jsonl", questions(7));
  expect_failure(generate({"--max-samples", "3"}), 3, "inputs.q.jsonl: not the contents that");
  EXPECT_EQ(result_bytes(program_, "flex_attention-3.bos-scope=own"), before);
}

TEST_F(Generate, AnotherConfigurationsLogIsRefusedToo) {
  ASSERT_EQ(generate({"--max-samples", "3"}).code, 0);
  for (const char* ending : {".json", ".feather", ".csv"})
    fs::remove(result(std::string("flex_attention-3.bos-scope=own") + ending));
  expect_failure(generate({"--max-samples", "3", "--stop", "newline"}), 3,
                 "differs in stop: log has eos, this run has newline");
}

TEST_F(Generate, TheLogSaysWhatComputedItTheManifestDoesNot) {
  ASSERT_EQ(generate({"--max-samples", "3"}).code, 0);
  const fs::path log = result("flex_attention-3.bos-scope=own.log.jsonl");
  EXPECT_THAT(lines_of(read_file(log)).front(), HasSubstr(R"("computed_by":{"chorus":")"));
  EXPECT_THAT(read_file(result("flex_attention-3.bos-scope=own.json")),
              testing::Not(HasSubstr("computed_by")));
}

TEST_F(Generate, RewriteThatCannotRunTouchesNothing) {
  ASSERT_EQ(generate({"--max-samples", "3", "--tag", "t"}).code, 0);
  const auto before = result_bytes(program_, "flex_attention-3.t");
  const std::string log = read_file(result("flex_attention-3.t.log.jsonl"));
  expect_failure(generate({"--tag", "t", "--rewrite", "--layout", "examples", "--cue", "fused",
                           "--prompt-template", "{instruction}\\n{examples}Question: {question}\\nA:"}),
                 2, "--prompt-template with --layout examples");
  EXPECT_EQ(result_bytes(program_, "flex_attention-3.t"), before);
  EXPECT_EQ(read_file(result("flex_attention-3.t.log.jsonl")), log);
  EXPECT_FALSE(fs::exists(result("flex_attention-3.t.rewrite.jsonl")));
}

TEST_F(Generate, AModelThatChangedInItsMiddleIsAnotherModel) {
  const std::string model = read_file(program_ / "tiny.gguf");
  write_file(program_ / "tiny.gguf", model + std::string(12 << 20, '\0'));
  ASSERT_EQ(generate({"--max-samples", "3"}).code, 0);
  std::string changed = model + std::string(12 << 20, '\0');
  changed[(5 << 20) + 100] = 1;
  write_file(program_ / "tiny.gguf", changed);
  expect_failure(generate({"--max-samples", "3"}), 3, "inputs.model: not the contents that");
}

TEST_F(Generate, APathsSpellingIsInNoManifest) {
  write_file(program_ / "q.jsonl", questions(3) + "nonsense\n");
  write_file(program_ / "examples.jsonl", R"({"question": "in a", "answer": "the"})");
  const Arguments more{"--examples", "examples.jsonl", "--skip-bad-rows"};
  ASSERT_EQ(generate(more).code, 0);
  const auto before = result_bytes(program_, "flex_attention-3.bos-scope=own");
  const Outcome again = generate({"--data", program_ / "q.jsonl", "--examples", program_ / "examples.jsonl",
                                  "--skip-bad-rows", "--output-dir", "other"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("skipped: q.jsonl line 4 is not JSON"));
  EXPECT_EQ(result_bytes(program_, "flex_attention-3.bos-scope=own", "other"), before);
}

TEST_F(Generate, RewriteAndTag) {
  ASSERT_EQ(generate({"--max-samples", "3"}).code, 0);
  const auto before = result_bytes(program_, "flex_attention-3.bos-scope=own");
  const Outcome tagged = generate({"--max-samples", "3", "--max-new-tokens", "2", "--tag", "short"});
  EXPECT_EQ(tagged.code, 0) << tagged.err;
  EXPECT_EQ(result_bytes(program_, "flex_attention-3.bos-scope=own"), before);
  EXPECT_EQ(data::read_table(result("flex_attention-3.short.feather")).rows(), 3U);
  ASSERT_EQ(generate({"--max-samples", "3", "--max-new-tokens", "2", "--rewrite"}).code, 0);
  const auto after = result_bytes(program_, "flex_attention-3.bos-scope=own");
  EXPECT_EQ(after[0], read_file(result("flex_attention-3.short.feather")));
  ASSERT_EQ(generate({"--max-samples", "2", "--max-new-tokens", "2", "--rewrite"}).code, 0);
  EXPECT_EQ(data::read_table(result("flex_attention-3.bos-scope=own.feather")).rows(), 2U);
}

TEST_F(Generate, OptionsOffTheirPublishedValuesAreInTheName) {
  ASSERT_EQ(generate({"--layout", "shared", "--cue", "fused", "--positions", "aligned"}).code, 0);
  EXPECT_TRUE(
      fs::exists(result("flex_attention-3.bos-scope=all,cue=fused,layout=shared,positions=aligned.feather")));
  ASSERT_EQ(generate({"--bos-scope", "first"}).code, 0);
  EXPECT_TRUE(fs::exists(result("flex_attention-3.feather")));
  const Program no_bos({.bos = false, .context = 4096});
  write_file(no_bos / "q.jsonl", questions(2));
  ASSERT_EQ(no_bos.run(test::generate(no_bos)).code, 0);
  EXPECT_TRUE(fs::exists(no_bos / "out/jsonl/tiny/flex_attention-3.feather"));
}

TEST_F(Generate, UnderscoresAndOtherEvaluatorsNamesAreTaken) {
  const Outcome done =
      program_.run({"generate", "--dataset", "jsonl", "--data=q.jsonl", "--model", program_.model(),
                    "--output_path=out", "--limit", "2", "--num_ensemble", "2", "--num_fewshot=0",
                    "--max_new_tokens", "2", "--batch_size", "1", "--tag", "t"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(data::read_table(result("flex_attention-2.t.feather")).rows(), 2U);
}

TEST_F(Generate, JsonAndQuiet) {
  const Outcome done = generate({"--json", "--quiet"});
  ASSERT_EQ(done.code, 0);
  EXPECT_EQ(done.err, "");
  const json rows = json::parse(done.out);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["method"], "flex");
  EXPECT_EQ(rows[0]["n"], 6);
  for (const char* key : {"accuracy", "lower", "upper", "questions_per_s"})
    EXPECT_TRUE(rows[0][key].is_number()) << key;
  EXPECT_THAT(rows[0]["match"].get<std::string>(), HasSubstr("gold-in-prediction"));
}

TEST_F(Generate, PackedExecutionGivesTheSameAnswers) {
  ASSERT_EQ(generate({"--dtype", "f32"}).code, 0);
  ASSERT_EQ(generate({"--dtype", "f32", "--execution", "packed", "--tag", "packed"}).code, 0);
  const data::Table shared = data::read_table(result("flex_attention-3.bos-scope=own.feather"));
  const data::Table packed = data::read_table(result("flex_attention-3.packed.feather"));
  const std::size_t column = shared.column("generation");
  for (std::size_t row = 0; row < shared.rows(); ++row)
    EXPECT_EQ(packed.get<std::string>(row, column), shared.get<std::string>(row, column));
}

TEST_F(Generate, FewerPhrasingsAreCountedOrRefused) {
  EXPECT_THAT(generate({"--num-paraphrases", "4"}).err,
              HasSubstr("6 of 6 samples have fewer than 4 phrasings"));
  expect_failure(generate({"--num-paraphrases", "4", "--require-paraphrases"}), 3,
                 "sample q0 has 3 phrasings");
}

TEST_F(Generate, LayoutOptionsOfAMethodWithoutLayoutAreNamed) {
  const Outcome done = program_.run({"generate", "--limit", "1", "--model", program_.model(), "--method",
                                     "avg", "--layout", "shared", "--cue", "fused", "--max-new-tokens", "2"});
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.err, HasSubstr("avg has no layout: --layout, --cue"));
}

TEST_F(Generate, EqualNamesInTwoFoldersAreTwoInputs) {
  for (const char* folder : {"patterns", "facts"})
    fs::create_directories(program_ / (std::string("p/") + folder));
  std::string patterns, facts;
  for (const char* pattern : {"[X] is in [Y] .", "[X], in [Y].", "[Y] has [X]."})
    patterns += json{{"pattern", pattern}}.dump() + "\n";
  for (int i = 0; i < 4; ++i)
    facts += json{{"sub_label", fmt::format("s{}", i)},
                  {"obj_label", fmt::format("o{}", i)},
                  {"uuid", fmt::format("u{}", i)}}
                 .dump() +
             "\n";
  write_file(program_ / "p/patterns/P1.jsonl", patterns);
  write_file(program_ / "p/facts/P1.jsonl", facts);
  const Arguments command{
      "generate", "--dataset", "pararel",        "--data",       "p",   "--num-few-shot",
      "1",        "--model",   program_.model(), "--output-dir", "out", "--max-new-tokens",
      "2",        "--method",  "origin"};
  ASSERT_EQ(program_.run(command).code, 0);
  const json manifest = json::parse(read_file(program_ / "out/pararel/tiny/origin.json"));
  EXPECT_TRUE(manifest["inputs"].contains("patterns/P1.jsonl"));
  EXPECT_TRUE(manifest["inputs"].contains("facts/P1.jsonl"));
  write_file(program_ / "p/patterns/P1.jsonl", patterns + json{{"pattern", "[X]: [Y]."}}.dump() + "\n");
  expect_failure(program_.run(command), 3, "inputs.patterns/P1.jsonl: not the contents that");
}

}  // namespace
}  // namespace chorus::test
