// A pool of worker threads and one way to use it: run a body for every index of a range and wait.
//
//   ThreadPool pool(2);
//   pool.parallel_for(rows, [&](std::int64_t row, int thread) { ... });
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace chorus::core {

class ThreadPool {
 public:
  /// `threads` counts the caller too; 0 takes every core this process may run on. Throws Error(usage) for less than 0,
  /// Error(device) when the system gives fewer.
  explicit ThreadPool(int threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls body(index, thread) once for each index in [0, count), in any order, `thread` in [0, size()); returns when
  /// all are done and rethrows the first exception a body threw, after which some indices are left out. One call at a time: throws
  /// Error(usage) while another is under way, in a body of it or on another thread.
  void parallel_for(std::int64_t count, const std::function<void(std::int64_t index, int thread)>& body);

 private:
  void work(int thread);
  void drain(int thread);
  void stop();

  // Each on a cache line of its own: all threads write next_, while others read what lies beside it.
  alignas(64) std::atomic<std::int64_t> next_{0};    // next index to take
  alignas(64) std::atomic<int> busy_{0};             // workers still inside the current round
  alignas(64) std::atomic<std::uint64_t> round_{0};  // each increment starts one parallel_for (or the end)
  std::atomic<bool> stop_{false};
  std::atomic<bool> in_use_{false};  // by a call of parallel_for
  std::int64_t count_ = 0;
  const std::function<void(std::int64_t, int)>* body_ = nullptr;
  std::mutex error_mutex_;
  std::exception_ptr error_;
  std::vector<std::jthread> workers_;  // last: they use everything above until they are joined
};

}  // namespace chorus::core
