// A POSIX file descriptor that closes itself.
//
//   Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
//   if (file.get() < 0) fail(path, errno);
#pragma once

#include <utility>

namespace chorus::core {

class Descriptor {
 public:
  /// Owns `fd`; a negative one is none, and errno stays as open() left it.
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace chorus::core
