// A real file system of a few kilobytes, to fill up. Needs the right to mount; where that is missing, mounted() is false.
//
//   LimitedDisk disk(64 * 1024);
//   if (!disk.mounted()) GTEST_SKIP() << "...";
#pragma once

#include <sys/mount.h>

#include <cstddef>
#include <filesystem>
#include <string>

#include "tests/support/temp_folder.h"

namespace chorus::test {

class LimitedDisk {
 public:
  explicit LimitedDisk(std::size_t bytes) {
    const std::string size = "size=" + std::to_string(bytes);
    mounted_ = ::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, size.c_str()) == 0;
  }
  ~LimitedDisk() {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  LimitedDisk(const LimitedDisk&) = delete;
  LimitedDisk& operator=(const LimitedDisk&) = delete;

  bool mounted() const { return mounted_; }
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TempFolder folder_;
  bool mounted_ = false;
};

}  // namespace chorus::test
