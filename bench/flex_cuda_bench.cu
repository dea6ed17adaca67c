// Attention on a GPU, the rows that bench/flex_cuda_peer.py runs through PyTorch: 24 query and 8 kv heads of 128, bf16.
// Each row is verified against the double-precision reference on sampled query rows before it is timed; a line of JSON
// a row on stdout. Usage: flex_cuda_bench [NAME...]: rows whose name contains one of the words.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench/flex_cuda_rows.cuh"

int main(int count, char** words) {
  using namespace chorus::flex::bench;
  if (chorus::flex::cuda::device_count() == 0) {
    std::fprintf(stderr, "no CUDA device: nothing is timed\n");
    return 0;
  }
  bool good = true;
  for_each_row([&](const Row& row, const auto& host_mask, const auto& device_mask) {
    bool wanted = count < 2;
    for (int i = 1; i < count; ++i) wanted |= std::string(row.name).find(words[i]) != std::string::npos;
    if (!wanted) return;
    for (const bool portable : {false, true}) {
      if (portable && row.decode()) continue;  // one kernel for both
      good &= run_row(
          row, host_mask, device_mask,
          [&](auto& stream, const auto& t, auto options, const auto& mask_mod) {
            options.portable = portable;
            chorus::flex::cuda::attention(stream, t.q, t.k, t.v, t.out, options, mask_mod);
          },
          portable ? "portable" : "");
    }
  });
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
