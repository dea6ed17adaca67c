// What this machine's processor computes with. The last bits of a sum depend on it.
//
//   core::instruction_set() == "AVX3, avx512_bf16"
#pragma once

#include <string>

namespace chorus::core {

/// The instruction set that the vector code chose, as Highway calls it (core/simd_targets.h), and the extensions
/// that matrix products use where they are there: avx512_bf16, amx_bf16.
std::string instruction_set();

}  // namespace chorus::core
