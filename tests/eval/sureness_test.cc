// Mann-Whitney's U of scipy, by tests/eval/data/make_analysis.py.
#include "eval/sureness.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

namespace chorus::eval {
namespace {

TEST(Auroc, EqualsScipysMannWhitney) {
  std::ifstream in(std::string(CHORUS_SOURCE_DIR) + "/tests/eval/data/auroc.json");
  for (const auto& entry : nlohmann::json::parse(in))
    EXPECT_NEAR(
        auroc(entry.at("right").get<std::vector<double>>(), entry.at("wrong").get<std::vector<double>>()),
        entry.at("auroc").get<double>(), 1e-14);
}

TEST(Auroc, NeedsBothKinds) {
  EXPECT_TRUE(std::isnan(auroc(std::vector<double>{1}, {})));
  EXPECT_TRUE(std::isnan(auroc({}, std::vector<double>{1})));
}

}  // namespace
}  // namespace chorus::eval
