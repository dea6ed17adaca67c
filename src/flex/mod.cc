#include "flex/mod.h"

#include <fmt/format.h>

#include "core/error.h"

namespace chorus::flex {

void refuse_mod_argument(const char* mod, const char* argument, double value, const char* expected) {
  throw Error(ErrorKind::usage, fmt::format("mod {} with {} {}", mod, argument, value), expected,
              "correct the argument");
}

}  // namespace chorus::flex
