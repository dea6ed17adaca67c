#include "core/processor.h"

#include "core/simd_targets.h"
// The list of targets comes first.
#include <hwy/targets.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace chorus::core {

std::string instruction_set() {
  const auto targets = static_cast<std::uint64_t>(hwy::SupportedTargets()) & std::uint64_t{HWY_TARGETS};
  std::string name =
      hwy::TargetName(static_cast<std::int64_t>(targets & (~targets + 1)));  // the lowest is the best
#if defined(__x86_64__)
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned kAvx512Bf16 = 1U << 5U, kAmxBf16 = 1U << 22U;
  if (__get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax & kAvx512Bf16) != 0)
    name += ", avx512_bf16";
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (edx & kAmxBf16) != 0) name += ", amx_bf16";
#endif
  return name;
}

}  // namespace chorus::core
