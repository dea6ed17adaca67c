// What the names of result files say: ours, of chosen and drawn phrasings too, and the scripts'.
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

}  // namespace
}  // namespace chorus::eval
