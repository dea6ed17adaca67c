// Memory that the threads of one call work in: made when a thread takes its first task, freed at the end of the call.
//
//   ScratchPerThread scratch(options.pool, floats);
//   scratch.for_each(tasks, [&](std::int64_t task, float* memory) { ... });
#pragma once

#include <algorithm>
#include <vector>

#include "core/threads.h"
#include "flex/cpu/tile.h"

namespace chorus::flex::cpu {

class ScratchPerThread {
 public:
  /// No pool: the calling thread alone.
  ScratchPerThread(core::ThreadPool* pool, std::int64_t floats)
      : pool_(pool),
        floats_(static_cast<std::size_t>(floats)),
        memory_(pool == nullptr ? 1 : static_cast<std::size_t>(pool->size())) {}

  /// Calls body(task, memory) for each task in [0, tasks); memory is 64-byte aligned, 0 at
  /// first and then as the last task left it.
  template <class Body>
  void for_each(std::int64_t tasks, const Body& body) {
    if (pool_ == nullptr || tasks <= 1) {
      for (std::int64_t task = 0; task < tasks; ++task) body(task, of(0));
      return;
    }
    pool_->parallel_for(tasks, [&](std::int64_t task, int thread) { body(task, of(thread)); });
  }

 private:
  float* of(int thread) {
    auto& memory = memory_[static_cast<std::size_t>(thread)];
    if (memory == nullptr) {
      memory = AlignedFloats::make(floats_);
      std::fill_n(memory.get(), floats_, 0.0F);
    }
    return memory.get();
  }

  core::ThreadPool* pool_;
  std::size_t floats_;
  std::vector<AlignedFloats::Pointer> memory_;
};

}  // namespace chorus::flex::cpu
