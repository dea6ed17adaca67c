// A file mapped into memory, read-only. Pages are read when they are first touched and belong to the system's
// cache, so opening a model of many gigabytes costs nothing until its weights are used.
//
//   MappedFile file("m.gguf");
//   std::span<const std::byte> bytes = file.bytes();   // lives as long as `file`, wherever it is moved
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace chorus::core {

class MappedFile {
 public:
  /// Throws Error(io) when `path` cannot be opened or mapped or is not a regular file. An empty file is an
  /// empty span.
  explicit MappedFile(std::filesystem::path path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace chorus::core
