#include "text/edit_distance.h"

#include <gtest/gtest.h>

namespace chorus::text {
namespace {

// Pairs of the literature, and what makes it a metric.
TEST(EditDistance, KnownPairs) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("Saturday", "Sunday"), 3U);
  EXPECT_EQ(edit_distance("intention", "execution"), 5U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", "abc"), 0U);
}

TEST(EditDistance, SymmetricAndWithoutDetours) {
  const std::string_view words[] = {"", "a", "ab", "ba", "bench", "branch", "generate", "venerate"};
  for (const auto a : words)
    for (const auto b : words) {
      EXPECT_EQ(edit_distance(a, b), edit_distance(b, a));
      for (const auto c : words) EXPECT_LE(edit_distance(a, c), edit_distance(a, b) + edit_distance(b, c));
    }
}

}  // namespace
}  // namespace chorus::text
