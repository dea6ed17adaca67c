// Memory that the threads of one call work in: made when a thread takes its first task, freed at the end of the call.
//
//   ScratchPerThread scratch(options.pool, [] { return Memory(...); });
//   scratch.for_each(tasks, [&](std::int64_t task, Memory& memory) { ... });
#pragma once

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/threads.h"

namespace chorus::flex::cpu {

template <class Make>
class ScratchPerThread {
 public:
  using Memory = std::invoke_result_t<const Make&>;

  /// No pool: the calling thread alone.
  ScratchPerThread(core::ThreadPool* pool, Make make)
      : pool_(pool),
        make_(std::move(make)),
        memory_(pool == nullptr ? 1 : static_cast<std::size_t>(pool->size())) {}

  /// Calls body(task, memory) for each task in [0, tasks); a thread's memory is as its last task left it.
  template <class Body>
  void for_each(std::int64_t tasks, const Body& body) {
    if (pool_ == nullptr || tasks <= 1) {
      for (std::int64_t task = 0; task < tasks; ++task) body(task, of(0));
      return;
    }
    pool_->parallel_for(tasks, [&](std::int64_t task, int thread) { body(task, of(thread)); });
  }

 private:
  struct Made {  // in its place, not moved there
    explicit Made(const Make& make) : memory(make()) {}
    Memory memory;
  };

  Memory& of(int thread) {
    auto& memory = memory_[static_cast<std::size_t>(thread)];
    if (memory == nullptr) memory = std::make_unique<Made>(make_);
    return memory->memory;
  }

  core::ThreadPool* pool_;
  Make make_;
  std::vector<std::unique_ptr<Made>> memory_;  // each by itself: threads write what lies in it
};

}  // namespace chorus::flex::cpu
