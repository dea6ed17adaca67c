// Options, data and places that cannot work: one clear line, the exit code of what it was about, nothing lost.
#include <gmock/gmock.h>

#include "tests/cli/questions.h"

namespace chorus::test {
namespace {

struct Case {
  Arguments arguments;
  int code;
  std::string part;
};

class BadInput : public testing::Test {
 protected:
  BadInput() { write_file(program_ / "q.jsonl", questions(3)); }

  /// With the results where nothing may be left behind.
  void expect(const Case& c) const {
    SCOPED_TRACE(fmt::format("{}", fmt::join(c.arguments, " ")));
    const Outcome outcome = program_.run(c.arguments);
    expect_failure(outcome, c.code, c.part);
    EXPECT_EQ(outcome.out, "");
    EXPECT_FALSE(fs::exists(program_ / "results")) << "something was begun";
  }
  Arguments on_tiny(const Arguments& more) const {
    Arguments arguments{"generate", "--model", program_.model()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  Arguments on_file(const std::string& file, const std::string& dataset = "jsonl") const {
    return on_tiny({"--dataset", dataset, "--data", file});
  }

  Program program_;
};

TEST_F(BadInput, Options) {
  for (const Case& c : {
           Case{{"--num-paraphrases", "0"},
                2,
                "--num-paraphrases: '0'; expected a whole number from 1 to 1000"},
           Case{{"--num-paraphrases", "five"}, 2, "'five'"},
           Case{{"--num-paraphrases", "2.5"}, 2, "'2.5'"},
           Case{{"--max-samples", "-1"}, 2, "'-1'"},
           Case{{"--batch-size", "0"}, 2, "--batch-size"},
           Case{{"--max-new-tokens", "99999999999999999999"}, 2, "--max-new-tokens"},
           Case{{"--method", "mean"},
                2,
                "method 'mean'; expected origin, per_prompt, avg, max, weighted_avg, weighted_max, vote, "
                "flex, weighted_flex"},
           Case{{"--layout", "stacked"}, 2, "--layout 'stacked'; expected concat, shared"},
           Case{{"--cue", "none"}, 2, "--cue 'none'; expected own, fused"},
           Case{{"--stop", "never"}, 2, "--stop: 'never'; expected newline, eos"},
           Case{{"--prediction", "last"}, 2, "--prediction 'last'"},
           Case{{"--order", "seed:x"}, 2, "--order 'seed:x'"},
           Case{{"--dtype", "f16"}, 2, "--dtype: 'f16'"},
           Case{{"--device", "tpu"}, 2, "--device: 'tpu'"},
           Case{{"--device", "cuda:0,1"}, 5, "--device cuda:0,1"},
           Case{{"--kv-memory", "lots"}, 2, "--kv-memory 'lots'"},
           Case{{"--kv-memory", "1000000GiB"}, 5, "--kv-memory 1000000GiB"},
           Case{{"--tag", "a/b"}, 2, "tag 'a/b'"},
           Case{{"--prompt-template", "{instruction}"}, 2, "{question}"},
           Case{{"--cloze", "left"}, 2, "--cloze"},
           Case{{"--dataset", "squad"}, 2, "unknown data set 'squad'"},
           Case{{"--dataset", "pararel"}, 2, "the data set pararel without its files"},
       })
    expect({on_tiny(c.arguments), c.code, c.part});
}

TEST_F(BadInput, LayoutOptionsThatDoNotGoTogether) {
  for (const Case& c : {
           Case{{"--layout", "shared", "--separator", "x"}, 2, "--separator with --layout shared"},
           Case{{"--layout", "shared", "--separator-scope", "own"},
                2,
                "--separator-scope own with --layout shared"},
           Case{{"--layout", "shared", "--bos-scope", "own"}, 2, "--bos-scope own with --layout shared"},
           Case{{"--layout", "causal-shared", "--bos-scope", "first"},
                2,
                "--bos-scope first with --layout causal-shared"},
           Case{{"--layout", "causal-concat", "--positions", "aligned"},
                2,
                "--positions aligned with --layout causal-concat"},
       })
    expect({on_tiny(c.arguments), c.code, c.part});
}

TEST_F(BadInput, Utf8) {
  for (const char* option :
       {"--instruction", "--separator", "--prompt-template", "--tag", "--data", "--output-dir"})
    expect({on_tiny({option, "a\xff"}), 2, "argument 5 is not UTF-8: 'a\\xff'"});
  write_file(program_ / "bad.jsonl", "{\"paraphrases\":[\"a\xff\"],\"answers\":[\"b\"]}\n");
  expect({on_file("bad.jsonl"), 3, "bad.jsonl"});
  write_file(program_ / "bad.csv", "paraphrases,answers\na\xff,b\n");
  expect({on_file("bad.csv", "csv"), 3, "bad.csv"});
}

TEST_F(BadInput, RowsAndFilesOfQuestions) {
  const struct {
    std::string name, content, part;
  } files[] = {{"no_phrasings.jsonl", R"({"id":"a","answers":["b"]})", "has no phrasings"},
               {"empty_phrasings.jsonl", R"({"id":"a","paraphrases":[],"answers":["b"]})", "paraphrases"},
               {"no_answers.jsonl", R"({"id":"a","paraphrases":["p"]})", "answers"},
               {"empty_answers.jsonl", R"({"id":"a","paraphrases":["p"],"answers":[]})", "answers"},
               {"twice.jsonl",
                R"({"id":"a","paraphrases":["p"],"answers":["b"]})"
                "\n"
                R"({"id":"a","paraphrases":["q"],"answers":["b"]})",
                "has the id 'a'"},
               {"no_json.jsonl", "{\"id\":", "no_json.jsonl"},
               {"empty.jsonl", "", "empty.jsonl"},
               {"no_feather.feather", "ARROW1", "no_feather.feather"}};
  for (const auto& file : files) {
    write_file(program_ / file.name, file.content);
    expect({on_file(file.name, fs::path(file.name).extension().string().substr(1)), 3, file.part});
  }
  expect({on_file("nowhere.jsonl"), 3, "there is no file nowhere.jsonl"});
  expect({on_file("home"), 3, "home has no data files"});
  expect({on_file("q.jsonl", "csv"), 3, "q.jsonl for the data set csv"});
}

TEST_F(BadInput, FoldersOfDataAndRelations) {
  expect({on_file("nowhere", "pararel"), 3, "there is no folder nowhere"});
  expect({on_file("nowhere", "webqa"), 3, "there is no nowhere"});
  expect({on_file("home", "webqa"), 3, "home has no test.json"});
  for (const char* folder : {"p/patterns", "p/facts"}) fs::create_directories(program_ / folder);
  write_file(program_ / "p/patterns/P1.jsonl", R"({"pattern":"[X] is in [Y]."})");
  write_file(program_ / "p/facts/P1.jsonl", R"({"sub_label":"a","obj_label":"b","uuid":"u"})");
  write_file(program_ / "p/facts/P2.jsonl", R"({"sub_label":"a","obj_label":"b","uuid":"u"})");
  expect(
      {on_tiny({"--dataset", "pararel", "--data", "p", "--relations", "P1,P9"}), 3, "unknown relation 'P9'"});
  expect({on_tiny({"--dataset", "pararel", "--data", "p", "--relations", "P2"}), 3,
          "'P2' has facts and no patterns"});
}

TEST_F(BadInput, PlacesThatCannotBeWritten) {
  write_file(program_ / "in_the_way", "");
  for (const char* place : {"in_the_way", "/proc/nowhere", "/dev/full"}) {
    const Outcome outcome =
        program_.run(on_tiny({"--dataset", "jsonl", "--data", "q.jsonl", "--output-dir", place}));
    expect_failure(outcome, 6, "cannot be made a folder");
  }
  fs::create_directories(program_ / "out/jsonl/tiny/flex_attention-3.bos-scope=own.log.jsonl");
  expect_failure(program_.run(generate(program_)), 6, "flex_attention-3.bos-scope=own.log.jsonl");
}

TEST_F(BadInput, AFileOfSomebodyElseIsNotOverwritten) {
  fs::create_directories(program_ / "out/jsonl/tiny");
  write_file(program_ / "out/jsonl/tiny/flex_attention-3.bos-scope=own.feather", "mine");
  expect_failure(program_.run(generate(program_)), 3, "is there without a manifest");
  EXPECT_EQ(read_file(program_ / "out/jsonl/tiny/flex_attention-3.bos-scope=own.feather"), "mine");
}

TEST_F(BadInput, WhatDoesNotFitKeepsNothingFromBeingTriedAgain) {
  expect_failure(program_.run(generate(program_, {"--kv-memory", "1KiB"})), 2,
                 "1024 bytes for keys and values");
  expect_failure(program_.run(generate(program_, {"--kv-memory", "16KiB"})), 3, "raise --kv-memory");
  write_file(program_ / "long.jsonl",
             fmt::format(R"({{"paraphrases":["{}"],"answers":["b"]}})", std::string(5000, 'x')));
  expect_failure(program_.run(generate(program_, {"--data", "long.jsonl"})), 3,
                 "at most the model's context, 4096");
  EXPECT_EQ(program_.run(generate(program_)).code, 0);
}

TEST_F(BadInput, OneBadSampleLosesNoOther) {
  write_file(program_ / "q.jsonl", questions(3) + fmt::format(R"({{"paraphrases":["{}"],"answers":["b"]}})",
                                                              std::string(5000, 'x')));
  const Arguments command = generate(program_, {"--batch-size", "1"});
  expect_failure(program_.run(command), 3, "at most the model's context");
  EXPECT_EQ(logged(program_ / "out/jsonl/tiny/flex_attention-3.bos-scope=own.log.jsonl"), 3);
}

}  // namespace
}  // namespace chorus::test
