// Data sets from files of one's own, the set inside the program, and bad input: each one error that names
// file and line.
#include "data/dataset.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "core/error.h"
#include "data/digest.h"
#include "data/input_folder.h"

namespace chorus::data {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;
using Columns = std::vector<std::pair<std::string, std::string>>;

fs::path kept(const std::string& name) {
  return fs::path(CHORUS_SOURCE_DIR) / "tests" / "data" / "data" / name;
}

class Datasets : public testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& content) const {
    return input_.write(name, content);
  }

  static std::string error_of(const DatasetOptions& options, ErrorKind kind = ErrorKind::data) {
    try {
      load_dataset(options);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      EXPECT_FALSE(error.expected().empty()) << error.what();
      EXPECT_FALSE(error.todo().empty()) << error.what();
      return error.got();
    }
    ADD_FAILURE() << "no error";
    return "";
  }

  /// The error of a JSONL file with this content, without the path of the folder.
  std::string jsonl_error(const std::string& content) const {
    const std::string got = error_of({.dataset = "jsonl", .data = write("own.jsonl", content)});
    const std::string path = (folder_ / "own.jsonl").string();
    EXPECT_TRUE(got.starts_with(path)) << got;
    return got.substr(std::min(got.size(), path.size()));
  }

  InputFolder input_;
  const fs::path folder_ = input_.path();
};

const std::string good = R"({"id": "q1", "paraphrases": ["one?", "uno?"], "answers": ["1"]})"
                         "\n";

TEST_F(Datasets, JsonLinesCarryTheirColumns) {
  const fs::path file = write(
      "own.jsonl",
      "\xEF\xBB\xBF"
      R"({"id": "q1", "paraphrases": ["one?", "uno?"], "answers": ["1", "I"], "kind": "a"})"
      "\r\n"
      "\n"
      R"({"answers": ["2"], "paraphrases": ["two?"], "level": 3, "kind": null, "tags": ["x", 1], "prediction": "p"})"
      "\n"
      R"({"id": 7, "question": "three?", "answers": ["3"], "level": 0.5})");
  const Dataset set = load_dataset({.dataset = "jsonl", .data = file, .num_paraphrases = 2});
  ASSERT_EQ(set.samples.size(), 3U);
  EXPECT_EQ(set.samples[0].uuid, "q1");
  EXPECT_EQ(set.samples[0].paraphrases, (Strings{"one?", "uno?"}));
  EXPECT_EQ(set.samples[0].answers, (Strings{"1", "I"}));
  EXPECT_EQ(set.samples[0].extra, (Columns{{"kind", "a"}, {"level", ""}, {"tags", ""}}));
  EXPECT_EQ(set.samples[1].uuid, md5_hex("two?"));
  EXPECT_EQ(set.samples[1].extra, (Columns{{"kind", ""}, {"level", "3"}, {"tags", "[\"x\",1]"}}));
  EXPECT_EQ(set.samples[2].uuid, "7");
  EXPECT_EQ(set.samples[2].paraphrases, (Strings{"three?"}));
  EXPECT_TRUE(set.examples.empty());
  EXPECT_EQ(set.notes, (Strings{"columns of an earlier result are not carried through: prediction",
                                "no worked examples: a set of one's own has none; --examples FILE gives some",
                                "2 of 3 samples have fewer than 2 phrasings (the fewest: 1)"}));
  EXPECT_EQ(set.files, std::vector<fs::path>{file});
}

TEST_F(Datasets, ATextIsKeptAsItStands) {
  const fs::path file = write(
      "own.jsonl", R"({"id": " q ", "paraphrases": [" spaces \n"], "answers": ["\u00e9\ud83d\ude00"]})");
  const Sample sample = load_dataset({.dataset = "jsonl", .data = file}).samples.front();
  EXPECT_EQ(sample.uuid, " q ");
  EXPECT_EQ(sample.paraphrases.front(), " spaces \n");
  EXPECT_EQ(sample.answers.front(), "\xC3\xA9\xF0\x9F\x98\x80");
}

TEST_F(Datasets, TablesMadeByPyarrowGiveTheSameSamples) {
  for (const char* kind : {"csv", "parquet", "feather"}) {
    SCOPED_TRACE(kind);
    const Dataset set = load_dataset({.dataset = kind, .data = kept(std::string("own.") + kind)});
    EXPECT_EQ(set.name, kind);
    ASSERT_EQ(set.samples.size(), 2U);
    EXPECT_EQ(set.samples[0].uuid, "q1");
    EXPECT_EQ(set.samples[0].paraphrases,
              (Strings{"What is the capital of Peru?", "Peru is governed from where?"}));
    EXPECT_EQ(set.samples[0].extra, (Columns{{"kind", "capital"}, {"level", "1"}}));
    EXPECT_EQ(set.samples[1].paraphrases, (Strings{"Wie heißt der höchste Berg?"}));
    EXPECT_EQ(set.samples[1].answers, (Strings{"Everest", "Mount Everest"}));
    EXPECT_EQ(set.samples[1].extra, (Columns{{"kind", ""}, {"level", "2"}}));
  }
}

TEST_F(Datasets, ACsvCellWithoutBracketIsAListOfOne) {
  const fs::path file =
      write("own.csv", "id,question,answers\n1,\"who, then?\",nobody\n2,what?,\"[\"\"a\"\", \"\"b\"\"]\"\n");
  const Dataset set = load_dataset({.dataset = "csv", .data = file});
  EXPECT_EQ(set.samples[0].paraphrases, (Strings{"who, then?"}));
  EXPECT_EQ(set.samples[0].answers, (Strings{"nobody"}));
  EXPECT_EQ(set.samples[1].answers, (Strings{"a", "b"}));
  write("own.csv", "id,question,answers\n1,who?,\"['a', \"\"b's\"\"]\"\n2,what?,x\n");  // as pandas writes it
  EXPECT_EQ(load_dataset({.dataset = "csv", .data = file}).samples[0].answers, (Strings{"a", "b's"}));
  write("own.csv", "id,question,answers\n1,who?,\"['a', b]\"\n2,what?,x\n");
  EXPECT_NE(error_of({.dataset = "csv", .data = file})
                .find("own.csv row 1 has '['a', b]' with neither a text in quotes"),
            std::string::npos);
}

TEST_F(Datasets, RowsOfOnePhrasingEachBecomeOneSample) {
  const Dataset set = load_dataset({.dataset = "feather", .data = kept("per_prompt.feather")});
  ASSERT_EQ(set.samples.size(), 2U);
  EXPECT_EQ(set.samples[0].paraphrases, (Strings{"one?", "two?"}));
  EXPECT_EQ(set.samples[1].uuid, "b");
  EXPECT_TRUE(set.samples[0].extra.empty());
}

TEST_F(Datasets, TheSetInsideTheProgramNeedsNoFile) {
  const Dataset set = load_dataset({});
  EXPECT_EQ(set.name, "builtin");
  EXPECT_GE(set.samples.size(), 60U);
  EXPECT_EQ(set.examples.size(), 5U);
  EXPECT_TRUE(set.notes.empty()) << set.notes.front();
  for (const Sample& sample : set.samples) {
    EXPECT_GE(sample.paraphrases.size(), 5U) << sample.uuid;
    ASSERT_EQ(sample.extra.size(), 1U);
    EXPECT_EQ(sample.extra[0].first, "kind");
  }
  for (const WorkedExample& example : set.examples) EXPECT_EQ(example.paraphrases.front(), example.question);
  EXPECT_EQ(load_dataset({.num_few_shot = 2}).examples.size(), 2U);
  EXPECT_EQ(load_dataset({.num_few_shot = 9}).notes.size(), 1U);
}

TEST_F(Datasets, MaxSamplesIsExact) {
  EXPECT_EQ(load_dataset({.max_samples = 7}).samples.size(), 7U);
  EXPECT_EQ(load_dataset({.max_samples = 1'000'000}).samples.size(), load_dataset({}).samples.size());
}

TEST_F(Datasets, ExamplesAndInstructionCanBeReplaced) {
  const fs::path examples =
      write("examples.jsonl", R"({"question": "a?", "answer": "A", "paraphrases": ["a?", "aa?"]})"
                              "\n"
                              R"({"question": "b?", "answer": "B"})"
                              "\n");
  const Dataset set = load_dataset({.examples_file = examples, .instruction = ""});
  ASSERT_EQ(set.examples.size(), 2U);
  EXPECT_EQ(set.examples[0].paraphrases, (Strings{"a?", "aa?"}));
  EXPECT_EQ(set.examples[1].paraphrases, (Strings{"b?"}));
  EXPECT_EQ(set.instruction, "");
  EXPECT_EQ(set.notes.size(), 1U);  // 2 where 5 were asked for
  EXPECT_EQ(load_dataset({.examples_file = examples, .num_few_shot = 1}).examples.size(), 1U);
  write("examples.jsonl", R"({"question": "a?"})");
  try {
    load_dataset({.examples_file = examples, .skip_bad_rows = true});
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.todo(), "correct it: --skip-bad-rows is for the questions alone");
  }
  EXPECT_NE(error_of({.examples_file = examples}).find("line 1 has no 'answer'"), std::string::npos);
}

TEST_F(Datasets, SamplesCanBeLeftOutBeforeTheSetIsCut) {
  const Dataset all = load_dataset({});
  const std::string first = all.samples[0].uuid, second = all.samples[1].uuid;
  const Dataset part = load_dataset({.max_samples = 1, .left_out = {first}});
  ASSERT_EQ(part.samples.size(), 1U);
  EXPECT_EQ(part.samples[0].uuid, second);
  EXPECT_EQ(part.digest, all.digest);
  const fs::path own = write("own.jsonl", good);
  const DatasetOptions none{.dataset = "jsonl", .data = own, .left_out = {"q1"}};
  EXPECT_EQ(error_of(none), "the data set jsonl has no samples but those to be left out");
  const std::string digest = load_dataset({.dataset = "jsonl", .data = own}).digest;
  write("own.jsonl", R"({"id": "q1", "paraphrases": ["one?", "uno?"], "answers": ["I"]})");
  EXPECT_NE(load_dataset({.dataset = "jsonl", .data = own}).digest, digest);
}

TEST_F(Datasets, RequiredParaphrasesAreRequired) {
  DatasetOptions options{.dataset = "jsonl", .data = write("own.jsonl", good), .require_paraphrases = true};
  EXPECT_EQ(error_of(options), "sample q1 has 2 phrasings");
  options.num_paraphrases = 2;
  EXPECT_EQ(load_dataset(options).samples.size(), 1U);
}

TEST_F(Datasets, BadRowsNameTheirLine) {
  EXPECT_EQ(jsonl_error(good + R"({"id": "q2", "answers": ["2"]})"), " line 2 has no phrasings");
  EXPECT_EQ(jsonl_error(good + R"({"paraphrases": [], "answers": ["2"]})"),
            " line 2 has an empty list 'paraphrases'");
  EXPECT_EQ(jsonl_error(good + R"({"paraphrases": ["a", " "], "answers": ["2"]})"),
            " line 2 has an empty text in the list 'paraphrases'");
  EXPECT_EQ(jsonl_error(good + R"({"paraphrases": ["a"]})"), " line 2 has no 'answers'");
  EXPECT_EQ(jsonl_error(good + R"({"paraphrases": ["a"], "answers": null})"), " line 2 has no 'answers'");
  EXPECT_EQ(jsonl_error(good + R"({"paraphrases": ["a"], "answers": []})"),
            " line 2 has an empty list 'answers'");
  EXPECT_EQ(jsonl_error("\n\n" + good + R"({"paraphrases": ["a"], "answers": [4]})"),
            " line 4 has 4 in the list 'answers'");
  EXPECT_EQ(jsonl_error(good + R"({"paraphrases": "a", "answers": ["b"]})"),
            " line 2 has the text \"a\" in 'paraphrases'");
  EXPECT_EQ(jsonl_error(good + R"({"paraphrases": ["a"], "answers": "Paris"})"),
            " line 2 has the text \"Paris\" in 'answers'");
  EXPECT_EQ(jsonl_error(good + R"({"paraphrases": ["a"], "answers": 7})"), " line 2 has 7 in 'answers'");
  EXPECT_EQ(jsonl_error(good + R"({"id": ["x"], "paraphrases": ["a"], "answers": ["b"]})"),
            " line 2 has [\"x\"] in 'id'");
  EXPECT_EQ(jsonl_error(good + R"({"id": "", "paraphrases": ["a"], "answers": ["b"]})"),
            " line 2 has an empty 'id'");
  EXPECT_EQ(jsonl_error(good + "[1]"), " line 2 is no object");
  EXPECT_EQ(jsonl_error(good + good).substr(0, 27), " line 2 has the id 'q1' of ");
}

TEST_F(Datasets, WhatIsNotJsonOrNotUtf8NamesItsLine) {
  EXPECT_TRUE(jsonl_error(good + R"({"id": "q2", "paraphrases": ["tr)").starts_with(" line 2 is not JSON"));
  EXPECT_TRUE(jsonl_error(good + R"({"id": "\ud800", "paraphrases": ["x"], "answers": ["y"]})")
                  .starts_with(" line 2 is not JSON"));
  EXPECT_EQ(jsonl_error(good + "{\"id\": \"\xFF\"}"), " line 2 is not UTF-8 at byte 9");
  EXPECT_TRUE(jsonl_error(good + std::string(5000, '[')).starts_with(" line 2 is not JSON"));
  EXPECT_EQ(jsonl_error(""), " is empty");
  EXPECT_EQ(jsonl_error(" \n\n"), " is empty");
  EXPECT_TRUE(jsonl_error("[{\"id\": 1},\n {\"id\" 2}]").starts_with(" line 2 is not JSON"));
  EXPECT_EQ(jsonl_error("[{\"id\": 1},\n {\"id\": \"\xC3\"}]"), " line 2 is not UTF-8");
  EXPECT_EQ(jsonl_error("[" + good + ", 5]"), " item 2 is no object");
}

TEST_F(Datasets, BadRowsCanBeSkippedAndAreCounted) {
  const std::string bad =
      "nonsense\n"
      R"({"id": "q2", "paraphrases": ["a"], "answers": []})"
      "\n"
      "{\"id\": \"\xFF\"}\n" +
      good;
  const fs::path file = write("own.jsonl", good + bad);
  const Dataset set =
      load_dataset({.dataset = "jsonl", .data = file, .num_paraphrases = 1, .skip_bad_rows = true});
  EXPECT_EQ(set.samples.size(), 1U);
  ASSERT_EQ(set.notes.size(), 6U);
  EXPECT_EQ(set.notes[1], "4 bad rows skipped");
  EXPECT_TRUE(set.notes[2].starts_with("skipped: own.jsonl line 2 is not JSON")) << set.notes[2];
  EXPECT_EQ(set.notes[3],
            "skipped: own.jsonl line 4 is not UTF-8 at byte 9");  // what cannot be read comes first
  EXPECT_EQ(set.notes[4], "skipped: own.jsonl line 3 has an empty list 'answers'");
  EXPECT_EQ(set.notes[5], "skipped: own.jsonl line 5 has the id 'q1' of own.jsonl line 1");
  std::string many = good;
  for (int i = 0; i < 30; ++i) many += "nonsense\n";
  write("own.jsonl", many);
  const Dataset cut = load_dataset(
      {.dataset = "jsonl", .data = file, .num_few_shot = 0, .num_paraphrases = 1, .skip_bad_rows = true});
  ASSERT_EQ(cut.notes.size(), 22U);
  EXPECT_EQ(cut.notes.back(), "skipped: 10 more");
  write("own.jsonl", "nonsense\n");
  EXPECT_EQ(error_of({.dataset = "jsonl", .data = file, .skip_bad_rows = true}),
            "the data set jsonl has no samples");
}

TEST_F(Datasets, BadRowsOfTablesAreNamedOrSkipped) {
  DatasetOptions options{
      .dataset = "feather", .data = kept("tables/bad_rows.feather"), .num_few_shot = 0, .num_paraphrases = 1};
  const std::string file = options.data.string();
  EXPECT_EQ(error_of(options), file + " row 2: column 'paraphrases': a null inside a list");
  options.skip_bad_rows = true;
  const Dataset set = load_dataset(options);
  EXPECT_EQ(set.samples.size(), 2U);
  EXPECT_EQ(set.notes,
            (Strings{"4 bad rows skipped",
                     "skipped: bad_rows.feather row 2: column 'paraphrases': a null inside a list",
                     "skipped: bad_rows.feather row 4: column 'answers': a null inside a list",
                     "skipped: bad_rows.feather row 3 has no 'answers'",
                     "skipped: bad_rows.feather row 5 has the id 'q1' of bad_rows.feather row 1"}));
  const fs::path texts = kept("tables/answers_text.parquet");
  EXPECT_EQ(error_of({.dataset = "parquet", .data = texts}),
            texts.string() + " row 1 has the text \"Paris\" in 'answers'");
  const fs::path csv = write("own.csv", "id,question,answers\n1,who?,nan\n");
  EXPECT_EQ(error_of({.dataset = "csv", .data = csv}), csv.string() + " row 1 has nan in 'answers'");
  EXPECT_TRUE(jsonl_error(R"({"id": "q", "paraphrases": ["p"], "answers": [NaN]})")
                  .starts_with(" line 1 is not JSON"));
}

TEST_F(Datasets, RowsOfASetWithANameOfItsOwnSayWhichItIs) {
  const fs::path fact = write("own.jsonl", R"({"sub_label": "Peru", "obj_label": "Lima", "uuid": "u"})");
  EXPECT_EQ(error_of({.dataset = "jsonl", .data = fact}),
            fact.string() + " line 1 has the columns sub_label and obj_label of pararel");
  const fs::path hub = kept("myriadlama");
  EXPECT_TRUE(error_of({.dataset = "parquet", .data = hub})
                  .ends_with("has the columns template and sub_ent of myriadlama"));
}

TEST_F(Datasets, PhrasingsByPeopleComeBeforeThoseOfAProgram) {
  const fs::path file =
      write("own.jsonl",
            R"({"id": "a", "manual_paraphrases": ["m"], "auto_paraphrases": ["p", "q"], "answers": ["x"]})"
            "\n"
            R"({"id": "b", "manual_paraphrases": ["m"], "auto_paraphrases": [], "answers": ["x"]})");
  const Dataset set = load_dataset({.dataset = "jsonl", .data = file});
  EXPECT_EQ(set.samples[0].paraphrases, (Strings{"m", "p", "q"}));
  EXPECT_EQ(set.samples[0].num_auto, 2U);
  EXPECT_EQ(set.samples[1].num_auto, 0U);
  EXPECT_TRUE(set.samples[0].extra.empty());
}

TEST_F(Datasets, ResultsOfTheScriptsAskTheirQuestionsAgain) {
  const fs::path file = write(
      "r.jsonl",
      R"({"uuid": "u", "answers": ["a"], "prediction": "x", "generation": "x", "templates": ["t1", "t2"]})");
  const Dataset set = load_dataset({.dataset = "jsonl", .data = file});
  EXPECT_EQ(set.samples[0].paraphrases, (Strings{"t1", "t2"}));
  EXPECT_EQ(set.samples[0].uuid, "u");
  EXPECT_TRUE(set.samples[0].extra.empty());
}

TEST_F(Datasets, IdsGivenTwiceAreSkippedToo) {
  for (const char* name : {"P1", "P2"}) {
    write(std::string("patterns/") + name + ".jsonl", R"({"pattern": "[X] is [Y]"})");
    write(std::string("facts/") + name + ".jsonl", R"({"sub_label": "a", "obj_label": "b", "uuid": "u"})");
  }
  DatasetOptions options{.dataset = "pararel", .data = folder_, .num_few_shot = 0, .num_paraphrases = 1};
  EXPECT_EQ(error_of(options), "samples 1 and 2 of pararel both have the id u");
  options.skip_bad_rows = true;
  EXPECT_EQ(load_dataset(options).notes,
            (Strings{"1 bad row skipped", "skipped: samples 1 and 2 of pararel both have the id u"}));
}

TEST_F(Datasets, MissingFilesAreNamed) {
  const std::string nowhere = (folder_ / "nowhere").string();
  EXPECT_EQ(error_of({.dataset = "jsonl", .data = nowhere}), "there is no file " + nowhere);
  EXPECT_EQ(error_of({.dataset = "csv", .data = nowhere + ".csv"}), "there is no file " + nowhere + ".csv");
  EXPECT_EQ(error_of({.dataset = "webqa", .data = nowhere}), "there is no " + nowhere);
  EXPECT_EQ(error_of({.dataset = "myriadlama", .data = nowhere}), "there is no " + nowhere);
  EXPECT_EQ(error_of({.dataset = "pararel", .data = nowhere}), "there is no folder " + nowhere);
  EXPECT_EQ(error_of({.dataset = "jsonl", .data = folder_}), folder_.string() + " has no data files");
  EXPECT_EQ(error_of({.dataset = "webqa", .data = folder_}), folder_.string() + " has no test.json");
  EXPECT_EQ(error_of({.dataset = "pararel", .data = folder_}),
            "there is no folder " + (folder_ / "patterns").string());
  EXPECT_EQ(error_of({.examples_file = nowhere}), "there is no file " + nowhere);
  for (const char* kind : {"parquet", "feather"}) {
    const fs::path torn = write(std::string("torn.") + kind, "PAR1 nothing behind it");
    EXPECT_NE(error_of({.dataset = kind, .data = torn}).find("torn"), std::string::npos);
  }
}

TEST_F(Datasets, APathThatCannotBeAFileIsAnErrorOfOurs) {
  error_of({.dataset = "webqa", .data = std::string(5000, 'x')}, ErrorKind::io);
  error_of({.dataset = "pararel", .data = std::string(5000, 'x')}, ErrorKind::io);
  error_of({.dataset = "jsonl", .data = std::string(5000, 'x')});
}

TEST_F(Datasets, OptionsThatNoSetTakesAreRefused) {
  const auto usage = ErrorKind::usage;
  EXPECT_EQ(error_of({.dataset = "squad"}, usage), "unknown data set 'squad'");
  error_of({.dataset = "myriadlama"}, usage);
  error_of({.dataset_name = "x"}, usage);
  error_of({.dataset = "webqa", .data = "x", .split = "train"}, usage);
  error_of({.choice = {.indexs = {0}, .num_auto = 1}}, usage);
  error_of({.dataset = "jsonl"}, usage);
  error_of({.data = "x"}, usage);
  error_of({.relations = {"P36"}}, usage);
  error_of({.cloze = "left"}, usage);
  error_of({.dataset = "pararel", .data = "x", .cloze = "right"}, usage);
  error_of({.paraphrases_file = "x"}, usage);
  error_of({.num_few_shot = -1}, usage);
  error_of({.max_samples = -1}, usage);
  error_of({.num_paraphrases = 0}, usage);
}

}  // namespace
}  // namespace chorus::data
