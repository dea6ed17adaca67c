#include "core/dtype.h"

#include <array>

namespace chorus::core {
namespace {

constexpr std::array<DTypeTraits, 17> kTraits{{
    {"F32", 1, 4},
    {"F16", 1, 2},
    {"BF16", 1, 2},
    {"Q4_0", 32, 2 + 16},
    {"Q4_1", 32, 2 + 2 + 16},
    {"Q5_0", 32, 2 + 4 + 16},
    {"Q5_1", 32, 2 + 2 + 4 + 16},
    {"Q8_0", 32, 2 + 32},
    {"Q4_K", 256, 2 + 2 + 12 + 128},
    {"Q5_K", 256, 2 + 2 + 12 + 32 + 128},
    {"Q6_K", 256, 128 + 64 + 16 + 2},
    {"F64", 1, 8},
    {"I8", 1, 1},
    {"I16", 1, 2},
    {"I32", 1, 4},
    {"I64", 1, 8},
    {"U8", 1, 1},
}};
static_assert(kTraits.size() == static_cast<std::size_t>(DType::u8) + 1);

}  // namespace

DTypeTraits traits(DType type) {
  return kTraits.at(static_cast<std::size_t>(type));
}

}  // namespace chorus::core
