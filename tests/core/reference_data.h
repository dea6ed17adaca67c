// The files that data/make.py wrote with the `gguf` and `safetensors` Python packages.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "core/mapped_file.h"

namespace chorus::test {

inline std::filesystem::path reference_path(const char* name) {
  return std::filesystem::path(CHORUS_SOURCE_DIR) / "tests" / "core" / "data" / name;
}

/// A copy, of exactly the file's size, that a test may damage.
inline std::vector<std::byte> reference_bytes(const char* name) {
  const core::MappedFile file(reference_path(name));
  return {file.bytes().begin(), file.bytes().end()};
}

}  // namespace chorus::test
