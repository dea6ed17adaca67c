#include "core/threads.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "core/error.h"

namespace chorus::core {
namespace {

// Rounds follow each other within microseconds during a forward pass, so a waiter spins this often before it sleeps.
constexpr int kSpins = 8'000;

// A thread takes this part of its share of what is left: many indices at first, for neighbours often have much in common and
// the counter is shared; one by one at last, so that all end together.
constexpr std::int64_t kPartOfShare = 2;

int available_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

inline void pause_cpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// Says at the end of a call that the pool is free again.
class Leaving {
 public:
  explicit Leaving(std::atomic<bool>& in_use) : in_use_(in_use) {}
  ~Leaving() { in_use_.store(false, std::memory_order_release); }
  Leaving(const Leaving&) = delete;
  Leaving& operator=(const Leaving&) = delete;

 private:
  std::atomic<bool>& in_use_;
};

template <class T>
void wait_while(const std::atomic<T>& value, T old) {
  for (int i = 0; i < kSpins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    pause_cpu();
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  if (threads < 0)
    throw Error(ErrorKind::usage, fmt::format("{} threads", threads), "0 or more", "0 takes every core");
  const int count = threads > 0 ? threads : available_cores();
  try {
    for (int thread = 1; thread < count; ++thread) workers_.emplace_back([this, thread] { work(thread); });
  } catch (const std::system_error& error) {
    stop();  // those that began wait for a round that would never come
    throw Error(ErrorKind::device, fmt::format("{} threads: {}", count, error.code().message()),
                "as many as this system gives a process", "lower --threads");
  }
}

ThreadPool::~ThreadPool() {
  stop();
}

void ThreadPool::stop() {
  stop_.store(true, std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
}

void ThreadPool::parallel_for(std::int64_t count, const std::function<void(std::int64_t, int)>& body) {
  if (in_use_.exchange(true, std::memory_order_acquire))
    throw Error(ErrorKind::usage, "a thread pool that another call is using", "one call at a time",
                "give each thread that calls a pool of its own");
  const Leaving leaving(in_use_);
  count_ = count;
  body_ = &body;
  next_.store(0, std::memory_order_relaxed);
  if (count > 1 && !workers_.empty()) {
    busy_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
  }
  drain(0);
  for (int left = busy_.load(std::memory_order_acquire); left != 0;
       left = busy_.load(std::memory_order_acquire))
    wait_while(busy_, left);
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void ThreadPool::drain(int thread) {
  const std::int64_t count = count_;
  const auto& body = *body_;
  for (std::int64_t first = next_.load(std::memory_order_relaxed); first < count;) {
    const std::int64_t last = first + std::max<std::int64_t>(1, (count - first) / (size() * kPartOfShare));
    if (!next_.compare_exchange_weak(first, last, std::memory_order_relaxed))
      continue;  // first: as it is now
    try {
      for (std::int64_t index = first; index < last; ++index) body(index, thread);
    } catch (...) {
      const std::lock_guard lock(error_mutex_);
      if (!error_) error_ = std::current_exception();
      next_.store(count, std::memory_order_relaxed);
    }
    first = next_.load(std::memory_order_relaxed);
  }
}

void ThreadPool::work(int thread) {
  for (std::uint64_t seen = 0;;) {
    wait_while(round_, seen);
    seen = round_.load(std::memory_order_acquire);
    if (stop_.load(std::memory_order_relaxed)) return;
    drain(thread);
    if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_all();
  }
}

}  // namespace chorus::core
