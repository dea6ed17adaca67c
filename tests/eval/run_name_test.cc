// What the names of result files say: those of this program and those of the published scripts.
#include <gtest/gtest.h>

#include "eval/run.h"

namespace chorus::eval {
namespace {

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
