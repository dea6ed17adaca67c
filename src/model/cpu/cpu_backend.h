// The CPU backend: oneDNN tiles for matrix products, flex for attention, T (float or core::bf16) as the type matrix
// products and stored keys and values have. Made through make_cpu_backend() of model/backend.h.
//
//   CpuBackend<core::bf16> backend(config, Compute::bf16, threads);
//   const auto kv = backend.kv_store(pages, page_tokens);
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "flex/spans.h"
#include "model/backend.h"
#include "model/cpu/gemm.h"
#include "model/cpu/rotary.h"

namespace chorus::model::cpu {

// Rows one task takes in the operations between matrix products: a few microseconds of work. Before attention a row has
// more: it is rotated once for every distance at which it sees a segment.
inline constexpr std::int64_t kRowsPerTask = 8;
inline constexpr std::int64_t kAttentionRowsPerTask = 2;

/// A tensor whose rows can be moved without knowing what they hold.
class CpuRows : public Tensor {
 public:
  virtual void move_row(std::int64_t from, std::int64_t to) = 0;
};

template <class T>
class CpuTensor final : public CpuRows {
 public:
  CpuTensor(std::int64_t rows, std::int64_t cols)
      : cols_(cols), values_(static_cast<std::size_t>(rows * cols)) {}
  T* row(std::int64_t r) { return values_.data() + r * cols_; }
  const T* row(std::int64_t r) const { return values_.data() + r * cols_; }
  std::span<const T> row_span(std::int64_t r) const { return {row(r), static_cast<std::size_t>(cols_)}; }
  std::int64_t cols() const { return cols_; }
  void move_row(std::int64_t from, std::int64_t to) override {
    if (from != to) std::copy_n(row(from), cols_, row(to));
  }

 private:
  std::int64_t cols_;
  core::AlignedBuffer<T> values_;
};

template <class T>
class CpuKvStore final : public KvStore {
 public:
  CpuKvStore(const ModelConfig& config, std::int64_t pages, std::int64_t page_tokens);
  std::size_t page_bytes() const override;
  std::vector<float> read(std::int64_t layer, std::int32_t page, std::int32_t slot,
                          std::int64_t head) const override;

  T* key(std::int64_t layer, std::int32_t page, std::int32_t slot, std::int64_t head) {
    return k_[static_cast<std::size_t>(layer)].data() + offset(page, slot, head);
  }
  T* value(std::int64_t layer, std::int32_t page, std::int32_t slot, std::int64_t head) {
    return v_[static_cast<std::size_t>(layer)].data() + offset(page, slot, head);
  }
  flex::KvPages<T> pages(std::int64_t layer) const;
  std::int64_t page_tokens() const { return page_tokens_; }

 private:
  std::int64_t offset(std::int32_t page, std::int32_t slot, std::int64_t head) const {
    return ((page * kv_heads_ + head) * page_tokens_ + slot) * head_dim_;
  }
  std::int64_t kv_heads_, head_dim_, page_tokens_;
  std::vector<core::AlignedBuffer<T>> k_, v_;  // per layer
};

template <class T>
class CpuBackend final : public Backend {
 public:
  CpuBackend(const ModelConfig& config, Compute compute, int threads);

  std::unique_ptr<Matrix> pack(std::int64_t rows, std::int64_t cols, const RowSource& source) override;
  std::unique_ptr<Matrix> pack_gate_up(std::int64_t rows, std::int64_t cols, const RowSource& gate,
                                       const RowSource& up) override;
  std::unique_ptr<Tensor> full(std::int64_t rows, std::int64_t cols) override;
  std::unique_ptr<Tensor> narrow(std::int64_t rows, std::int64_t cols) override;
  std::unique_ptr<KvStore> kv_store(std::int64_t pages, std::int64_t page_tokens) override;
  void embed(std::span<const std::int32_t> ids, const RowSource& source, Tensor& x) override;
  void rms_norm(const Tensor& x, std::span<const float> weight, const Rows& rows, Tensor& out) override;
  void linear(const Matrix& w, const Tensor& in, const Rows& rows, Tensor& out) override;
  void linear_add(const Matrix& w, const Tensor& in, const Rows& rows, Tensor& x) override;
  void gated(const Matrix& w, const Tensor& in, const Rows& rows, Tensor& out) override;
  void attention(std::int64_t layer, Tensor& qkv, const AttentionWeights& weights, KvStore& kv,
                 const Rows& rows, AttentionPlan& plan, Tensor& out) override;
  void move_rows(std::span<const RowMove> moves, Tensor& x) override;
  void gather(const Tensor& x, std::span<const std::int32_t> rows, Tensor& out) override;
  std::span<const float> read(const Tensor& x, std::int64_t row) override;
  core::ThreadPool& pool() override { return pool_; }
  std::string description() const override;

 private:
  void for_rows(std::int64_t count, const std::function<void(std::int64_t row)>& body,
                std::int64_t per_task = kRowsPerTask);
  /// What all layers of a batch share: rotary angles, the queries of each row, room.
  void begin_batch(const Rows& rows, AttentionPlan& plan);
  /// One row before attention: bias and norms, its key and value into the store, its query in every rotation asked for.
  void prepare_row(std::int64_t layer, std::int64_t row, float* qkv, const AttentionWeights& weights,
                   CpuKvStore<T>& kv, const AttentionPlan& plan);
  void finish_row(float* qkv, const AttentionWeights& weights) const;
  void rotate_heads(const float* from, std::int64_t heads, std::int32_t position, float* to) const;
  void store_key(std::int64_t layer, float* key, const KeyPlace& place, CpuKvStore<T>& kv) const;
  void attend_spans(std::int64_t layer, const CpuKvStore<T>& kv, AttentionPlan& plan);
  void attend_packed(std::int64_t layer, CpuKvStore<T>& kv, const AttentionPlan& plan);

  ModelConfig config_;
  core::ThreadPool pool_;
  Gemm gemm_;
  RotaryTable rotary_;
  // Of the current batch: a row's queries as a list of their numbers in the plan, -1 at its end.
  std::vector<std::int64_t> first_query_, next_query_;
  // Grow to what a batch needs.
  core::AlignedBuffer<float> queries_, attended_, share_, gathered_k_, gathered_v_;
};

}  // namespace chorus::model::cpu
