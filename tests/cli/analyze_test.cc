// chorus analyze over results whose every number is known, over those of a run, and over the scripts' files.
#include <gmock/gmock.h>

#include "data/durable_file.h"
#include "data/table_file.h"
#include "tests/cli/questions.h"

namespace chorus::test {
namespace {

using data::ColumnType;
using data::StringList;
using nlohmann::json;
using testing::HasSubstr;

/// Ten questions whose answer is "yes"; the prediction is "yes" where `right` has a 1.
class Analyze : public testing::Test {
 protected:
  void write(const std::string& stem, const std::vector<std::string>& right,
             const std::string& dataset = "set") const {
    const bool many = right.size() > 1;
    data::Schema schema{{"uuid", ColumnType::string},
                        {"answers", ColumnType::string_list},
                        {"prediction", ColumnType::string},
                        {"question", ColumnType::string},
                        {"relation", ColumnType::string}};
    if (many) schema.push_back({"paraphrase_index", ColumnType::int64});
    data::Table table(schema);
    for (std::size_t q = 0; q < right.front().size(); ++q)
      for (std::size_t p = 0; p < right.size(); ++p) {
        std::vector<data::Value> row{fmt::format("q{}", q), StringList{"yes", "Yes it is"},
                                     right[p][q] == '1' ? "Yes!" : fmt::format("no {}", p),
                                     fmt::format("question {}?", q), fmt::format("r{}", q % 2)};
        row[2] = std::get<std::string>(row[2]);
        if (many) row.emplace_back(static_cast<std::int64_t>(p));
        table.append(std::move(row));
      }
    const fs::path folder = program_ / ("results/" + dataset + "/m");
    data::make_folder((folder / stem).parent_path());
    data::write_durable(folder / (stem + ".feather"), data::feather_bytes(table));
  }
  void write_all() const {
    write("origin", {"1100000000"});
    write("per_prompt", {"1100000000", "0110000000", "0010000000"});
    write("ensemble_avg-3", {"1111000000"});
    write("ensemble_max-3", {"1100000000"});
    write("flex_attention-3.cue=fused", {"1111110000"});
    write("flex_attention-2.cue=fused", {"1110000000"});
    write("diversity/ensemble_avg-0,1", {"1110000000"});
    write("diversity/ensemble_avg-0,2", {"1111000000"});
    write("diversity/ensemble_avg-1,2", {"0110000000"});
  }
  json analyze(Arguments more = {}) const {
    more.insert(more.begin(), {"analyze", "--json"});
    const Outcome done = program_.run(more);
    EXPECT_EQ(done.code, 0) << done.err;
    return json::parse(done.out);
  }

  Program program_;
};

const json& row_of(const json& table, const std::string& method) {
  for (const json& row : table)
    if (row.at("method") == method) return row;
  throw std::runtime_error("no " + method);
}

TEST_F(Analyze, CountsWhatIsThere) {
  write_all();
  const json all = analyze({"--by", "relation"});
  ASSERT_EQ(all.size(), 1U);
  const json& group = all[0];
  EXPECT_EQ(group["dataset"], "set");
  EXPECT_EQ(group["num_paraphrases"], 3);
  EXPECT_EQ(group["match"], "gold-in-prediction, lemmas");
  const json& flex = row_of(group["accuracy"], "flex (cue=fused)");
  EXPECT_EQ(flex["accuracy"], 0.6);
  EXPECT_EQ(flex["over origin"], 0.4);
  EXPECT_EQ(flex["over classic mean"], 0.3);
  EXPECT_EQ(row_of(group["accuracy"], "per_prompt")["n"], 30);
  const json& paired = row_of(group["comparison"], "flex (cue=fused)");
  EXPECT_EQ(paired["only it"], 4);
  EXPECT_EQ(paired["only baseline"], 0);
  EXPECT_EQ(paired["p (McNemar)"], 0.125);
  EXPECT_EQ(paired["p (Holm)"], 0.375);
  const json& single = group["paraphrases"][2];
  EXPECT_EQ(single["accuracy"], 0.1);
  EXPECT_EQ(single["any right"], 0.3);
  EXPECT_EQ(single["all right"], 0.0);
  const json& outcome = row_of(group["outcomes"], "flex (cue=fused)");
  EXPECT_EQ(outcome["TT"], 3);
  EXPECT_EQ(outcome["TF"], 0);
  EXPECT_EQ(outcome["FT"], 3);
  EXPECT_EQ(outcome["FF"], 4);
  EXPECT_EQ(outcome["one"], 1.0);
  EXPECT_EQ(group["pairs"][0]["pair"], "0,1");
  EXPECT_EQ(group["pairs"][0]["consistency"], 0.1);
  EXPECT_EQ(group["pairs"][0]["OR"], 0.3);
  EXPECT_EQ(group["pairs"][0]["diversity"], 3.0);
  EXPECT_EQ(group["new_answers"].size(), 4U);  // 1 of avg, 3 of flex
  EXPECT_EQ(group["index_sets"].size(), 4U);
  EXPECT_EQ(group["by_relation"].size(), 15U);
  EXPECT_EQ(group["errors"].size(), 5U * 5U - 1U);  // flex has four
}

TEST_F(Analyze, SizesRulesAndClusters) {
  write_all();
  const json sizes = analyze({"--compare-all", "--table", "sizes"})[0]["sizes"];
  EXPECT_EQ(sizes.size(), 4U);
  EXPECT_EQ(sizes.back()["best"], "best");
  EXPECT_EQ(row_of(analyze({"--match", "exact"})[0]["accuracy"], "origin")["accuracy"], 0.0);
  EXPECT_EQ(row_of(analyze({"--match", "f1", "--cluster", "relation"})[0]["accuracy"], "origin")["accuracy"],
            0.2);
  EXPECT_EQ(row_of(analyze({"--num-paraphrases", "2"})[0]["accuracy"], "flex (cue=fused)")["accuracy"], 0.3);
}

TEST_F(Analyze, PrintsEveryFormAndExports) {
  write_all();
  EXPECT_THAT(program_.run({"analyze"}).out,
              HasSubstr("set / m, N = 3; match: gold-in-prediction, lemmas\n\nAccuracy\nmethod"));
  EXPECT_THAT(program_.run({"analyze", "--table", "accuracy", "--format", "csv"}).out,
              testing::StartsWith("method,N,accuracy,n,"));
  EXPECT_THAT(program_.run({"analyze", "--format", "markdown"}).out,
              HasSubstr("### Accuracy\n\n| method | N |"));
  EXPECT_THAT(program_.run({"analyze", "--format", "latex"}).out,
              HasSubstr("\\caption{Accuracy. set / m, N = 3; match: gold-in-prediction, lemmas;"));
  const Outcome done = program_.run({"analyze", "--export", "tables"});
  EXPECT_EQ(done.code, 0) << done.err;
  for (const char* id : {"accuracy", "comparison", "detail", "errors"})
    EXPECT_TRUE(fs::exists(program_ / fmt::format("tables/set_m_para3_{}.csv", id))) << id;
  EXPECT_EQ(lines_of(read_file(program_ / "tables/set_m_para3_detail.csv")).size(),
            1U + 10 + 30 + 10 + 10 + 10);
  EXPECT_EQ(program_.run({"analyze"}).out, program_.run({"analyze"}).out);
}

TEST_F(Analyze, ReadsARunOfGenerate) {
  write_file(program_ / "q.jsonl", questions(6));
  for (const char* method : {"origin", "per_prompt", "avg", "flex"})
    ASSERT_EQ(program_.run(generate(program_, {"--method", method})).code, 0);
  const json group = analyze({"--output-dir", "out", "--by", "kind"})[0];
  EXPECT_EQ(group["accuracy"].size(), 4U);
  EXPECT_EQ(group["paraphrases"].size(), 3U);
  const json of_file = analyze({"--output-dir", "out", "--lemmas", "file"})[0];
  EXPECT_EQ(of_file["accuracy"], group["accuracy"]);
}

TEST_F(Analyze, BadInputIsNamed) {
  expect_failure(program_.run({"analyze"}), 3, "no .feather file below 'results'");
  write_all();
  expect_failure(program_.run({"analyze", "--dataset", "other"}), 3,
                 "no result of data set 'other'; expected data set / model: set / m");
  write_file(program_ / "results/set/m/vote.log.jsonl", "{}\n");
  write_file(program_ / "results/set/m/origin.log.jsonl", "{}\n");
  write_file(program_ / "results/set/m/origin.json", "{}\n");
  const std::string warned = program_.run({"analyze", "--cluster", "relation"}).err;
  EXPECT_THAT(warned, HasSubstr("left out: results/set/m/vote.log.jsonl is of a run that is not through"));
  EXPECT_THAT(warned, testing::Not(HasSubstr("origin.log")));
  EXPECT_THAT(warned, HasSubstr("--cluster relation: 2 groups; intervals from fewer than 8 are too narrow"));
  expect_failure(program_.run({"analyze", "--by", "nothing"}), 3, "no result has a column 'nothing'");
  expect_failure(program_.run({"analyze", "--lemmas", "file", "results/set/m/origin.feather"}), 3,
                 "has no lemma columns");
  expect_failure(program_.run({"analyze", "results/set/m/flex_attention-3.cue=fused.feather",
                               "results/set/m/flex_attention-2.cue=fused.feather"}),
                 3, "with N = 3 and 2");
  expect_failure(program_.run({"analyze", "--match", "fuzzy"}), 2, "'fuzzy'");
  expect_failure(program_.run({"analyze", "--num-paraphrases", "9"}), 2, "of which there is no result");
  write_file(program_ / "results/set/m/broken.feather", "no feather");
  EXPECT_THAT(program_.run({"analyze"}).err, HasSubstr("left out"));
  expect_failure(program_.run({"analyze", "results/set/m/broken.feather"}), 3, "broken.feather");
}

TEST_F(Analyze, ResultsThatAreNoneOfOneRunAreErrors) {
  write_all();
  write("origin", {"1100000000"}, "other");
  expect_failure(program_.run({"analyze", "results/set/m/origin.feather", "results/other/m/origin.feather"}),
                 3, "results/set/m/origin.feather of set");
  data::Table table = data::read_table(program_ / "results/set/m/ensemble_avg-3.feather");
  const auto save = [&](const char* name) {
    data::make_folder(program_ / "own/set/m");
    data::write_durable(program_ / (std::string("own/set/m/") + name), data::feather_bytes(table));
  };
  table.append(table.row(0));
  save("ensemble_avg-3.feather");
  expect_failure(program_.run({"analyze", "own/set/m/ensemble_avg-3.feather"}), 3,
                 "has question q0 in rows 1 and 11");
  data::Table more({{"uuid", ColumnType::string},
                    {"answers", ColumnType::string_list},
                    {"prediction", ColumnType::string},
                    {"paraphrases", ColumnType::string_list}});
  more.append({"q0", StringList{"yes"}, "yes", StringList{"a", "b"}});
  more.append({"q1", StringList{"yes"}, "yes", StringList{"a", "b", "c"}});
  table = more;
  save("flex_attention-2.feather");
  expect_failure(program_.run({"analyze", "own/set/m/flex_attention-2.feather"}), 3,
                 "question q1 has 3 phrasings");
  data::Table other({{"uuid", ColumnType::string},
                     {"answers", ColumnType::string_list},
                     {"prediction", ColumnType::string}});
  other.append({"q0", StringList{"no"}, "yes"});
  table = other;
  save("origin.feather");
  save("ensemble_max-3.feather");
  expect_failure(
      program_.run({"analyze", "results/set/m/ensemble_avg-3.feather", "own/set/m/origin.feather"}), 3,
      "question q0 has the answers [yes, Yes it is] in ");
}

TEST_F(Analyze, SaysWhatElseDiffers) {
  write_file(program_ / "q.jsonl", questions(6));
  const auto run = [&](const Arguments& more) {
    const Outcome done = program_.run(generate(program_, more));
    ASSERT_EQ(done.code, 0) << done.err;
  };
  run({"--method", "origin"});
  run({"--method", "avg"});
  EXPECT_THAT(program_.run({"analyze", "--output-dir", "out"}).err, testing::IsEmpty());
  run({"--method", "max", "--instruction", "on a"});
  run({"--method", "flex", "--max-samples", "4"});
  const Outcome done = program_.run({"analyze", "--output-dir", "out", "--json"});
  for (const char* line : {"instruction differs: \"on a\" in ensemble_max-3.feather; \"in a\" in ",
                           "the set of questions differs: 4 questions in flex_attention-3"}) {
    EXPECT_THAT(done.err, HasSubstr(std::string("warning: jsonl / tiny: ") + line));
    EXPECT_THAT(done.out, HasSubstr("\"warnings\""));
  }
  write_file(program_ / "q.jsonl", questions(7));
  run({"--method", "per_prompt", "--num-paraphrases", "2", "--rewrite"});
  const std::string err = program_.run({"analyze", "--output-dir", "out"}).err;
  EXPECT_THAT(err, HasSubstr("the input q.jsonl differs: "));
  EXPECT_THAT(
      err, HasSubstr("phrasings differ: 6 of 6 questions in ensemble_avg-3.feather have one that is not in "
                     "per_prompt.feather"));
}

TEST_F(Analyze, ConfidenceStandsApart) {
  write_file(program_ / "q.jsonl", questions(4));
  Arguments confidence = generate(program_, {"--num-paraphrases", "2"});
  confidence.front() = "confidence";
  for (const char* name : {"--layout", "--cue", "--positions"}) {
    const auto at = std::find(confidence.begin(), confidence.end(), name);
    confidence.erase(at, at + 2);
  }
  confidence.insert(confidence.end(), {"--samples", "3"});
  Outcome done = program_.run(confidence);
  ASSERT_EQ(done.code, 0) << done.err;
  ASSERT_EQ(program_.run(generate(program_, {"--method", "origin"})).code, 0);
  const json group = analyze({"--output-dir", "out"})[0];
  EXPECT_EQ(group["accuracy"].size(), 1U);
  EXPECT_EQ(group["confidence"][0]["n"], 8);
  for (const auto& error : group["errors"]) EXPECT_NE(error["method"], "confidence");
}

}  // namespace
}  // namespace chorus::test
