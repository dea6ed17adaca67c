#include "model/self_test.h"

#include <gtest/gtest.h>

#include <cmath>

namespace chorus::model {
namespace {

TEST(SelfTest, PassesWhereTheTestsOfTheKernelsDo) {
  EXPECT_TRUE(test_attention().passed()) << test_attention().error;
  for (const int threads : {1, 2}) {
    const SelfTest f32 = test_product(Compute::f32, threads);
    EXPECT_TRUE(f32.passed()) << f32.error;
    if (fastest_compute() != Compute::bf16) continue;
    const SelfTest bf16 = test_product(Compute::bf16, threads);
    EXPECT_TRUE(bf16.passed()) << bf16.error;
    EXPECT_GT(bf16.error, f32.tolerance) << "it is not computed in bf16";
  }
}

TEST(SelfTest, AnErrorIsHeldAgainstItsTolerance) {
  EXPECT_TRUE((SelfTest{.error = 1e-6, .tolerance = 1e-5}).passed());
  EXPECT_FALSE((SelfTest{.error = 2e-5, .tolerance = 1e-5}).passed());
  EXPECT_FALSE((SelfTest{.error = std::nan(""), .tolerance = 1e-5}).passed());
}

TEST(SelfTest, WeightsOfSmolLM2) {
  const ModelConfig c{.family = "llama",
                      .layers = 30,
                      .hidden = 576,
                      .intermediate = 1536,
                      .heads = 9,
                      .kv_heads = 3,
                      .head_dim = 64,
                      .vocab = 49152,
                      .context = 8192,
                      .tied_embeddings = true};
  EXPECT_EQ(weight_count(c), 134'479'872);  // 134,515,008 parameters as published, less 61 norms of 576
  EXPECT_EQ(134'515'008 - 61 * 576, 134'479'872);
}

}  // namespace
}  // namespace chorus::model
