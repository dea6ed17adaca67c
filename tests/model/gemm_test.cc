// Matrix products: a row's result is the same bits wherever it stands in a batch and on how many threads, and near double.
#include "model/cpu/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/dtype.h"
#include "core/tensor.h"

namespace chorus::model::cpu {
namespace {

using core::bf16;

struct Problem {
  std::int64_t outputs, inputs;
  std::vector<float> w, x;  // x: kRows rows

  static constexpr std::int64_t kRows = 130;
  Problem(std::int64_t out, std::int64_t in) : outputs(out), inputs(in) {
    std::mt19937 random(4);
    std::normal_distribution<float> normal;
    // Values that bf16 holds, so that both types answer to one reference.
    const auto fill = [&](std::vector<float>& values, std::int64_t n) {
      for (std::int64_t i = 0; i < n; ++i) values.push_back(bf16::from_float(normal(random)).to_float());
    };
    fill(w, out * in);
    fill(x, kRows * in);
  }
  RowSource source() const {
    return [this](std::int64_t first, std::int64_t count, float* to) {
      std::copy_n(w.data() + first * inputs, count * inputs, to);
    };
  }
};

/// [rows.total()][outputs]; the batch holds `order` of the problem's rows, prefill first.
template <class T>
std::vector<float> multiply(Gemm& gemm, const PackedMatrix& w, const Problem& p, const Rows& rows,
                            const std::vector<std::int64_t>& order) {
  core::AlignedBuffer<T> in(static_cast<std::size_t>(rows.total() * p.inputs));
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto n = static_cast<std::int64_t>(i);
    const std::int64_t at = n < rows.prefill ? n : rows.decode_begin() + n - rows.prefill;
    for (std::int64_t k = 0; k < p.inputs; ++k) {
      const float value = p.x[static_cast<std::size_t>(order[i] * p.inputs + k)];
      auto& to = in[static_cast<std::size_t>(at * p.inputs + k)];
      if constexpr (std::is_same_v<T, float>) to = value;
      if constexpr (std::is_same_v<T, bf16>) to = bf16::from_float(value);
    }
  }
  std::vector<float> out(static_cast<std::size_t>(rows.total() * p.outputs));
  gemm.run(w, in.data(), rows, [&](const GemmTile& tile) {
    for (std::int64_t r = 0; r < tile.rows; ++r)
      for (std::int64_t c = 0; c < tile.columns && tile.column + c < p.outputs; ++c)
        out[static_cast<std::size_t>((tile.row + r) * p.outputs + tile.column + c)] =
            tile.values[r * kBlockColumns + c];
  });
  return out;
}

template <class T>
void check_kind(const Problem& p, bool decode) {
  const Compute compute = std::is_same_v<T, float> ? Compute::f32 : Compute::bf16;
  std::vector<std::vector<float>> alone(Problem::kRows);
  for (const int threads : {1, 2}) {
    core::ThreadPool pool(threads);
    Gemm gemm(compute, pool);
    const auto w = gemm.pack(p.outputs, p.inputs, p.source());
    EXPECT_EQ(w->rows(), p.outputs);
    EXPECT_EQ(w->cols(), p.inputs);
    const auto of = [&](std::int64_t n) {
      return decode ? Rows{.prefill = 0, .decode = n} : Rows{.prefill = n, .decode = 0};
    };
    for (std::int64_t row = 0; row < Problem::kRows && threads == 1; ++row) {
      auto out = multiply<T>(gemm, *w, p, of(1), {row});
      out.resize(static_cast<std::size_t>(p.outputs));
      alone[static_cast<std::size_t>(row)] = std::move(out);
    }
    // Batches of these sizes, each row somewhere else than before.
    for (const std::int64_t n : {1, 2, 15, 16, 17, 63, 64, 65, 128, 129, 130}) {
      std::vector<std::int64_t> order;
      for (std::int64_t i = 0; i < n; ++i) order.push_back((7 * i + n) % Problem::kRows);
      const auto out = multiply<T>(gemm, *w, p, of(n), order);
      for (std::int64_t i = 0; i < n; ++i) {
        const auto begin = out.begin() + i * p.outputs;
        EXPECT_TRUE(std::equal(begin, begin + p.outputs,
                               alone[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])].begin()))
            << n << " rows, row " << i << ", " << threads << " threads";
      }
    }
  }
  // Sums of K products in float: K + 1 roundings at most.
  const double bound = static_cast<double>(p.inputs + 1) * 0x1p-24;
  for (std::int64_t row = 0; row < 5; ++row)
    for (std::int64_t o = 0; o < p.outputs; ++o) {
      double sum = 0, size = 0;
      for (std::int64_t k = 0; k < p.inputs; ++k) {
        const double product = static_cast<double>(p.w[static_cast<std::size_t>(o * p.inputs + k)]) *
                               static_cast<double>(p.x[static_cast<std::size_t>(row * p.inputs + k)]);
        sum += product;
        size += std::abs(product);
      }
      ASSERT_NEAR(static_cast<double>(alone[static_cast<std::size_t>(row)][static_cast<std::size_t>(o)]), sum,
                  bound * size);
    }
}

TEST(Gemm, F32RowsDoNotDependOnTheirBatch) {
  for (const auto& [outputs, inputs] : {std::pair{200, 48}, {192, 33}, {5, 64}}) {
    SCOPED_TRACE(testing::Message() << outputs << " x " << inputs);
    const Problem p(outputs, inputs);
    check_kind<float>(p, false);
    check_kind<float>(p, true);
  }
}

TEST(Gemm, Bf16RowsDoNotDependOnTheirBatch) {
  if (fastest_compute() != Compute::bf16) GTEST_SKIP() << "this processor does not multiply bf16";
  for (const auto& [outputs, inputs] : {std::pair{200, 48}, {192, 33}, {5, 64}}) {
    SCOPED_TRACE(testing::Message() << outputs << " x " << inputs);
    const Problem p(outputs, inputs);
    check_kind<bf16>(p, false);
    check_kind<bf16>(p, true);
  }
}

TEST(Gemm, KindsStandBesideEachOther) {
  const Problem p(70, 40);
  core::ThreadPool pool(1);
  Gemm gemm(Compute::f32, pool);
  const auto w = gemm.pack(p.outputs, p.inputs, p.source());
  const std::vector<std::int64_t> order{3, 4, 5, 6, 7};
  const Rows both{.prefill = 3, .decode = 2};
  const auto out = multiply<float>(gemm, *w, p, both, order);
  const auto prefill = multiply<float>(gemm, *w, p, {.prefill = 3, .decode = 0}, {3, 4, 5});
  const auto decode = multiply<float>(gemm, *w, p, {.prefill = 0, .decode = 2}, {6, 7});
  EXPECT_TRUE(std::equal(out.begin(), out.begin() + 3 * p.outputs, prefill.begin()));
  EXPECT_TRUE(std::equal(out.begin() + both.decode_begin() * p.outputs,
                         out.begin() + (both.decode_begin() + 2) * p.outputs, decode.begin()));
  EXPECT_TRUE(multiply<float>(gemm, *w, p, {}, {}).empty());
}

}  // namespace
}  // namespace chorus::model::cpu
