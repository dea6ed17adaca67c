// What a user of the library alone writes: causal attention of 100 rows over 100 keys with a mask of one's own.
#include <flex/attention.h>
#include <flex/mods.h>

#include <cstdio>

int main() {
  using namespace chorus::flex;
  const Extents shape{.batch = 1, .heads = 2, .rows = 100, .dim = 64};
  const std::vector<float> qkv(2 * 100 * 64, 0.5F);
  std::vector<float> out(qkv.size());
  const auto view = head_major(qkv.data(), shape);
  attention(
      view, view, view, head_major(out.data(), shape), {},
      causal() & [](Index, Index, Index q, Index kv) { return kv != 7 || q == 7; });
  std::printf("%g\n", static_cast<double>(out.back()));
  return out.back() == 0.5F ? 0 : 1;
}
