// chorus prepare as its users call it: phrasings by a model into a file that generate reads, resumable, whatever the batch.
#include <gmock/gmock.h>

#include "tests/cli/questions.h"

namespace chorus::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr int kQuestions = 24;

std::string webqa(int count) {
  json rows = json::array();
  for (int i = 0; i < count; ++i)
    rows.push_back({{"qId", fmt::format("q{}", i)},
                    {"qText", fmt::format("what is the {} in a?", i)},
                    {"answers", {fmt::format("a{}", i), "b"}}});
  return rows.dump();
}

/// chorus prepare webqa on w/test.json with the tiny model into p.jsonl.
Arguments prepare(const Program& program, const Arguments& more = {}) {
  Arguments arguments{"prepare", "webqa",         "--data",   "w",           "--num-paraphrases", "2",
                      "--model", program.model(), "--output", "out/p.jsonl", "--max-draws",       "3"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::vector<std::string> bytes(const Program& program) {
  std::vector<std::string> all;
  for (const char* file : {"out/p.jsonl", "out/p.json"}) {
    EXPECT_TRUE(fs::is_regular_file(program / file)) << file;
    all.push_back(read_file(program / file));
  }
  return all;
}

std::vector<std::string> undisturbed(const Arguments& more = {}) {
  const Program program;
  fs::create_directories(program / "w");
  write_file(program / "w/test.json", webqa(kQuestions));
  const Outcome done = program.run(prepare(program, more));
  EXPECT_EQ(done.code, 0) << done.err;
  return bytes(program);
}

/// A text as it stands in a list of a CSV cell.
std::string csv_json(const json& text) {
  std::string cell;
  for (const char c : text.dump()) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
  return cell;
}

class Prepare : public testing::Test {
 protected:
  Prepare() {
    fs::create_directories(program_ / "w");
    write_file(program_ / "w/test.json", webqa(kQuestions));
  }
  std::vector<json> rows(const std::string& file) const {
    std::vector<json> all;
    for (const std::string& line : lines_of(read_file(program_ / file))) all.push_back(json::parse(line));
    return all;
  }
  Program program_;
};

TEST_F(Prepare, WritesWhatGenerateReads) {
  const Outcome done = program_.run(prepare(program_, {"--max-samples", "5"}));
  ASSERT_EQ(done.code, 0) << done.err;
  const std::vector<json> made = rows("out/p.jsonl");
  ASSERT_EQ(made.size(), 5U);
  json counts = json::parse(read_file(program_ / "out/p.json"))["counts"];
  std::size_t phrasings = 0, drawn = 0, bad = 0, fewer = 0;
  for (std::size_t i = 0; i < made.size(); ++i) {
    const json& row = made[i];
    EXPECT_EQ(row["question"], fmt::format("what is the {} in a?", i));
    EXPECT_EQ(row["paraphrases"][0], row["question"]);
    EXPECT_EQ(row["answers"], (json{fmt::format("a{}", i), "b"}));
    EXPECT_EQ(row["uuid"].get<std::string>().size(), 32U);
    phrasings += row["paraphrases"].size();
    drawn += row["paraphrases_drawn"].get<std::size_t>();
    for (const char* why : {"paraphrases_duplicate", "paraphrases_empty", "paraphrases_cut_off"})
      bad += row[why].get<std::size_t>();
    fewer += row["paraphrases"].size() < 3;
  }
  EXPECT_EQ(counts["paraphrases"], phrasings);
  EXPECT_EQ(counts["paraphrases_made"], phrasings - 5);
  EXPECT_EQ(counts["paraphrases_drawn"], drawn);
  EXPECT_EQ(drawn, phrasings - 5 + bad);
  EXPECT_EQ(counts["with_fewer_paraphrases"], fewer);
  EXPECT_GT(phrasings, 5U) << "no phrasing was made: a test of nothing";
  EXPECT_THAT(done.err, HasSubstr("chorus generate --dataset webqa --data w --paraphrases out/p.jsonl"));

  const Arguments generate{"generate",
                           "--dataset",
                           "webqa",
                           "--data",
                           "w",
                           "--paraphrases",
                           "out/p.jsonl",
                           "--model",
                           program_.model(),
                           "--max-samples",
                           "5",
                           "--num-few-shot",
                           "0",
                           "--method",
                           "avg",
                           "--max-new-tokens",
                           "2",
                           "--num-paraphrases",
                           "3"};
  ASSERT_EQ(program_.run(generate).code, 0);
  const std::string csv = read_file(program_ / "results/webqa/tiny/ensemble_avg-3.csv");
  for (const json& row : made) {
    EXPECT_THAT(csv, HasSubstr(row["uuid"].get<std::string>()));
    for (const json& phrasing : row["paraphrases"]) EXPECT_THAT(csv, HasSubstr(csv_json(phrasing)));
  }
}

TEST_F(Prepare, ItsFileIsADataSetByItself) {
  ASSERT_EQ(program_.run(prepare(program_, {"--max-samples", "3"})).code, 0);
  const Outcome done = program_.run({"generate", "--dataset", "jsonl", "--data", "out/p.jsonl", "--model",
                                     program_.model(), "--method", "origin", "--max-new-tokens", "2"});
  EXPECT_EQ(done.code, 0) << done.err;
  // and may be prepared again: more phrasings follow those it has
  const Outcome more = program_.run({"prepare", "jsonl", "--data", "out/p.jsonl", "--model", program_.model(),
                                     "--num-paraphrases", "1", "--output", "more.jsonl", "--seed", "1"});
  ASSERT_EQ(more.code, 0) << more.err;
  const std::vector<json> before = rows("out/p.jsonl"), after = rows("more.jsonl");
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto was = before[i]["paraphrases"].get<std::vector<std::string>>();
    const auto is = after[i]["paraphrases"].get<std::vector<std::string>>();
    ASSERT_GE(is.size(), was.size());
    EXPECT_TRUE(std::equal(was.begin(), was.end(), is.begin()));
    EXPECT_EQ(after[i]["uuid"], before[i]["uuid"]);
  }
}

TEST_F(Prepare, BatchSizeAndThreadsChangeNoByte) {
  const auto expected = undisturbed({"--batch-size", "64", "--threads", "2"});
  EXPECT_EQ(undisturbed({"--batch-size", "1", "--threads", "1"}), expected);
  EXPECT_EQ(undisturbed({"--batch-size", "5", "--threads", "2"}), expected);
}

TEST_F(Prepare, KilledAndInterruptedItEndsWithTheSameBytes) {
  const Arguments command = prepare(program_, {"--batch-size", "2", "--threads", "1"});
  const fs::path log = program_ / "out/p.log.jsonl";
  for (const int number : {SIGKILL, SIGINT}) {
    const int before = logged(log);
    const auto child = program_.start(command);
    child->signal_when([&] { return logged(log) > before + 1; }, number);
    const Outcome stopped = child->wait();
    if (number == SIGINT) {
      EXPECT_EQ(stopped.code, 130) << stopped.err;
      EXPECT_THAT(stopped.err, HasSubstr("run the same command again to go on"));
    }
    EXPECT_FALSE(fs::exists(program_ / "out/p.jsonl"));
  }
  ASSERT_EQ(program_.run(command).code, 0);
  EXPECT_EQ(bytes(program_), undisturbed());
}

TEST_F(Prepare, RaisedItGoesOnAndFinishedItSaysSo) {
  ASSERT_EQ(program_.run(prepare(program_, {"--max-samples", "4"})).code, 0);
  ASSERT_EQ(program_.run(prepare(program_)).code, 0);
  EXPECT_EQ(bytes(program_), undisturbed());
  const Outcome again = program_.run(prepare(program_, {"--json"}));
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.err, HasSubstr("finished already, nothing to do: out/p.jsonl"));
  EXPECT_EQ(json::parse(again.out)["samples"], kQuestions);
  expect_failure(program_.run(prepare(program_, {"--seed", "3"})), 3,
                 "seed: the finished result has 0, this run has 3");
  EXPECT_EQ(bytes(program_), undisturbed());
}

TEST_F(Prepare, WithoutAModelSamplesAreWrittenAsTheyAreRead) {
  write_file(program_ / "q.jsonl", questions(3));
  for (const char* name : {"s.jsonl", "s.feather", "s.csv"}) {
    const Outcome done =
        program_.run({"prepare", "jsonl", "--data", "q.jsonl", "--num-paraphrases", "0", "--output", name});
    ASSERT_EQ(done.code, 0) << done.err;
    EXPECT_THAT(
        program_.run({"prepare", "jsonl", "--data", "q.jsonl", "--num-paraphrases", "0", "--output", name})
            .err,
        HasSubstr("finished already"));
    const std::string form = fs::path(name).extension().string().substr(1);
    // what is read from it is written again
    const Outcome again = program_.run(
        {"prepare", form, "--data", name, "--num-paraphrases", "0", "--output", "again-" + form + ".jsonl"});
    ASSERT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(read_file(program_ / ("again-" + form + ".jsonl")), read_file(program_ / "s.jsonl"));
    fs::remove(program_ / "s.json");
    if (form != "jsonl") fs::remove(program_ / name);
  }
  const json first = json::parse(lines_of(read_file(program_ / "s.jsonl")).front());
  EXPECT_EQ(first["uuid"], "q0");
  EXPECT_EQ(first["paraphrases"].size(), 3U);
  EXPECT_EQ(first["kind"], "k0");
}

TEST_F(Prepare, PararelIsWrittenWithItsPatterns) {
  for (const char* folder : {"patterns", "facts"})
    fs::create_directories(program_ / (std::string("r/") + folder));
  write_file(program_ / "r/patterns/P1.jsonl",
             "{\"pattern\":\"[X] is in [Y] .\"}\n{\"pattern\":\"[X], in [Y].\"}\n");
  std::string facts;
  for (int i = 0; i < 8; ++i)
    facts += fmt::format(R"({{"sub_label":"s{}","obj_label":"o{}","uuid":"u{}"}})"
                         "\n",
                         i, i, i);
  write_file(program_ / "r/facts/P1.jsonl", facts);
  const Outcome done = program_.run({"prepare", "pararel", "--data", "r"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("--instruction 'Predict the [MASK] in the sentence in one word.'"));
  const std::vector<json> made = rows("results/pararel/samples.jsonl");
  ASSERT_EQ(made.size(), 3U);  // five are worked examples
  EXPECT_EQ(made[0]["paraphrases"].size(), 2U);
  EXPECT_THAT(made[0]["paraphrases"][0].get<std::string>(), HasSubstr(" is in [MASK]"));
  EXPECT_EQ(made[0]["relation"], "P1");
  expect_failure(program_.run({"prepare", "pararel", "--data", "r", "--num-paraphrases", "2"}), 2,
                 "--num-paraphrases 2 for the data set pararel");
}

TEST_F(Prepare, BadInputIsOneClearErrorAndBeginsNothing) {
  const struct {
    Arguments more;
    int code;
    std::string part;
  } cases[] = {{{"--output", "p.txt"}, 2, "--output"},
               {{"--temperature", "0"}, 2, "--temperature 0"},
               {{"--top-p", "1.5"}, 2, "--top-p 1.5"},
               {{"--max-draws", "0"}, 2, "--max-draws"},
               {{"--num-paraphrases", "many"}, 2, "'many'"}};
  for (const auto& c : cases) {
    Arguments command{"prepare", "webqa", "--data", "w", "--model", program_.model()};
    command.insert(command.end(), c.more.begin(), c.more.end());
    expect_failure(program_.run(command), c.code, c.part == "--output" ? "'p.txt'" : c.part);
    EXPECT_FALSE(fs::exists(program_ / "results"));
  }
  expect_failure(program_.run({"prepare", "webqa", "--model", program_.model()}), 2, "without its files");
  expect_failure(program_.run({"prepare", "webqa", "--data", "nowhere", "--model", program_.model()}), 3,
                 "nowhere");
  expect_failure(program_.run({"prepare", "webqa", "--data", "w", "--model", "nothing"}), 4, "nothing");
  expect_failure(program_.run({"prepare", "webqa", "--data", "w", "--output", "x.log.jsonl", "--model",
                               program_.model()}),
                 2, "'x.log.jsonl'");
  write_file(program_ / "there.jsonl", "mine\n");
  expect_failure(
      program_.run({"prepare", "webqa", "--data", "w", "--output", "there.jsonl", "--num-paraphrases", "0"}),
      3, "there.jsonl is there without a manifest");
  EXPECT_EQ(read_file(program_ / "there.jsonl"), "mine\n");
}

}  // namespace
}  // namespace chorus::test
