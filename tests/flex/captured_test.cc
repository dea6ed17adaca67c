// Captured data is checked in debug builds: this file is one, whatever the rest is compiled as.
#undef NDEBUG
#include "flex/captured.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>
#include <vector>

#include "core/error.h"

namespace chorus::flex {
namespace {

// A type of this file's own, so that no other file's unchecked at() stands for it.
struct Entry {
  int value;
};

TEST(Captured, NamesTheModTheIndexAndTheLength) {
  const std::vector<Entry> entries{{7}, {8}, {9}};
  const Captured<Entry> captured{std::span(entries)};
  EXPECT_EQ(captured.at(2, "mine").value, 9);
  for (const std::int64_t index : {std::int64_t{3}, std::int64_t{-1}, std::int64_t{1} << 40}) try {
      static_cast<void>(captured.at(index, "mine"));
      ADD_FAILURE() << index;
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), ::testing::HasSubstr("mod mine reads entry " + std::to_string(index)));
      EXPECT_THAT(e.what(), ::testing::HasSubstr("0 to 2"));
    }
}

}  // namespace
}  // namespace chorus::flex
