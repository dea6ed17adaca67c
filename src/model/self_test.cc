#include "model/self_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <dnnl.hpp>
#include <random>
#include <span>
#include <vector>

#include "core/dtype.h"
#include "flex/attention.h"
#include "flex/mods.h"
#include "flex/reference.h"

namespace chorus::model {
namespace {

std::vector<float> normal_numbers(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  // Values that bf16 holds, so that both precisions answer to one reference.
  for (float& value : values) value = core::bf16::from_float(normal(random)).to_float();
  return values;
}

double relative_error(std::span<const float> got, std::span<const double> want) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    difference += (double{got[i]} - want[i]) * (double{got[i]} - want[i]);
    norm += want[i] * want[i];
  }
  return std::sqrt(difference / norm);
}

}  // namespace

SelfTest test_attention() {
  constexpr flex::Extents kQueries{.batch = 1, .heads = 2, .rows = 100, .dim = 64};
  constexpr flex::Extents kKeys{.batch = 1, .heads = 1, .rows = 100, .dim = 64};
  const std::vector<float> q = normal_numbers(2 * 100 * 64, 1), k = normal_numbers(100 * 64, 2),
                           v = normal_numbers(100 * 64, 3);
  std::vector<float> out(q.size());
  const auto q_view = flex::head_major(q.data(), kQueries), k_view = flex::head_major(k.data(), kKeys),
             v_view = flex::head_major(v.data(), kKeys);
  flex::attention(q_view, k_view, v_view, flex::head_major(out.data(), kQueries), {}, flex::causal());
  const auto want = flex::reference_attention<float>(q_view, k_view, v_view, {}, flex::causal());
  return {.error = relative_error(out, want.out), .tolerance = 1e-5};
}

SelfTest test_product(Compute compute, int threads) {
  constexpr std::int64_t kIn = 128, kOut = 96;
  constexpr Rows kRows{.prefill = 5, .decode = 3};
  const std::vector<float> w = normal_numbers(kOut * kIn, 4), x = normal_numbers(8 * kIn, 5);
  const auto rows_of = [](const std::vector<float>& values) -> RowSource {
    return [&values](std::int64_t first, std::int64_t count, float* to) {
      std::copy_n(values.data() + first * kIn, count * kIn, to);
    };
  };
  ModelConfig config;
  config.layers = 1;
  config.hidden = kIn;
  config.intermediate = kOut;
  config.heads = config.kv_heads = 1;
  config.head_dim = 64;
  config.vocab = 8;
  const auto backend = make_cpu_backend(config, compute, threads);
  const auto matrix = backend->pack(kOut, kIn, rows_of(w));
  std::vector<std::int32_t> ids(static_cast<std::size_t>(kRows.total()), -1);
  std::vector<std::int64_t> places;  // where each of the 8 rows stands
  for (std::int64_t row = 0; row < 8; ++row) {
    places.push_back(row < kRows.prefill ? row : kRows.decode_begin() + row - kRows.prefill);
    ids[static_cast<std::size_t>(places.back())] = static_cast<std::int32_t>(row);
  }
  const auto full = backend->full(kRows.total(), kIn), out = backend->full(kRows.total(), kOut);
  const auto narrow = backend->narrow(kRows.total(), kIn);
  const std::vector<float> ones(kIn, 1.0F);
  backend->embed(ids, rows_of(x), *full);
  backend->rms_norm(*full, ones, kRows, *narrow);
  backend->linear(*matrix, *narrow, kRows, *out);

  std::vector<float> got;
  std::vector<double> want;
  for (std::int64_t row = 0; row < 8; ++row) {
    const auto values = backend->read(*out, places[static_cast<std::size_t>(row)]);
    got.insert(got.end(), values.begin(), values.begin() + kOut);
    const float* const in = x.data() + row * kIn;
    double squares = 0;
    for (std::int64_t i = 0; i < kIn; ++i) squares += double{in[i]} * double{in[i]};
    const double scale = 1 / std::sqrt(squares / static_cast<double>(kIn) + config.norm_eps);
    for (std::int64_t o = 0; o < kOut; ++o) {
      double sum = 0;
      for (std::int64_t i = 0; i < kIn; ++i)
        sum += double{w[static_cast<std::size_t>(o * kIn + i)]} * double{in[i]} * scale;
      want.push_back(sum);
    }
  }
  // bf16 keeps 8 bits of the normed row: 2^-9 relative at most, on the whole rather a third of it
  return {.error = relative_error(got, want), .tolerance = compute == Compute::bf16 ? 0x1p-8 : 1e-5};
}

std::string matrix_library() {
  const dnnl_version_t* const version = dnnl_version();
  return fmt::format("oneDNN {}.{}.{}", version->major, version->minor, version->patch);
}

std::int64_t weight_count(const ModelConfig& c) {
  const std::int64_t attention = c.hidden * c.head_dim * (2 * c.heads + 2 * c.kv_heads);
  const std::int64_t embeddings = c.vocab * c.hidden * (c.tied_embeddings ? 1 : 2);
  return embeddings + c.layers * (attention + 3 * c.hidden * c.intermediate);
}

}  // namespace chorus::model
