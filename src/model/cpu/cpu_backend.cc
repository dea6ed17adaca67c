#include "model/cpu/cpu_backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <type_traits>
#include <utility>

#include "model/cpu/elementwise.h"

namespace chorus::model::cpu {
namespace {

constexpr std::int64_t kHalfStrip = kStrip / 2;

template <class T>
void grow(core::AlignedBuffer<T>& buffer, std::int64_t size) {
  if (buffer.size() < static_cast<std::size_t>(size))
    buffer = core::AlignedBuffer<T>(static_cast<std::size_t>(size));
}

template <class T>
CpuTensor<T>& as(Tensor& tensor) {
  return static_cast<CpuTensor<T>&>(tensor);
}
template <class T>
const CpuTensor<T>& as(const Tensor& tensor) {
  return static_cast<const CpuTensor<T>&>(tensor);
}

}  // namespace

template <class T>
CpuKvStore<T>::CpuKvStore(const ModelConfig& config, std::int64_t pages, std::int64_t page_tokens)
    : kv_heads_(config.kv_heads), head_dim_(config.head_dim), page_tokens_(page_tokens) {
  const auto size = static_cast<std::size_t>(pages * kv_heads_ * page_tokens_ * head_dim_);
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    // Untouched pages cost no memory: the system backs them when they are first written.
    k_.push_back(core::AlignedBuffer<T>::uninitialized(size));
    v_.push_back(core::AlignedBuffer<T>::uninitialized(size));
  }
}

template <class T>
std::size_t CpuKvStore<T>::page_bytes() const {
  return 2 * k_.size() * sizeof(T) * static_cast<std::size_t>(kv_heads_ * page_tokens_ * head_dim_);
}

template <class T>
std::vector<float> CpuKvStore<T>::read(std::int64_t layer, std::int32_t page, std::int32_t slot,
                                       std::int64_t head) const {
  std::vector<float> values;
  for (const auto* buffer : {&k_, &v_}) {
    const T* from = (*buffer)[static_cast<std::size_t>(layer)].data() + offset(page, slot, head);
    for (std::int64_t i = 0; i < head_dim_; ++i) values.push_back(static_cast<float>(from[i]));
  }
  return values;
}

template <class T>
flex::KvPages<T> CpuKvStore<T>::pages(std::int64_t layer) const {
  const auto index = static_cast<std::size_t>(layer);
  return {.k = k_[index].data(),
          .v = v_[index].data(),
          .page_tokens = static_cast<flex::Index>(page_tokens_),
          .kv_heads = static_cast<flex::Index>(kv_heads_),
          .head_dim = static_cast<flex::Index>(head_dim_)};
}

template <class T>
CpuBackend<T>::CpuBackend(const ModelConfig& config, Compute compute, int threads)
    : config_(config),
      pool_(threads),
      gemm_(compute, pool_),
      rotary_(inverse_frequencies(config.rope, config.head_dim)) {}

template <class T>
void CpuBackend<T>::for_rows(std::int64_t count, const std::function<void(std::int64_t)>& body,
                             std::int64_t per_task) {
  pool_.parallel_for((count + per_task - 1) / per_task, [&](std::int64_t task, int) {
    const std::int64_t end = std::min(count, (task + 1) * per_task);
    for (std::int64_t row = task * per_task; row < end; ++row) body(row);
  });
}

template <class T>
std::unique_ptr<Matrix> CpuBackend<T>::pack(std::int64_t rows, std::int64_t cols, const RowSource& source) {
  return gemm_.pack(rows, cols, source);
}

template <class T>
std::unique_ptr<Matrix> CpuBackend<T>::pack_gate_up(std::int64_t rows, std::int64_t cols,
                                                    const RowSource& gate, const RowSource& up) {
  // Each strip holds kHalfStrip gate rows, then the up rows that belong to them, so that one tile has both.
  const std::int64_t padded = (rows + kHalfStrip - 1) / kHalfStrip * kStrip;
  return gemm_.pack(padded, cols, [=](std::int64_t first, std::int64_t count, float* out) {
    std::fill_n(out, count * cols, 0.0F);
    for (std::int64_t strip = 0; strip < count; strip += kStrip) {
      const std::int64_t from = (first + strip) / 2, real = std::min(kHalfStrip, rows - from);
      gate(from, real, out + strip * cols);
      up(from, real, out + (strip + kHalfStrip) * cols);
    }
  });
}

template <class T>
std::unique_ptr<Tensor> CpuBackend<T>::full(std::int64_t rows, std::int64_t cols) {
  return std::make_unique<CpuTensor<float>>(rows, cols);
}

template <class T>
std::unique_ptr<Tensor> CpuBackend<T>::narrow(std::int64_t rows, std::int64_t cols) {
  return std::make_unique<CpuTensor<T>>(rows, cols);
}

template <class T>
std::unique_ptr<KvStore> CpuBackend<T>::kv_store(std::int64_t pages, std::int64_t page_tokens) {
  return std::make_unique<CpuKvStore<T>>(config_, pages, page_tokens);
}

template <class T>
void CpuBackend<T>::embed(std::span<const std::int32_t> ids, const RowSource& source, Tensor& x) {
  auto& out = as<float>(x);
  for_rows(static_cast<std::int64_t>(ids.size()), [&](std::int64_t row) {
    const std::int32_t id = ids[static_cast<std::size_t>(row)];
    if (id < 0) {
      std::fill_n(out.row(row), out.cols(), 0.0F);
    } else {
      source(id, 1, out.row(row));
    }
  });
}

template <class T>
void CpuBackend<T>::rms_norm(const Tensor& x, std::span<const float> weight, const Rows& rows, Tensor& out) {
  const auto& in = as<float>(x);
  auto& normed = as<T>(out);
  const auto eps = static_cast<float>(config_.norm_eps);
  for_rows(rows.total(),
           [&](std::int64_t row) { cpu::rms_norm(in.row_span(row), weight, eps, normed.row(row)); });
}

template <class T>
void CpuBackend<T>::linear(const Matrix& w, const Tensor& in, const Rows& rows, Tensor& out) {
  auto& result = as<float>(out);
  gemm_.run(static_cast<const PackedMatrix&>(w), as<T>(in).row(0), rows, [&](const GemmTile& tile) {
    const std::int64_t first = tile.column, count = std::min(tile.columns, w.rows() - first);
    for (std::int64_t r = 0; r < tile.rows; ++r)
      std::copy_n(tile.values + r * kBlockColumns, count, result.row(tile.row + r) + first);
  });
}

template <class T>
void CpuBackend<T>::linear_add(const Matrix& w, const Tensor& in, const Rows& rows, Tensor& x) {
  auto& result = as<float>(x);
  gemm_.run(static_cast<const PackedMatrix&>(w), as<T>(in).row(0), rows, [&](const GemmTile& tile) {
    const std::int64_t first = tile.column, count = std::min(tile.columns, w.rows() - first);
    for (std::int64_t r = 0; r < tile.rows; ++r)
      add({tile.values + r * kBlockColumns, static_cast<std::size_t>(count)},
          result.row(tile.row + r) + first);
  });
}

template <class T>
void CpuBackend<T>::gated(const Matrix& w, const Tensor& in, const Rows& rows, Tensor& out) {
  auto& result = as<T>(out);
  gemm_.run(static_cast<const PackedMatrix&>(w), as<T>(in).row(0), rows, [&](const GemmTile& tile) {
    for (std::int64_t r = 0; r < tile.rows; ++r)
      for (std::int64_t strip = 0; strip < tile.columns; strip += kStrip) {
        const std::int64_t first = (tile.column + strip) / 2,
                           count = std::min(kHalfStrip, result.cols() - first);
        if (count <= 0) break;
        const float* gate = tile.values + r * kBlockColumns + strip;
        silu_times({gate, static_cast<std::size_t>(count)}, gate + kHalfStrip,
                   result.row(tile.row + r) + first);
      }
  });
}

template <class T>
void CpuBackend<T>::finish_row(float* qkv, const AttentionWeights& weights) const {
  if (!weights.bias.empty()) add(weights.bias, qkv);
  if (weights.q_norm.empty()) return;
  const auto d = static_cast<std::size_t>(config_.head_dim);
  const auto eps = static_cast<float>(config_.norm_eps);
  for (std::int64_t head = 0; head < config_.heads + config_.kv_heads; ++head) {
    float* values = qkv + head * config_.head_dim;
    cpu::rms_norm({values, d}, head < config_.heads ? weights.q_norm : weights.k_norm, eps, values);
  }
}

template <class T>
void CpuBackend<T>::begin_batch(const Rows& rows, AttentionPlan& plan) {
  std::int32_t largest = 0;
  for (const KeyPlace& place : plan.keys) largest = std::max(largest, std::abs(place.position));
  for (const QueryPlace& place : plan.queries) largest = std::max(largest, std::abs(place.position));
  rotary_.reach(largest);
  first_query_.assign(plan.keys.size(), -1);
  next_query_.resize(plan.queries.size());
  for (std::size_t i = 0; i < plan.queries.size(); ++i)
    next_query_[i] = std::exchange(first_query_[static_cast<std::size_t>(plan.queries[i].row)],
                                   static_cast<std::int64_t>(i));
  const std::int64_t width = config_.heads * config_.head_dim;
  grow(queries_, static_cast<std::int64_t>(plan.queries.size()) * width);
  grow(attended_, rows.total() * width);
  plan.share.assign(static_cast<std::size_t>(rows.total() * plan.share_states), 0.0);
}

template <class T>
void CpuBackend<T>::rotate_heads(const float* from, std::int64_t heads, std::int32_t position,
                                 float* to) const {
  const std::int64_t d = config_.head_dim;
  for (std::int64_t head = 0; head < heads; ++head, from += d, to += d)
    rotate({from, static_cast<std::size_t>(d)}, rotary_.cosine(position), rotary_.sine(position), to);
}

template <class T>
void CpuBackend<T>::store_key(std::int64_t layer, float* key, const KeyPlace& place,
                              CpuKvStore<T>& kv) const {
  const std::int64_t d = config_.head_dim;
  const auto size = static_cast<std::size_t>(d);
  const float* value = key + config_.kv_heads * d;
  rotate_heads(key, config_.kv_heads, place.position, key);
  for (std::int64_t head = 0; head < config_.kv_heads; ++head, key += d, value += d) {
    cpu::narrow({key, size}, kv.key(layer, place.page, place.slot, head));
    cpu::narrow({value, size}, kv.value(layer, place.page, place.slot, head));
  }
}

template <class T>
void CpuBackend<T>::prepare_row(std::int64_t layer, std::int64_t row, float* qkv,
                                const AttentionWeights& weights, CpuKvStore<T>& kv,
                                const AttentionPlan& plan) {
  const KeyPlace& place = plan.keys[static_cast<std::size_t>(row)];
  std::int64_t query = first_query_[static_cast<std::size_t>(row)];
  if (place.page < 0 && query < 0) return;  // padding
  const std::int64_t width = config_.heads * config_.head_dim;
  finish_row(qkv, weights);
  if (place.page >= 0) store_key(layer, qkv + width, place, kv);
  for (; query >= 0; query = next_query_[static_cast<std::size_t>(query)])
    rotate_heads(qkv, config_.heads, plan.queries[static_cast<std::size_t>(query)].position,
                 queries_.data() + query * width);
}

template <class T>
void CpuBackend<T>::attend_spans(std::int64_t layer, const CpuKvStore<T>& kv, AttentionPlan& plan) {
  const std::int64_t states = plan.share_states;
  const auto rows = static_cast<std::int64_t>(plan.keys.size());
  if (states > 0) grow(share_, rows * config_.heads * states);
  flex::SpanProblem<T> problem;
  problem.pages = kv.pages(layer);
  problem.tiles = plan.tiles;
  problem.q = queries_.data();
  problem.out = attended_.data();
  problem.share = states > 0 ? share_.data() : nullptr;
  problem.share_states = static_cast<flex::Index>(states);
  problem.q_heads = static_cast<flex::Index>(config_.heads);
  problem.scale = 1.0F / std::sqrt(static_cast<float>(config_.head_dim));
  flex::attention_spans(problem, pool_);
  if (states == 0) return;
  for (const flex::SpanTile& tile : plan.tiles)
    for (std::int64_t row = tile.row; tile.share && row < tile.row + tile.rows; ++row)
      for (std::int64_t head = 0; head < config_.heads; ++head)
        for (std::int64_t state = 0; state < states; ++state)
          plan.share[static_cast<std::size_t>(row * states + state)] += static_cast<double>(
              share_[static_cast<std::size_t>((row * config_.heads + head) * states + state)]);
}

template <class T>
void CpuBackend<T>::attention(std::int64_t layer, Tensor& qkv, const AttentionWeights& weights, KvStore& kv,
                              const Rows& rows, AttentionPlan& plan, Tensor& out) {
  auto& projections = as<float>(qkv);
  auto& store = static_cast<CpuKvStore<T>&>(kv);
  if (layer == 0) begin_batch(rows, plan);
  for_rows(
      rows.total(),
      [&](std::int64_t row) { prepare_row(layer, row, projections.row(row), weights, store, plan); },
      kAttentionRowsPerTask);
  if (!plan.tiles.empty()) attend_spans(layer, store, plan);
  if (!plan.sequences.empty()) attend_packed(layer, store, plan);
  auto& result = as<T>(out);
  const std::int64_t width = config_.heads * config_.head_dim;
  for_rows(rows.total(), [&](std::int64_t row) {
    cpu::narrow({attended_.data() + row * width, static_cast<std::size_t>(width)}, result.row(row));
  });
}

template <class T>
void CpuBackend<T>::move_rows(std::span<const RowMove> moves, Tensor& x) {
  auto& rows = static_cast<CpuRows&>(x);
  for (const RowMove& move : moves) rows.move_row(move.from, move.to);
}

template <class T>
void CpuBackend<T>::gather(const Tensor& x, std::span<const std::int32_t> rows, Tensor& out) {
  const auto& from = as<float>(x);
  auto& to = as<float>(out);
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::copy_n(from.row(rows[i]), from.cols(), to.row(static_cast<std::int64_t>(i)));
}

template <class T>
std::span<const float> CpuBackend<T>::read(const Tensor& x, std::int64_t row) {
  return as<float>(x).row_span(row);
}

template <class T>
std::string CpuBackend<T>::description() const {
  return fmt::format("cpu, {}, {} thread{}", std::is_same_v<T, float> ? "f32" : "bf16", pool_.size(),
                     pool_.size() == 1 ? "" : "s");
}

template class CpuKvStore<float>;
template class CpuKvStore<core::bf16>;
template class CpuBackend<float>;
template class CpuBackend<core::bf16>;

}  // namespace chorus::model::cpu

namespace chorus::model {

Compute fastest_compute() {
  return cpu::has_decode_kernel_bf16() ? Compute::bf16 : Compute::f32;
}

std::unique_ptr<Backend> make_cpu_backend(const ModelConfig& config, Compute compute, int threads) {
  if (compute == Compute::f32) return std::make_unique<cpu::CpuBackend<float>>(config, compute, threads);
  return std::make_unique<cpu::CpuBackend<core::bf16>>(config, compute, threads);
}

}  // namespace chorus::model
