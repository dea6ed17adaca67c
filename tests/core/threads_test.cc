#include "core/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/error.h"

namespace chorus::core {
namespace {

TEST(ThreadPool, CountsTheCaller) {
  EXPECT_EQ(ThreadPool(1).size(), 1);
  EXPECT_EQ(ThreadPool(3).size(), 3);
  EXPECT_GE(ThreadPool().size(), 1);
  EXPECT_THROW(ThreadPool(-1), Error);
}

TEST(ThreadPool, EveryIndexOnce) {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    for (const std::int64_t count : {0, 1, 2, 3, 4, 5, 6, 100, 10'000}) {
      std::vector<int> visits(
          static_cast<std::size_t>(count));  // plain ints: a second visitor would be a race
      pool.parallel_for(count, [&](std::int64_t index, int thread) {
        ++visits[static_cast<std::size_t>(index)];
        ASSERT_GE(thread, 0);
        ASSERT_LT(thread, threads);
      });
      EXPECT_EQ(visits, std::vector<int>(visits.size(), 1)) << threads << " threads, " << count;
    }
  }
}

TEST(ThreadPool, ThreadNumbersAreNeverSharedAtOnce) {
  ThreadPool pool(4);
  std::vector<std::int64_t> sums(4);  // each written by its own thread number without a lock
  for (int round = 0; round < 200; ++round)
    pool.parallel_for(
        64, [&](std::int64_t index, int thread) { sums[static_cast<std::size_t>(thread)] += index; });
  EXPECT_EQ(std::accumulate(sums.begin(), sums.end(), std::int64_t{0}), 200 * 64 * 63 / 2);
}

TEST(ThreadPool, WhatOneRoundWroteTheNextReads) {
  ThreadPool pool(3);
  std::vector<std::int64_t> values(300, 0);
  for (int round = 0; round < 500; ++round) {
    const std::vector<std::int64_t> before = values;
    pool.parallel_for(300, [&](std::int64_t index, int) {
      values[static_cast<std::size_t>(index)] = before[static_cast<std::size_t>((index + 1) % 300)] + 1;
    });
  }
  EXPECT_EQ(values, std::vector<std::int64_t>(300, 500));
}

TEST(ThreadPool, RethrowsAndStaysUsable) {
  for (const int threads : {1, 2, 4}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 50; ++round) {
      try {
        pool.parallel_for(100, [](std::int64_t index, int) {
          if (index % 10 == 3) throw std::runtime_error("index " + std::to_string(index));
        });
        FAIL() << "nothing was thrown";
      } catch (const std::runtime_error& error) {
        EXPECT_EQ(std::string(error.what()).substr(0, 6), "index ");
      }
      std::atomic<int> visits = 0;
      pool.parallel_for(10, [&](std::int64_t, int) { ++visits; });
      EXPECT_EQ(visits, 10);
    }
  }
}

TEST(ThreadPool, AThrowStopsTheRest) {
  ThreadPool pool(1);
  int visits = 0;
  EXPECT_THROW(pool.parallel_for(100,
                                 [&](std::int64_t index, int) {
                                   ++visits;
                                   if (index == 4) throw 7;
                                 }),
               int);
  EXPECT_EQ(visits, 5);
}

TEST(ThreadPool, MayBeMadeAndDroppedWithoutWork) {
  for (int i = 0; i < 100; ++i) ThreadPool pool(4);
}

TEST(ThreadPool, OneCallAtATime) {
  ThreadPool pool(2);
  EXPECT_THROW(
      pool.parallel_for(4, [&](std::int64_t, int) { pool.parallel_for(1, [](std::int64_t, int) {}); }),
      Error);
  int done = 0;
  pool.parallel_for(1, [&](std::int64_t, int) { ++done; });  // free again
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace chorus::core
