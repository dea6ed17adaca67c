// Chosen phrasings: by place, by a draw that Python makes too, one over and over.
#include "data/phrasing_choice.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "data/dataset.h"
#include "data/dataset_expectation.h"
#include "tests/support/errors.h"

namespace chorus::data {
namespace {

using Strings = std::vector<std::string>;
using Places = std::vector<std::size_t>;
using test::expect_error;

Sample sample_of(const std::string& uuid, std::size_t manual, std::size_t automatic) {
  Sample sample{.uuid = uuid, .answers = {"a"}, .num_auto = automatic};
  for (std::size_t p = 0; p < manual + automatic; ++p) sample.paraphrases.push_back(fmt::format("p{}", p));
  return sample;
}

/// The samples after a choice of N phrasings.
Dataset chosen(PhrasingChoice choice, int n, std::vector<Sample> samples) {
  Dataset set{.samples = std::move(samples)};
  choose_phrasings(choice, settle(choice, n), set);
  return set;
}

TEST(PhrasingChoice, WithoutOneNothingChanges) {
  const Dataset set = chosen({}, 2, {sample_of("q", 3, 0)});
  EXPECT_EQ(set.samples[0].paraphrases, (Strings{"p0", "p1", "p2"}));
  EXPECT_TRUE(set.samples[0].places.empty());
  EXPECT_EQ(set.samples[0].place_of(2), 2U);
}

TEST(PhrasingChoice, ListedOnesInTheirOrder) {
  const Dataset set = chosen({.indexs = {3, 0, 3}}, 5, {sample_of("q", 5, 0), sample_of("r", 2, 0)});
  EXPECT_EQ(set.samples[0].paraphrases, (Strings{"p3", "p0", "p3"}));
  EXPECT_EQ(set.samples[0].place_of(0), 3U);
  EXPECT_EQ(set.samples[1].places, (Places{0})) << "what it has";
  PhrasingChoice choice{.indexs = {3, 0}};
  EXPECT_EQ(settle(choice, 5), 2);
  expect_error(ErrorKind::data, "sample q has 2 phrasings",
               [] { chosen({.indexs = {4}}, 1, {sample_of("q", 2, 0)}); });
}

TEST(PhrasingChoice, DrawsAreThoseOfPython) {
  const auto tests = expected_set("myriadlama.json", "draws");
  ASSERT_FALSE(tests.empty());
  for (const auto& test : tests) {
    SCOPED_TRACE(test.dump());
    PhrasingChoice choice{.num_manual = test["num_manual"].get<int>(),
                          .num_auto = test["num_auto"].get<int>(),
                          .num_samples = test["num_samples"].get<int>(),
                          .seed = test["seed"].get<std::uint64_t>()};
    const Dataset set = chosen(choice, 5,
                               {sample_of(test["uuid"].get<std::string>(), test["manual"].get<std::size_t>(),
                                          test["auto"].get<std::size_t>())});
    EXPECT_EQ(set.samples[0].places, test["chosen"].get<Places>());
    for (std::size_t p = 0; p < set.samples[0].places.size(); ++p)
      EXPECT_EQ(set.samples[0].paraphrases[p], fmt::format("p{}", set.samples[0].places[p]));
  }
}

TEST(PhrasingChoice, WhatADrawLeavesOutIsTheScriptsUse) {
  PhrasingChoice choice{.num_samples = 4};
  EXPECT_EQ(settle(choice, 7), 4);
  EXPECT_EQ(choice, (PhrasingChoice{.num_manual = 5, .num_auto = 5, .num_samples = 4}));
  PhrasingChoice all_but_n{.num_auto = 0};
  EXPECT_EQ(settle(all_but_n, 3), 3);
  EXPECT_EQ(draw_name(all_but_n), "m5a0s3");
  EXPECT_EQ(settle(all_but_n, 9), 3) << "settled once";
}

TEST(PhrasingChoice, OneOverAndOver) {
  EXPECT_EQ(chosen({.repeat = true}, 3, {sample_of("q", 2, 0)}).samples[0].paraphrases,
            (Strings{"p0", "p0", "p0"}));
  const PhrasingChoice drawn{.num_manual = 0, .num_auto = 4, .num_samples = 2, .repeat = true, .seed = 1};
  const Sample sample = chosen(drawn, 5, {sample_of("q", 3, 4)}).samples[0];
  ASSERT_EQ(sample.places.size(), 2U);
  EXPECT_EQ(sample.places[0], sample.places[1]);
  EXPECT_GE(sample.places[0], 3U);
}

TEST(PhrasingChoice, NotesWhatHasNoEffect) {
  EXPECT_EQ(chosen({.num_auto = 2, .num_samples = 1}, 5, {sample_of("q", 2, 0)}).notes,
            (Strings{"no phrasing of this set was made by a program: --num-auto draws none"}));
  EXPECT_EQ(chosen({.seed = 3}, 5, {sample_of("q", 2, 0)}).notes,
            (Strings{"nothing is drawn: --seed 3 left unused"}));
}

TEST(PhrasingChoice, PartsThatExcludeEachOtherAreRefused) {
  const auto refused = [](PhrasingChoice choice, const char* part) {
    expect_error(ErrorKind::usage, part, [&] { settle(choice, 5); });
  };
  refused({.indexs = {0}, .num_auto = 1}, "--indexs with --num-manual");
  refused({.indexs = {1}, .repeat = true}, "--repeat-phrasing with --indexs");
  refused({.indexs = {-1}}, "phrasing -1");
  refused({.num_manual = 1, .num_auto = 1, .num_samples = 3}, "3 phrasings out of 1 by people and 1");
  refused({.num_manual = 0, .num_auto = 0}, "5 phrasings out of 0");
  refused({.num_manual = -1}, "out of -1");
}

TEST(PhrasingChoice, ConfigurationsAndNamesKnowIt) {
  PhrasingChoice draw{.num_auto = 3, .seed = 9};
  settle(draw, 4);
  EXPECT_EQ(settings_of(draw).dump(), R"({"num_manual":5,"num_auto":3,"num_samples":4,"seed":9})");
  EXPECT_EQ(name_options(draw), (std::map<std::string, std::string>{{"seed", "9"}}));
  EXPECT_EQ(settings_of({.indexs = {0, 3}}).dump(), R"({"indexs":[0,3]})");
  EXPECT_EQ(settings_of({.repeat = true}).dump(), R"({"repeat_phrasing":true})");
  EXPECT_TRUE(settings_of({}).empty());
  EXPECT_EQ(draw_name({}), "");
}

}  // namespace
}  // namespace chorus::data
