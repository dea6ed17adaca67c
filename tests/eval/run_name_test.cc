// What the names of result files say: those of this program and those of the published scripts.
#include <gtest/gtest.h>

#include "eval/run.h"

namespace chorus::eval {
namespace {

TEST(RunNames, OfChosenPhrasings) {
  EXPECT_EQ(run_name("ensemble_avg-0,3"), (RunName{.method = "avg", .paraphrases = 2, .indexs = {0, 3}}));
  EXPECT_EQ(run_name("ensemble_avg-m5a5s3"),
            (RunName{.method = "avg", .paraphrases = 3, .variant = "m5a5s3"}));
  EXPECT_EQ(run_name("flex_attention-m5a0s2.cue=fused,seed=7"),
            (RunName{.method = "flex", .paraphrases = 2, .variant = "m5a0s2,cue=fused,seed=7"}));
  EXPECT_EQ(run_name("ensemble_max-5.repeat=first").label(), "max (repeat=first)");
  EXPECT_EQ(run_name("mine-mas3").method, "mine-mas3");
}

TEST(RunName, OfThisProgramAndOfTheScripts) {
  const std::pair<const char*, RunName> cases[] = {
      {"origin", {.method = "origin"}},
      {"flex_attention-5.cue=fused,layout=shared", {"flex", 5, {}, "cue=fused,layout=shared"}},
      {"ensemble_weighted_avg-3", {"weighted_avg", 3, {}, ""}},
      {"ensemble_avg-0,4", {"avg", 2, {0, 4}, ""}},
      {"baseline_per_prompt", {.method = "per_prompt"}},
      {"myriadlama_flex_5paras", {"myriadlama_flex", 5, {}, ""}},
      {"ensemble_max-m5a5s3", {"max", 3, {}, "m5a5s3"}},
      {"syncedsample_ensemble_avg-2paras-5samples", {"avg", 2, {}, "5samples"}},
      {"syncedsample_ensemble_avg-2paras-5samples-repeat", {"avg", 2, {}, "5samples-repeat"}},
      {"my-notes", {.method = "my-notes"}}};
  for (const auto& [stem, name] : cases)
    EXPECT_EQ(run_name(stem), name) << stem << ": " << run_name(stem).label();
}

}  // namespace
}  // namespace chorus::eval
