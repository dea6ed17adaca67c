// Results of two files of one's own in one folder are found before a run begins.
#include "data/result_folder.h"

#include <gtest/gtest.h>

#include "data/durable_file.h"
#include "data/input_folder.h"
#include "data/output.h"
#include "tests/support/errors.h"

namespace chorus::data {
namespace {

using test::expect_error;

Configuration of(const std::string& questions, const std::string& dataset = "jsonl") {
  return {.settings = {{"dataset", dataset}}, .inputs = {{"questions", questions}}};
}

TEST(ResultFolder, HoldsResultsOfOneSetOfQuestions) {
  const InputFolder folder;
  const ResultFiles avg{folder.path(), "ensemble_avg-5"}, flex{folder.path(), "flex_attention-5"},
      pair{folder.path(), "diversity/ensemble_avg-0,1"};
  check_same_questions(avg, of("one"));
  {
    ResultLog log(avg.log(), of("one"));
    log.append("q", {{{"uuid", "q"}}});
  }
  check_same_questions(flex, of("one"));
  check_same_questions(avg, of("two"));  // compared in full when it is opened
  check_same_questions(flex, of("two", "pararel"));
  expect_error(ErrorKind::data, "is a result of other questions",  // other phrasings, of a file of one's own
               [&] { check_same_questions(flex, of("two", "webqa")); });
  expect_error(ErrorKind::data, "ensemble_avg-5.log.jsonl is a result of other questions",
               [&] { check_same_questions(flex, of("two")); });
  make_folder(pair.feather().parent_path());
  write_durable(pair.manifest(), manifest_json({.configuration = of("three")}, Table(), {}).dump());
  folder.write("notes.json", "{}");
  folder.write("ensemble_avg-5.run.json", "{");
  expect_error(ErrorKind::data, "diversity/ensemble_avg-0,1.json is a result of other questions",
               [&] { check_same_questions(flex, of("one")); });
}

}  // namespace
}  // namespace chorus::data
