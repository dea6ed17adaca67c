// Which pages of the key/value store are taken, and by how many holders. A page that pieces of two segments lie in has
// two. Pages given back are taken again first.
//
//   PagePool pool(64, 16);
//   const std::vector<PageId> pages = pool.take(pool.pages_for(tokens));
//   pool.release(pages);
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace chorus::engine {

using PageId = std::int32_t;

class PagePool {
 public:
  PagePool(std::int64_t pages, std::int32_t page_tokens);

  std::int32_t page_tokens() const { return page_tokens_; }
  std::int64_t pages() const { return static_cast<std::int64_t>(holders_.size()); }
  std::int64_t available() const { return static_cast<std::int64_t>(free_.size()); }
  std::int64_t pages_for(std::int64_t tokens) const { return (tokens + page_tokens_ - 1) / page_tokens_; }

  /// One holder each; asserts that so many are available.
  std::vector<PageId> take(std::int64_t count);
  /// One holder more, of a page that has one.
  void hold(PageId page);
  /// One holder less of each; a page without any is available.
  void release(std::span<const PageId> pages);

 private:
  std::int32_t page_tokens_;
  std::vector<std::int32_t> holders_;
  std::vector<PageId> free_;
};

}  // namespace chorus::engine
