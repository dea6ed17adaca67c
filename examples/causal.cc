// Causal attention, the first call one makes: 2 query heads share one kv head, and a mod of one's own joins the library's.
#include <cstdio>
#include <random>
#include <vector>

#include "flex/attention.h"
#include "flex/mods.h"
#include "flex/reference.h"

using namespace chorus::flex;

int main() {
  const Extents q_shape{.batch = 1, .heads = 2, .rows = 100, .dim = 64};
  const Extents kv_shape{.batch = 1, .heads = 1, .rows = 100, .dim = 64};
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  const auto numbers = [&](std::size_t n) {
    std::vector<float> values(n);
    for (float& x : values) x = normal(random);
    return values;
  };
  const std::vector<float> q = numbers(2 * 100 * 64), k = numbers(100 * 64), v = numbers(100 * 64);
  std::vector<float> out(q.size());

  // A mask mod is a plain function of (batch, query head, query, key); & | ! combine them.
  const auto no_multiples_of_ten = [](Index, Index, Index row, Index key) {
    return key % 10 != 0 || row == key;
  };
  const auto mod = causal() & no_multiples_of_ten;

  chorus::core::ThreadPool pool;
  const auto q_view = head_major(q.data(), q_shape), k_view = head_major(k.data(), kv_shape),
             v_view = head_major(v.data(), kv_shape);
  attention(q_view, k_view, v_view, head_major(out.data(), q_shape), {.pool = &pool}, mod, soft_cap(20));

  // The reference computes the same in double precision, one pair after the other.
  const ReferenceResult want = reference_attention<float>(q_view, k_view, v_view, {}, mod, soft_cap(20));
  double worst = 0;
  for (std::size_t i = 0; i < out.size(); ++i)
    worst = std::max(worst, std::abs(double{out[i]} - want.out[i]));
  std::printf("largest difference from the reference: %.1e\n", worst);
  return worst < 1e-5 ? 0 : 1;
}
