// One row of the bench of flex::attention: makes inputs, checks sampled rows of the result against the double-precision
// reference, then times. bench/flex_attention.py runs it for every row of the grid, beside PyTorch on the same inputs.
//
//   flex_attention_bench --mask window --dtype bf16 --rows 4096 --dim 128 --heads 8 --kv-heads 8 --threads 2
//   flex_attention_bench --ceiling --threads 2
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>

#include "flex/attention.h"
#include "flex/mods.h"
#include "flex/reference.h"
#include "model/cpu/ceiling.h"

namespace {

using namespace chorus;
using flex::Index;
using nlohmann::json;

constexpr double kWarmSeconds = 0.05;  // as in flex_attention.py

struct Row {
  std::string mask = "causal", dtype = "f32", dump;
  Index batch = 1, rows = 1024, dim = 64, heads = 1, kv_heads = 1;
  int threads = 0;
  double seconds = 1.0;

  flex::Extents q() const { return {batch, heads, rows, dim}; }
  flex::Extents kv() const { return {batch, kv_heads, rows, dim}; }
};

std::size_t count(const flex::Extents& e) {
  return flex::lse_entries(e) * static_cast<std::size_t>(e.dim);
}

template <class T>
std::vector<T> normal_values(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<T> values(n);
  for (T& value : values) {
    if constexpr (std::is_same_v<T, float>)
      value = normal(random);
    else
      value = T::from_float(normal(random));
  }
  return values;
}

template <class T>
void write(const std::string& path, const std::vector<T>& values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(T)));
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

/// Documents of uneven lengths: 1 to 12 parts of a hundredth of the tokens, over and over.
std::vector<Index> documents(Index rows) {
  std::vector<Index> ids;
  for (Index id = 0; static_cast<Index>(ids.size()) < rows; ++id)
    for (Index i = 0; i <= rows / 100 * (1 + id * 7 % 12) && static_cast<Index>(ids.size()) < rows; ++i)
      ids.push_back(id);
  return ids;
}
std::vector<Index> sixteenths(Index rows) {
  std::vector<Index> ids;
  ids.reserve(static_cast<std::size_t>(rows));
  for (Index i = 0; i < rows; ++i) ids.push_back(i / std::max(1, rows / 16));
  return ids;
}

/// Calls body with the row's mask mod. `window` is 256 keys a row, `prefix` a quarter of the tokens.
template <class Body>
void with_mask(const Row& row, const Body& body) {
  if (row.mask == "causal") return body(flex::causal());
  if (row.mask == "window") return body(flex::sliding_window(255));
  if (row.mask == "prefix") return body(flex::prefix_lm(row.rows / 4));
  const flex::Runs runs(row.mask == "document" ? documents(row.rows) : sixteenths(row.rows));
  if (row.mask == "document" || row.mask == "segments") return body(flex::causal() & flex::document(runs));
  throw std::runtime_error("no mask " + row.mask);
}

template <class M>
double allowed_pairs(const Row& row, const M& mask_mod) {
  double pairs = 0;
  flex::SeenKeys seen;
  for (Index q = 0; q < row.rows; ++q) {
    seen.clear();
    mask_mod.seen_keys(0, 0, {q, q + 1}, {0, row.rows}, seen);  // of one row: exact
    for (const flex::Range keys : seen.any) pairs += keys.size();
  }
  return pairs * row.heads * row.batch;
}

/// The largest difference from the reference in some rows of every head; throws where it is no rounding.
template <class T, class M>
double check(const Row& row, const std::vector<T>& q, const std::vector<T>& k, const std::vector<T>& v,
             const std::vector<T>& out, const M& mask_mod) {
  constexpr Index kSamples = 6;
  const double allowed = std::is_same_v<T, float> ? 2e-5 : 0.03;
  double worst = 0;
  for (Index i = 0; i < kSamples; ++i) {
    const auto r = static_cast<Index>(std::int64_t{row.rows - 1} * i / (kSamples - 1));
    const auto q_row = flex::head_major(q.data(), row.q());
    flex::View<const T> one = q_row;
    one.data = q_row.row(0, 0, r);
    one.extents.rows = 1;
    const auto want =
        flex::reference_attention<T>(one, flex::head_major(k.data(), row.kv()),
                                     flex::head_major(v.data(), row.kv()), {.q_offset = r}, mask_mod);
    const auto got = flex::head_major(out.data(), row.q());
    std::size_t at = 0;
    for (Index b = 0; b < row.batch; ++b)
      for (Index h = 0; h < row.heads; ++h)
        for (Index d = 0; d < row.dim; ++d)
          worst = std::max(worst, std::abs(double{static_cast<float>(got.row(b, h, r)[d])} - want.out[at++]));
  }
  if (!(worst <= allowed))
    throw std::runtime_error("the result is " + std::to_string(worst) + " from the reference");
  return worst;
}

template <class T>
json run(const Row& row) {
  const auto q = normal_values<T>(count(row.q()), 1), k = normal_values<T>(count(row.kv()), 2),
             v = normal_values<T>(count(row.kv()), 3);
  std::vector<T> out(q.size());
  core::ThreadPool pool(row.threads);
  json result;
  with_mask(row, [&](const auto& mask_mod) {
    const auto once = [&] {
      const auto began = std::chrono::steady_clock::now();
      flex::attention(flex::head_major(q.data(), row.q()), flex::head_major(k.data(), row.kv()),
                      flex::head_major(v.data(), row.kv()), flex::head_major(out.data(), row.q()),
                      {.pool = &pool}, mask_mod);
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    };
    once();
    result["largest_difference"] = check(row, q, k, v, out, mask_mod);
    // A new thread may share a core with the one that made it until the system moves it away.
    for (double total = 0; total < kWarmSeconds;) total += once();
    std::vector<double> times;
    for (double total = 0; times.size() < 5 || (total < row.seconds && times.size() < 2000);
         total += times.back())
      times.push_back(once());
    std::sort(times.begin(), times.end());
    result["pairs"] = allowed_pairs(row, mask_mod);
    result["seconds_min"] = times.front();
    result["seconds_median"] = times[times.size() / 2];
    result["repeats"] = times.size();
  });
  result["threads"] = pool.size();
  if (!row.dump.empty()) {
    write(row.dump + "/q", q);
    write(row.dump + "/k", k);
    write(row.dump + "/v", v);
    write(row.dump + "/out", out);
    write(row.dump + "/ids", row.mask == "document" ? documents(row.rows) : sixteenths(row.rows));
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"times flex::attention on one row of the grid; prints JSON"};
  Row row;
  bool ceiling = false;
  app.add_option("--mask", row.mask,
                 "causal, window (256 keys), prefix (a quarter), document (uneven), segments (16)");
  app.add_option("--dtype", row.dtype, "f32, bf16 or f16");
  app.add_option("--batch", row.batch, "batch");
  app.add_option("--rows", row.rows, "queries and keys");
  app.add_option("--dim", row.dim, "head dim");
  app.add_option("--heads", row.heads, "query heads");
  app.add_option("--kv-heads", row.kv_heads, "key and value heads");
  app.add_option("--threads", row.threads, "threads; 0: every core");
  app.add_option("--seconds", row.seconds, "how long to repeat, five times at least");
  app.add_option("--dump", row.dump, "a folder for the inputs and the result, as raw numbers");
  app.add_flag("--ceiling", ceiling, "measures matrix products alone instead");
  CLI11_PARSE(app, argc, argv);
  try {
    json result;
    if (ceiling) {
      result["f32"] = model::cpu::matrix_product_ceiling(model::Compute::f32, row.threads);
      if (__builtin_cpu_supports("avx512bf16"))
        result["bf16"] = model::cpu::matrix_product_ceiling(model::Compute::bf16, row.threads);
    } else if (row.dtype == "bf16") {
      result = run<core::bf16>(row);
    } else if (row.dtype == "f16") {
      result = run<core::f16>(row);
    } else {
      result = run<float>(row);
    }
    std::printf("%s\n", result.dump().c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
