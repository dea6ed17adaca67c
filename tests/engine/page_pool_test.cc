// Pages: taken once, freed by their last holder.
#include "engine/page_pool.h"

#include <gtest/gtest.h>

#include <set>

namespace chorus::engine {
namespace {

TEST(PagePool, CountsPagesForTokens) {
  const PagePool pool(4, 16);
  EXPECT_EQ(pool.pages_for(0), 0);
  EXPECT_EQ(pool.pages_for(1), 1);
  EXPECT_EQ(pool.pages_for(16), 1);
  EXPECT_EQ(pool.pages_for(17), 2);
}

TEST(PagePool, AllPagesAreDistinct) {
  PagePool pool(8, 4);
  const auto first = pool.take(5), second = pool.take(3);
  std::set<PageId> all(first.begin(), first.end());
  all.insert(second.begin(), second.end());
  EXPECT_EQ(all.size(), 8U);
  EXPECT_EQ(*all.begin(), 0);
  EXPECT_EQ(*all.rbegin(), 7);
  EXPECT_EQ(pool.available(), 0);
  EXPECT_TRUE(pool.take(0).empty());
}

TEST(PagePool, APageIsFreeWhenItsLastHolderLetsGo) {
  PagePool pool(3, 4);
  const auto pages = pool.take(2);
  pool.hold(pages[1]);
  pool.release(pages);
  EXPECT_EQ(pool.available(), 2);
  pool.release(std::span(pages).subspan(1));
  EXPECT_EQ(pool.available(), 3);
  EXPECT_EQ(pool.take(3).size(), 3U);
}

}  // namespace
}  // namespace chorus::engine
