#include "data/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chorus::data {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Configuration, IdentityLeavesOutWhatMayBeRaised) {
  const Configuration c{.settings = {{"layout", "concat"}, {"max_samples", 5}}, .inputs = {{"data", "ab"}}};
  EXPECT_EQ(c.identity().dump(), R"({"layout":"concat","inputs":{"data":"ab"}})");
  EXPECT_EQ(c.complete().dump(), R"({"layout":"concat","max_samples":5,"inputs":{"data":"ab"}})");
}

TEST(Configuration, DifferencesNameKeysAndBothValues) {
  const Json log = {{"layout", "concat"}, {"cue", "own"}, {"inputs", {{"data", "ab"}}}, {"old", 1}};
  const Json ours = {{"cue", "own"}, {"layout", "shared"}, {"inputs", {{"data", "cd"}}}, {"separator", "\n"}};
  EXPECT_THAT(
      differences(log, ours, "log"),
      ElementsAre("layout: log has concat, this run has shared", "inputs.data: log has ab, this run has cd",
                  "separator: log has none, this run has \"\\n\"", "old: log has 1, this run has none"));
  EXPECT_THAT(differences(log, log, "log"), IsEmpty());
}

TEST(Configuration, DigestsAreNotPrinted) {
  const std::string one(64, '1'), two(64, 'b');
  EXPECT_THAT(differences({{"inputs", {{"questions", one}}}}, {{"inputs", {{"questions", two}}}}, "the log"),
              ElementsAre("inputs.questions: not the contents that the log was made of"));
}

TEST(Configuration, OrderOfKeysIsNoDifference) {
  EXPECT_THAT(differences({{"a", 1}, {"b", 2.5}}, {{"b", 2.5}, {"a", 1}}, "log"), IsEmpty());
}

TEST(Configuration, ANumberIsItselfAfterAFile) {
  const Json ours = {{"temperature", 1.0}, {"n", 5}, {"big", std::uint64_t{7}}, {"third", 1.0 / 3.0}};
  EXPECT_THAT(differences(Json::parse(ours.dump()), ours, "log"), IsEmpty());
}

}  // namespace
}  // namespace chorus::data
