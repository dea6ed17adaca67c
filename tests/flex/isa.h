// Runs a test body once for each instruction set the kernels are compiled for and this processor has.
#pragma once

#include <hwy/highway.h>

namespace chorus::flex::testing {

template <class Body>
void for_each_isa(const Body& body) {
  hwy::SetSupportedTargetsForTest(0);
  const auto here = hwy::SupportedTargets();
  for (const auto target : {HWY_AVX3, HWY_AVX2, HWY_SCALAR}) {
    if (target != HWY_SCALAR && (here & target) == 0) continue;
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    body(hwy::TargetName(target));
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace chorus::flex::testing
