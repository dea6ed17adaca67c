#include <cstddef>
#include <cstdint>

#include "fuzz/tokenizers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chorus::fuzz::open_tokenizer_json({reinterpret_cast<const char*>(data), size});
  return 0;
}
