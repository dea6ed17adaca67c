// A run from its log to its files, interrupted in every way.
#include "data/output.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "data/digest.h"
#include "data/durable_file.h"
#include "data/lemma_columns.h"
#include "data/result_schema.h"
#include "data/table_file.h"
#include "tests/support/errors.h"
#include "tests/support/limited_disk.h"
#include "tests/support/temp_folder.h"
#include "text/lemmas.h"

namespace chorus::data {
namespace {

using test::expect_error;
using test::TempFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Schema kSchema = result_schema(ResultKind::origin, {"relation"});

Configuration configuration(int max_samples, const std::string& layout = "concat") {
  return {.settings = {{"method", "origin"}, {"layout", layout}, {"max_samples", max_samples}},
          .inputs = {{"data", sha256_hex("questions")}}};
}

std::string uuid_of(int i) {
  return fmt::format("q{}", i);
}

Json row(int i) {
  return {{"uuid", uuid_of(i)},
          {"answers", {"Paris", fmt::format("東京 {}", i)}},
          {"prediction", fmt::format("answer {}", i)},
          {"generation", fmt::format("answer {}\n, \"more\"", i)},
          {"prompt_tokens", 100 + i},
          {"generated_tokens", 3},
          {"stop_reason", "newline"},
          {"logprob", -1.0 / (i + 3)},
          {"attention_mode", "causal"},
          {"question", "where?"},
          {"prompt", "Q: where?\nA:"},
          {"relation", "P36"}};
}

std::vector<std::string> first_keys(int count) {
  std::vector<std::string> keys;
  for (int i = 0; i < count; ++i) keys.push_back(uuid_of(i));
  return keys;
}

ResultFiles files_in(const std::filesystem::path& folder) {
  return {result_folder(folder, "webqa", "m"), result_stem({.method = "origin"})};
}

/// What a program does: computes what the log lacks, in an order that is not the data set's, then writes. Returns
/// how many samples it computed; -1 when the result was finished.
int run_job(const ResultFiles& files, int samples, const Configuration& c,
            const ResultLog::Options& options = {}) {
  ResultRun run = open_run(files, c, options);
  if (!run.log) return -1;
  int computed = 0;
  for (int i = samples - 1; i >= 0; --i) {
    if (run.log->contains(uuid_of(i))) continue;
    run.log->append(uuid_of(i), {row(i)});
    ++computed;
  }
  write_result(files, *run.log, first_keys(samples), kSchema,
               {.configuration = c, .counts = {{"samples", samples}}}, {{"host", "h"}});
  return computed;
}

std::vector<std::string> bytes_of(const ResultFiles& files) {
  return {read_file(files.feather()), read_file(files.csv()), read_file(files.manifest())};
}

std::vector<std::string> uninterrupted(int samples, const Configuration& c) {
  const TempFolder folder;
  run_job(files_in(folder.path()), samples, c);
  return bytes_of(files_in(folder.path()));
}

TEST(Output, RowsComeOutInTheDataSetsOrder) {
  const TempFolder folder;
  const ResultFiles files = files_in(folder.path());
  EXPECT_EQ(run_job(files, 7, configuration(7)), 7);
  const Table table = read_table(files.feather());
  ASSERT_EQ(table.rows(), 7U);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(table.get<std::string>(i, 0), uuid_of(static_cast<int>(i)));
  EXPECT_EQ(read_table(files.csv(), {.csv_types = table.schema()}), table);
}

TEST(Output, ManifestSaysWhatWasDone) {
  const TempFolder folder;
  const ResultFiles files = files_in(folder.path());
  run_job(files, 2, configuration(2));
  const Json manifest = read_manifest(files.manifest());
  EXPECT_EQ(manifest_configuration(manifest), configuration(2).complete());
  EXPECT_EQ(manifest["rows"], 2);
  EXPECT_EQ(manifest["counts"]["samples"], 2);
  EXPECT_EQ(manifest["columns"].size(), kSchema.size() + 2);  // and the lemmas
  EXPECT_EQ(manifest["versions"]["lemmas"], text::kLemmatizer);
  EXPECT_EQ(manifest["files"]["csv"]["sha256"], sha256_hex(read_file(files.csv())));
  const Json run = Json::parse(read_file(files.run()));
  EXPECT_EQ(run["host"], "h");
  EXPECT_EQ(run["resumes"], 0);
}

TEST(Output, LemmasAreAddedAndRenewed) {
  const TempFolder folder;
  const ResultFiles files = files_in(folder.path());
  run_job(files, 3, configuration(3));
  const auto before = bytes_of(files);
  const Table table = read_table(files.feather());
  EXPECT_EQ(table.schema()[4].name, kPredictLemma);
  EXPECT_EQ(table.get<StringList>(1, 4), text::lemmas("answer 1"));
  EXPECT_EQ(table.get<std::vector<StringList>>(1, 5)[1], text::lemmas("東京 1"));
  renew_lemmas(files);
  EXPECT_EQ(bytes_of(files), before);
  EXPECT_EQ(run_job(files, 3, configuration(3)), -1);
  // A file of the scripts: no manifest, no lemmas yet.
  Table plain(Schema{{"uuid", ColumnType::string},
                     {"prediction", ColumnType::string},
                     {"answers", ColumnType::string_list}});
  plain.append({std::string("q"), std::string("two dogs"), StringList{"Dogs"}});
  plain.append({std::string("r"), Value{}, StringList{}});
  std::filesystem::remove(files.manifest());
  write_durable(files.feather(), feather_bytes(plain));
  renew_lemmas(files);
  EXPECT_FALSE(std::filesystem::exists(files.manifest()));
  const Table renewed = read_table(files.feather());
  EXPECT_EQ(renewed.get<StringList>(0, renewed.column(kPredictLemma)), (StringList{"two", "dog"}));
  EXPECT_TRUE(is_null(renewed.at(1, renewed.column(kPredictLemma))));
  EXPECT_EQ(read_table(files.csv(), {.csv_types = renewed.schema()}), renewed);
  expect_error(ErrorKind::data, "is not there", [&] { renew_lemmas({files.folder, "other"}); });
}

TEST(Output, LemmasOfConfidence) {
  Table table(Schema{{"uuid", ColumnType::string},
                     {"answers", ColumnType::string_list},
                     {"greedy_predict", ColumnType::string},
                     {"sample_predicts", ColumnType::string_list},
                     {"confidence", ColumnType::float64}});
  table.append({std::string("q"), StringList{"Dogs"}, std::string("two dogs"), StringList{"a cat", ""}, 0.5});
  const Table lemmas = with_lemmas(table);
  std::vector<std::string> names;
  for (const Field& field : lemmas.schema()) names.push_back(field.name);
  EXPECT_THAT(names, ElementsAre("uuid", "answers", "greedy_predict", "sample_predicts", "greedy_lemma",
                                 "sample_lemmas", "answer_lemmas", "confidence"));
  EXPECT_EQ(lemmas.get<StringList>(0, 4), (StringList{"two", "dog"}));
  EXPECT_EQ(lemmas.get<std::vector<StringList>>(0, 5), (std::vector<StringList>{{"a", "cat"}, {}}));
  EXPECT_EQ(with_lemmas(lemmas), lemmas);
  expect_error(ErrorKind::data, "prediction", [] {
    with_lemmas(Table(Schema{{"answers", ColumnType::string_list}}));
  });
}

TEST(Output, EmptyInputsAndNotesAreObjects) {
  const TempFolder folder;
  const ResultFiles files = files_in(folder.path());
  const Configuration c{.settings = {{"method", "origin"}}, .inputs = {}};
  run_job(files, 1, c);
  EXPECT_EQ(read_manifest(files.manifest())["inputs"], Json::object());
  EXPECT_EQ(inspect_output(files, c).state, OutputState::finished_same);
}

TEST(Output, FinishedMeansNothingToDo) {
  const TempFolder folder;
  const ResultFiles files = files_in(folder.path());
  run_job(files, 3, configuration(3));
  EXPECT_EQ(inspect_output(files, configuration(3)).state, OutputState::finished_same);
  EXPECT_EQ(run_job(files, 3, configuration(3)), -1);
  EXPECT_EQ(run_job(files, 3, configuration(3), {.rewrite = true}), 3);
}

TEST(Output, MoreSamplesExtend) {
  const TempFolder folder;
  const ResultFiles files = files_in(folder.path());
  run_job(files, 3, configuration(3));
  EXPECT_EQ(inspect_output(files, configuration(8)).state, OutputState::finished_fewer);
  EXPECT_EQ(run_job(files, 8, configuration(8)), 5);
  EXPECT_EQ(bytes_of(files), uninterrupted(8, configuration(8)));
  EXPECT_EQ(run_job(files, 10, configuration(0)), 2);  // 0 is all
  EXPECT_EQ(bytes_of(files), uninterrupted(10, configuration(0)));
}

TEST(Output, FewerSamplesAreRefusedAndLoseNothing) {
  const TempFolder folder;
  const ResultFiles files = files_in(folder.path());
  run_job(files, 8, configuration(8));
  const auto before = bytes_of(files);
  expect_error(ErrorKind::data, "max_samples: the finished result has 8, this run has 3",
               [&] { run_job(files, 3, configuration(3)); });
  EXPECT_EQ(bytes_of(files), before);
  EXPECT_EQ(inspect_output(files, configuration(3)).state, OutputState::finished_more);
  EXPECT_EQ(run_job(files, 3, configuration(3), {.rewrite = true}), 0);  // from the log
  EXPECT_EQ(bytes_of(files), uninterrupted(3, configuration(3)));
  EXPECT_EQ(run_job(files, 8, configuration(8)), 0);
  EXPECT_EQ(bytes_of(files), before);
}

TEST(Output, AnotherConfigurationIsRefused) {
  const TempFolder folder;
  const ResultFiles files = files_in(folder.path());
  run_job(files, 3, configuration(3));
  const auto before = bytes_of(files);
  const auto status = inspect_output(files, configuration(3, "shared"));
  EXPECT_EQ(status.state, OutputState::finished_other);
  EXPECT_THAT(status.differences, ElementsAre("layout: the finished result has concat, this run has shared"));
  expect_error(ErrorKind::data, "layout: the finished result has concat, this run has shared",
               [&] { run_job(files, 3, configuration(3, "shared")); });
  EXPECT_EQ(bytes_of(files), before);
  EXPECT_EQ(run_job(files, 3, configuration(3, "shared"), {.rewrite = true}), 3);
}

TEST(Output, AnInterruptedRewritingGoesOnAndLosesNothing) {
  for (const char* layout :
       {"concat", "shared"}) {  // the finished result's own configuration and another one
    const TempFolder folder;
    const ResultFiles files = files_in(folder.path());
    run_job(files, 3, configuration(3));
    auto before = bytes_of(files);
    before.push_back(read_file(files.log()));
    const Configuration c = configuration(3, layout);
    for (const char* key : {"q1", "q2"}) {
      ResultRun run = open_run(files, c, {.rewrite = true});
      EXPECT_FALSE(run.log->contains(key));
      run.log->append(key, {row(key[1] - '0')});
    }
    auto after = bytes_of(files);
    after.push_back(read_file(files.log()));
    EXPECT_EQ(after, before);
    EXPECT_EQ(inspect_output(files, configuration(3)).state, OutputState::finished_same);
    EXPECT_EQ(run_job(files, 3, c, {.rewrite = true}), 1);
    EXPECT_EQ(bytes_of(files), uninterrupted(3, c));
    EXPECT_FALSE(std::filesystem::exists(files.rewrite_log()));
    EXPECT_EQ(run_job(files, 5, configuration(5, layout)), 2);  // its log is the result's now
    EXPECT_EQ(bytes_of(files), uninterrupted(5, configuration(5, layout)));
  }
}

TEST(Output, ARewritingOfAnotherConfigurationStartsAnew) {
  const TempFolder folder;
  const ResultFiles files = files_in(folder.path());
  { open_run(files, configuration(3), {.rewrite = true}).log->append("q1", {row(1)}); }
  EXPECT_EQ(run_job(files, 3, configuration(3, "shared"), {.rewrite = true}), 3);
}

TEST(Output, OneRunPerResultWhicheverLogItHas) {
  const TempFolder folder;
  const ResultFiles files = files_in(folder.path());
  {
    const ResultRun rewriting = open_run(files, configuration(3), {.rewrite = true});
    expect_error(ErrorKind::io, "is in use by another run", [&] { open_run(files, configuration(3)); });
  }
  const ResultRun run = open_run(files, configuration(3));
  expect_error(ErrorKind::io, "is in use by another run",
               [&] { open_run(files, configuration(3), {.rewrite = true}); });
}

TEST(Output, RowsOfOneLogAreOfOneProgramAndProcessor) {
  const TempFolder folder;
  const ResultFiles files = files_in(folder.path());
  Configuration here = configuration(3), there = configuration(3);
  here.computed_by = {{"chorus", "1.0.0"}, {"instructions", "AVX2"}};
  there.computed_by = {{"chorus", "1.0.0"}, {"instructions", "AVX3"}};
  { open_run(files, here).log->append("q1", {row(1)}); }
  expect_error(ErrorKind::data, "differs in computed_by.instructions: log has AVX2, this run has AVX3",
               [&] { run_job(files, 3, there); });
  EXPECT_EQ(run_job(files, 3, here), 2);
  EXPECT_EQ(run_job(files, 3, there), -1);  // the finished result is the same result anywhere
  EXPECT_EQ(bytes_of(files), uninterrupted(3, configuration(3)));
  there.settings["max_samples"] = 5;
  expect_error(ErrorKind::data, "differs in computed_by", [&] { run_job(files, 5, there); });
  EXPECT_EQ(run_job(files, 5, there, {.rewrite = true}), 5);
}

TEST(Output, OtherPeoplesFilesAreNotReplaced) {
  const TempFolder folder;
  const ResultFiles files = files_in(folder.path());
  make_folder(files.folder);
  test::write_file(files.feather(), "by the scripts");
  expect_error(ErrorKind::data, "is there without a manifest", [&] { run_job(files, 2, configuration(2)); });
  EXPECT_EQ(read_file(files.feather()), "by the scripts");
  EXPECT_EQ(run_job(files, 2, configuration(2), {.rewrite = true}), 2);
  test::write_file(files.manifest(), "{}");
  expect_error(ErrorKind::data, "is no manifest", [&] { run_job(files, 2, configuration(2)); });
}

TEST(Output, ChangedFilesAreNotReplacedAndMissingOnesAreWrittenAgain) {
  const TempFolder folder;
  const ResultFiles files = files_in(folder.path());
  run_job(files, 4, configuration(4));
  const auto before = bytes_of(files);
  std::filesystem::remove(files.csv());
  EXPECT_EQ(run_job(files, 4, configuration(4)), 0);
  EXPECT_EQ(bytes_of(files), before);
  test::write_file(files.feather(), before[0].substr(0, 100));
  expect_error(ErrorKind::data, "has changed since it was written",
               [&] { run_job(files, 4, configuration(4)); });
}

TEST(Output, EveryStateBetweenTheRenamesIsRecovered) {
  const TempFolder folder;
  const ResultFiles files = files_in(folder.path());
  run_job(files, 4, configuration(4));
  const auto old = bytes_of(files);
  run_job(files, 6, configuration(6));
  const auto expected = bytes_of(files);
  for (const bool new_feather : {false, true}) {
    std::filesystem::remove(files.manifest());
    test::write_file(files.feather(), expected[0]);
    if (!new_feather) test::write_file(files.feather(), old[0]);
    test::write_file(files.csv(), old[1]);
    test::write_file(files.manifest().string() + ".partial", "half a mani");
    EXPECT_EQ(run_job(files, 6, configuration(6)), 0);
    EXPECT_EQ(bytes_of(files), expected);
  }
}

TEST(Output, ASampleThatIsNotInTheLogIsNamed) {
  const TempFolder folder;
  const ResultFiles files = files_in(folder.path());
  ResultRun run = open_run(files, configuration(2));
  run.log->append("q0", {row(0)});
  expect_error(ErrorKind::data, "no sample 'q1'",
               [&] { write_result(files, *run.log, first_keys(2), kSchema, {}, Json::object()); });
  run.log->append("q1", {{{"uuid", "q1"}}});
  expect_error(ErrorKind::data, "sample 'q1': a row without 'answers'",
               [&] { write_result(files, *run.log, first_keys(2), kSchema, {}, Json::object()); });
  EXPECT_FALSE(std::filesystem::exists(files.feather()));
}

TEST(Output, AFullDiskLeavesNoPartOfAResult) {
  const test::LimitedDisk disk(1 << 16);
  if (!disk.mounted()) GTEST_SKIP() << "a small file system cannot be mounted here (needs root)";
  const ResultFiles files = files_in(disk.path());
  run_job(files, 20, configuration(20));
  const auto before = bytes_of(files);
  {
    ResultRun run = open_run(files, configuration(21));
    run.log->append("q20", {row(20)});
    test::write_file(files.folder / "ballast",
                     std::string(std::filesystem::space(disk.path()).available, 'x'));
    expect_error(ErrorKind::io, "No space left", [&] {
      write_result(files, *run.log, first_keys(21), kSchema, {.configuration = configuration(21)},
                   Json::object());
    });
  }
  EXPECT_EQ(bytes_of(files), before);
  EXPECT_FALSE(std::filesystem::exists(files.feather().string() + ".partial"));
  std::filesystem::remove(files.folder / "ballast");
  EXPECT_EQ(run_job(files, 21, configuration(21)), 0);
  EXPECT_EQ(bytes_of(files), uninterrupted(21, configuration(21)));
}

/// Runs the job in a process of its own and kills it after `delay` microseconds; true once it finished by itself.
bool killed_after(const ResultFiles& files, int samples, const Configuration& c, useconds_t delay) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      run_job(files, samples, c);
    } catch (const std::exception& error) {
      fmt::print(stderr, "{}\n", error.what());
      ::_exit(1);
    }
    ::_exit(0);
  }
  ::usleep(delay);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
  return WIFEXITED(status);
}

TEST(Output, KilledAtAnyMomentItEndsWithTheSameBytes) {
  const int samples = 60;
  const auto expected = uninterrupted(samples, configuration(samples));
  for (useconds_t first : {300U, 1700U, 5000U}) {
    const TempFolder folder;
    const ResultFiles files = files_in(folder.path());
    useconds_t delay = first;
    int kills = 0;
    // Later tries get more time, so the job ends however slow the machine is.
    for (; !killed_after(files, samples, configuration(samples), delay); ++kills) delay += delay / 7 + 100;
    EXPECT_GT(kills, 0);
    EXPECT_EQ(bytes_of(files), expected);
    std::vector<std::string> left;
    for (const auto& entry : std::filesystem::directory_iterator(files.folder)) {
      left.push_back(entry.path().filename().string());
    }
    EXPECT_THAT(left, testing::UnorderedElementsAre("origin.feather", "origin.csv", "origin.json",
                                                    "origin.run.json", "origin.log.jsonl"));
  }
}

}  // namespace
}  // namespace chorus::data
