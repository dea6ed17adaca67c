// One instantiation of each kernel, as a user's file would have it: compiled wherever nvcc is, run by nobody.
#include "flex/cuda/attention.cuh"
#include "flex/mods.h"

namespace chorus::flex::cuda {

void attend(Stream& stream, const Arguments<core::bf16>& arguments, Index window) {
  const auto near = [=] FLEX_MOD(Index, Index, Index query, Index key) { return query - key < window; };
  const auto mask_mod = causal() & mask(near);
  launch_prefill<PrefillShape<128>, 128>(stream, arguments, mask_mod, KeepScore());
  launch_hopper<128>(stream, arguments, mask_mod, KeepScore());
  launch_decode<DecodeShape, 128>(stream, arguments, mask_mod, KeepScore());
}

}  // namespace chorus::flex::cuda
