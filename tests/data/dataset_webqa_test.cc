// WebQuestions and ParaRel on small files: phrasings from a file, other formats, oddities of the rows.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "core/error.h"
#include "data/dataset.h"
#include "data/digest.h"
#include "data/input_folder.h"

namespace chorus::data {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;
using Columns = std::vector<std::pair<std::string, std::string>>;

class SmallSets : public testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& content) const {
    return input_.write(name, content);
  }
  fs::path write_questions() const {
    return write(
        "test.json",
        R"([{"qId": "t1", "qText": "who?", "answers": ["A"]}, {"qId": "t2", "qText": "what?", "answers": ["B", "C"]}])");
  }
  static std::string error_of(const DatasetOptions& options) {
    try {
      load_dataset(options);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data);
      return error.got();
    }
    return "no error";
  }

  InputFolder input_;
  const fs::path folder_ = input_.path();
};

TEST_F(SmallSets, PhrasingsComeFromAFile) {
  write_questions();
  const fs::path phrasings =
      write("p.jsonl", R"({"question": "who?", "paraphrases": ["which person?", "who?", "what human?"]})"
                       "\n" +
                           std::string(R"({"uuid": ")") + md5_hex("what?") +
                           R"(", "paraphrases": ["which thing?"]})"
                           "\n"
                           R"({"question": "asked by nobody", "paraphrases": ["x"]})"
                           "\n");
  const Dataset set = load_dataset({.dataset = "webqa",
                                    .data = folder_,
                                    .paraphrases_file = phrasings,
                                    .num_few_shot = 0,
                                    .num_paraphrases = 3});
  EXPECT_EQ(set.samples[0].paraphrases, (Strings{"who?", "which person?", "what human?"}));
  EXPECT_EQ(set.samples[1].paraphrases, (Strings{"what?", "which thing?"}));
  EXPECT_TRUE(set.samples[0].extra.empty());
  EXPECT_EQ(set.notes, (Strings{"1 of 3 rows of p.jsonl are about no question of the set",
                                "1 of 2 samples have fewer than 3 phrasings (the fewest: 2)"}));
}

TEST_F(SmallSets, BadPhrasingFilesNameTheLine) {
  write_questions();
  DatasetOptions options{
      .dataset = "webqa", .data = folder_, .paraphrases_file = folder_ / "p.jsonl", .num_few_shot = 0};
  const std::string file = options.paraphrases_file.string();
  write("p.jsonl", R"({"question": "who?", "paraphrases": ["a"]})"
                   "\n"
                   R"({"question": "who?", "paraphrases": ["b"]})");
  EXPECT_EQ(error_of(options), file + " line 2 is about the question of " + file + " line 1");
  write("p.jsonl", R"({"paraphrases": ["a"]})");
  EXPECT_EQ(error_of(options), file + " line 1 has neither 'uuid' nor 'question'");
  write("p.jsonl", R"({"question": "who?"})");
  EXPECT_EQ(error_of(options), file + " line 1 has no 'paraphrases'");
  write("p.jsonl", R"({"question": "of another set", "paraphrases": ["a"]})");
  EXPECT_EQ(error_of(options), file + " is about no question of the set");
}

TEST_F(SmallSets, AQuestionAskedTwiceIsAnError) {
  const fs::path file =
      write("test.json", R"([{"qText": "who?", "answers": ["A"]}, {"qText": "who?", "answers": ["B"]}])");
  EXPECT_EQ(error_of({.dataset = "webqa", .data = folder_, .num_few_shot = 0}),
            file.string() + " item 2 asks the question of " + file.string() + " item 1 again");
}

TEST_F(SmallSets, WorkedExamplesNeedTheTrainingSplit) {
  write_questions();
  EXPECT_EQ(error_of({.dataset = "webqa", .data = folder_}), folder_.string() + " has no val.json");
  write("train.jsonl", R"({"question": "a?", "answers": ["x"]})");
  EXPECT_EQ(error_of({.dataset = "webqa", .data = folder_}),
            "the training split of WebQuestions has 1 items");
  EXPECT_EQ(load_dataset({.dataset = "webqa", .data = folder_, .num_few_shot = 1}).examples.front().answer,
            "x");
}

TEST_F(SmallSets, TheHubsParquetFilesAreTakenInFileOrder) {
  const fs::path hub = fs::path(CHORUS_SOURCE_DIR) / "tests" / "data" / "data" / "hub_webqa";
  const Dataset set = load_dataset({.dataset = "webqa", .data = hub});
  ASSERT_EQ(set.samples.size(), 2U);
  EXPECT_EQ(set.samples[0].uuid, "36caa8a236f715c311f13b3fe6f4ba4b");
  Strings answers;  // random.Random(42).sample(range(9), 5) of CPython
  for (const WorkedExample& example : set.examples) answers.push_back(example.answer);
  EXPECT_EQ(answers, (Strings{"a1", "a0", "a5", "a2", "a8"}));
}

TEST_F(SmallSets, FactsOfOneSubjectAreOneSample) {
  write("patterns/P1.jsonl", R"({"pattern": "[Y] is in [X] ."})"
                             "\n"
                             R"({"pattern": "[X] has [Y] ."})"
                             "\n");
  write("patterns/P2.jsonl", R"({"pattern": "[X] was [Y]"})"
                             "\n");
  write("facts/P1.jsonl", R"({"sub_label": "Lake [Y]", "obj_label": "fish", "uuid": "u1"})"
                          "\n"
                          R"({"sub_label": "Great Garden", "obj_label": "garden", "uuid": "u2"})"
                          "\n"
                          R"({"sub_label": "Lake [Y]", "obj_label": "water", "uuid": "u3"})"
                          "\n"
                          R"({"sub_label": "Lake [Y]", "obj_label": "fish", "uuid": "u4"})"
                          "\n"
                          R"({"sub_label": "Sea", "obj_label": "salt", "uuid": "u5"})"
                          "\n");
  write("facts/P2.jsonl", R"({"sub_label": "Ann", "obj_label": "here"})"
                          "\n");
  DatasetOptions options{.dataset = "pararel",
                         .data = folder_,
                         .relations = {"P2", "P1"},
                         .num_few_shot = 0,
                         .num_paraphrases = 1};
  Dataset set = load_dataset(options);
  ASSERT_EQ(set.samples.size(), 4U);
  EXPECT_EQ(set.samples[0].uuid, md5_hex("P2\tAnn"));
  EXPECT_EQ(set.samples[1].uuid, "u1");
  EXPECT_EQ(set.samples[1].paraphrases, (Strings{"[MASK] is in Lake [Y] .", "Lake [Y] has [MASK] ."}));
  EXPECT_EQ(set.samples[1].answers, (Strings{"fish", "water"}));
  EXPECT_EQ(set.samples[1].extra, (Columns{{"relation", "P1"}, {"answer_in_subject", "false"}}));
  EXPECT_EQ(set.samples[2].extra, (Columns{{"relation", "P1"}, {"answer_in_subject", "true"}}));
  EXPECT_EQ(set.samples[3].uuid, "u5");
  EXPECT_EQ(set.notes,
            (Strings{"1 facts are given twice", "1 subjects have several objects; each is accepted"}));
  options.cloze = "left";
  set = load_dataset(options);
  EXPECT_EQ(set.samples[1].paraphrases, (Strings{"Lake [Y] has"}));
  EXPECT_EQ(set.samples[0].paraphrases, (Strings{"Ann was"}));
}

TEST_F(SmallSets, BadRelationsNameTheLine) {
  DatasetOptions options{.dataset = "pararel", .data = folder_, .num_few_shot = 0};
  const fs::path patterns = write("patterns/P1.jsonl", R"({"pattern": "[X] is old"})"
                                                       "\n");
  const fs::path facts = write("facts/P1.jsonl", R"({"sub_label": "a", "obj_label": "b"})"
                                                 "\n"
                                                 R"({"sub_label": "a"})"
                                                 "\n");
  EXPECT_EQ(error_of(options), patterns.string() + " line 1 has the pattern '[X] is old'");
  write("patterns/P1.jsonl", R"({"pattern": "[Y] is [X]"})"
                             "\n");
  EXPECT_EQ(error_of(options), facts.string() + " line 2 has no 'obj_label'");
  options.skip_bad_rows = true;
  EXPECT_EQ(load_dataset(options).samples.size(), 1U);
  options.cloze = "left";
  EXPECT_EQ(error_of(options), patterns.string() + " has no pattern that ends in [Y]");
  options.cloze = "mask";
  options.num_few_shot = 1;
  EXPECT_EQ(error_of(options), "the data set pararel has no samples");
  options.num_few_shot = 2;
  EXPECT_EQ(error_of(options), "the relations' list has 1 items");
}

}  // namespace
}  // namespace chorus::data
