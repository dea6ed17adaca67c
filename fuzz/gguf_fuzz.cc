#include <cstddef>
#include <cstdint>
#include <span>

#include "fuzz/containers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chorus::fuzz::open_gguf(std::as_bytes(std::span(data, size)));
  return 0;
}
