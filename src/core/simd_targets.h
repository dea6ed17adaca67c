// The instruction sets vector code is compiled for: AVX-512 (AVX3), AVX2 with FMA, and a plain fallback.
// Included before hwy/highway.h in each file that dispatches. SSSE3, SSE4 and AVX3_DL would only add compile
// time: the first two lack FMA, the last adds nothing we use.
#pragma once

#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)
#endif
