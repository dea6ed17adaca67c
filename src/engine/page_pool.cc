#include "engine/page_pool.h"

#include <cassert>

namespace chorus::engine {

PagePool::PagePool(std::int64_t pages, std::int32_t page_tokens)
    : page_tokens_(page_tokens), holders_(static_cast<std::size_t>(pages), 0) {
  free_.reserve(holders_.size());
  for (std::int64_t page = pages - 1; page >= 0; --page) free_.push_back(static_cast<PageId>(page));
}

std::vector<PageId> PagePool::take(std::int64_t count) {
  assert(count <= available());
  std::vector<PageId> pages(free_.end() - count, free_.end());
  free_.resize(free_.size() - static_cast<std::size_t>(count));
  for (const PageId page : pages) holders_[static_cast<std::size_t>(page)] = 1;
  return pages;
}

void PagePool::hold(PageId page) {
  ++holders_[static_cast<std::size_t>(page)];
}

void PagePool::release(std::span<const PageId> pages) {
  for (const PageId page : pages) {
    assert(holders_[static_cast<std::size_t>(page)] > 0);
    if (--holders_[static_cast<std::size_t>(page)] == 0) free_.push_back(page);
  }
}

}  // namespace chorus::engine
