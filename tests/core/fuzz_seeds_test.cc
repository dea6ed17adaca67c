// Every seed of the container fuzzers, past findings among them, opened as the fuzzers open it.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/mapped_file.h"
#include "fuzz/containers.h"

namespace chorus::fuzz {
namespace {

/// How many of the folder's files open without an error.
template <class Open>
int replay(const char* folder, Open&& open) {
  int opened = 0, files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(CHORUS_SOURCE_DIR) /
                                                               "fuzz" / "seeds" / folder)) {
    SCOPED_TRACE(entry.path().string());
    const core::MappedFile file(entry.path());
    // On the heap, and of the exact size, so that a sanitizer sees a read past the end.
    const std::vector<std::byte> bytes(file.bytes().begin(), file.bytes().end());
    bool result = false;
    EXPECT_NO_THROW(result = open(bytes));
    opened += result;
    ++files;
  }
  EXPECT_LT(opened, files) << "no bad file among the seeds";
  return opened;
}

TEST(FuzzSeeds, Gguf) {
  EXPECT_GE(replay("gguf", open_gguf), 12);
}

TEST(FuzzSeeds, SafeTensors) {
  EXPECT_GE(replay("safetensors", open_safetensors), 5);
}

}  // namespace
}  // namespace chorus::fuzz
