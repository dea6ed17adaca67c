#include "model/cpu/ceiling.h"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <dnnl.hpp>
#include <memory>
#include <vector>

#include "core/threads.h"

namespace chorus::model::cpu {
namespace {

constexpr std::int64_t kM = 1536, kN = 1536, kK = 576;
constexpr int kRounds = 12, kProducts = 20;

/// One thread's operands and primitive.
struct Product {
  explicit Product(const dnnl::engine& engine, dnnl::memory::data_type type) : stream(engine) {
    using dnnl::memory;
    omp_set_num_threads(1);
    const memory::desc a({kM, kK}, type, memory::format_tag::ab), b({kK, kN}, type, memory::format_tag::any);
    const memory::desc c({kM, kN}, memory::data_type::f32, memory::format_tag::ab);
    const dnnl::matmul::primitive_desc desc({a, b, c}, engine);
    primitive = dnnl::matmul(desc);
    in = memory(a, engine);
    weights = memory(desc.weights_desc(), engine);
    out = memory(c, engine);
  }
  void run() {
    omp_set_num_threads(1);
    for (int i = 0; i < kProducts; ++i)
      primitive.execute(stream, {{DNNL_ARG_SRC, in}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, out}});
  }
  dnnl::stream stream;
  dnnl::matmul primitive;
  dnnl::memory in, weights, out;
};

}  // namespace

double matrix_product_ceiling(Compute compute, int threads) {
  core::ThreadPool pool(threads);
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  const auto type = compute == Compute::bf16 ? dnnl::memory::data_type::bf16 : dnnl::memory::data_type::f32;
  std::vector<std::unique_ptr<Product>> products;
  for (int i = 0; i < pool.size(); ++i) products.push_back(std::make_unique<Product>(engine, type));
  double best = 1e30;
  for (int round = 0; round < kRounds; ++round) {
    const auto began = std::chrono::steady_clock::now();
    pool.parallel_for(pool.size(),
                      [&](std::int64_t i, int) { products[static_cast<std::size_t>(i)]->run(); });
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  }
  return 2.0 * static_cast<double>(kM * kN * kK) * kProducts * pool.size() / best;
}

}  // namespace chorus::model::cpu
