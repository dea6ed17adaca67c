#include "flex/captured.h"

#include <fmt/format.h>

#include "core/error.h"

namespace chorus::flex {

void refuse_captured_index(const char* mod, std::int64_t index, std::int64_t size) {
  throw Error(ErrorKind::usage, fmt::format("mod {} reads entry {} of its data", mod, index),
              fmt::format("0 to {}", size - 1), "give it an entry for every index the call reaches");
}

void refuse_captured_size(const char* mod, std::int64_t size, const char* what, std::int64_t needed) {
  throw Error(ErrorKind::usage, fmt::format("mod {} has data for {} {}", mod, size, what),
              fmt::format("{}, as many as the call has", needed), "give it an entry for each");
}

}  // namespace chorus::flex
