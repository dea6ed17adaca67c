// The operations a decoder is written in. A backend owns its buffers and how a row is computed; the decoder owns the
// order. Activations are row-major [Rows::total()][columns]; padding rows hold anything and reach no other row.
// Outputs never are inputs, but for what an operation adds to. One call at a time.
//
//   const auto backend = make_cpu_backend(config, Compute::bf16, 0);
//   const auto w = backend->pack(rows, cols, checkpoint.matrix(Role::o, 0));
//   backend->linear(*w, *in, batch.rows, *out);
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/threads.h"
#include "model/config.h"
#include "model/plan.h"

namespace chorus::model {

/// Precision of matrix products: inputs and weights. Sums, norms and the residual stream are float32 always.
enum class Compute { f32, bf16 };

/// A weight matrix [rows][cols] in the backend's own form. y = W x. Matrices, tensors and stores go to the backend that
/// made them, never to another.
class Matrix {
 public:
  virtual ~Matrix() = default;
  virtual std::int64_t rows() const = 0;
  virtual std::int64_t cols() const = 0;
};

/// Activations: `full` is float32, `narrow` is the precision matrix products read.
class Tensor {
 public:
  virtual ~Tensor() = default;
};

/// Keys and values of every layer, in pages: [page][kv_head][slot][head_dim].
class KvStore {
 public:
  virtual ~KvStore() = default;
  /// Bytes of one page, all layers.
  virtual std::size_t page_bytes() const = 0;
  /// The key, then the value, of one slot of one layer and head as float, [2][head_dim]; for tests and inspection.
  virtual std::vector<float> read(std::int64_t layer, std::int32_t page, std::int32_t slot,
                                  std::int64_t head) const = 0;
};

/// Fills `out` [count][cols] with weight rows [first, first + count) as float. Called from several threads at once.
using RowSource = std::function<void(std::int64_t first, std::int64_t count, float* out)>;

class Backend {
 public:
  virtual ~Backend() = default;

  /// A matrix of these rows; throws Error(device) when the processor cannot multiply it.
  virtual std::unique_ptr<Matrix> pack(std::int64_t rows, std::int64_t cols, const RowSource& source) = 0;
  /// Gate and up, [rows][cols] each, in the order that `gated` reads.
  virtual std::unique_ptr<Matrix> pack_gate_up(std::int64_t rows, std::int64_t cols, const RowSource& gate,
                                               const RowSource& up) = 0;
  virtual std::unique_ptr<Tensor> full(std::int64_t rows, std::int64_t cols) = 0;
  virtual std::unique_ptr<Tensor> narrow(std::int64_t rows, std::int64_t cols) = 0;
  /// Room for pages of every layer. Throws std::bad_alloc when there is none.
  virtual std::unique_ptr<KvStore> kv_store(std::int64_t pages, std::int64_t page_tokens) = 0;

  /// x[row] = embedding of ids[row] (full), one id a row; 0 for id -1. `source` reads embedding rows.
  virtual void embed(std::span<const std::int32_t> ids, const RowSource& source, Tensor& x) = 0;
  /// out = x / rms(x) * weight, from full to narrow. Source: RMSNorm (arXiv 1910.07467).
  virtual void rms_norm(const Tensor& x, std::span<const float> weight, const Rows& rows, Tensor& out) = 0;
  /// out = W in, from narrow to full.
  virtual void linear(const Matrix& w, const Tensor& in, const Rows& rows, Tensor& out) = 0;
  /// x += W in, from narrow to full.
  virtual void linear_add(const Matrix& w, const Tensor& in, const Rows& rows, Tensor& x) = 0;
  /// out = silu(W_gate in) * (W_up in), from narrow to narrow; w is what `pack_gate_up` made.
  virtual void gated(const Matrix& w, const Tensor& in, const Rows& rows, Tensor& out) = 0;

  /// Of one layer; empty where the model has none: bias [heads + 2 kv_heads][head_dim], norms [head_dim].
  struct AttentionWeights {
    std::span<const float> bias, q_norm, k_norm;
  };
  /// qkv (full) [heads + 2 kv_heads][head_dim] per row, changed in place: adds bias, norms q and k per head, rotates,
  /// stores keys and values in `kv`, attends as `plan` says, out [heads][head_dim] narrow. Layer 0 comes first: it sets
  /// plan.share to 0, every layer adds to it.
  virtual void attention(std::int64_t layer, Tensor& qkv, const AttentionWeights& weights, KvStore& kv,
                         const Rows& rows, AttentionPlan& plan, Tensor& out) = 0;
  /// x[to] = x[from] in place for each move, full or narrow; both ascend and to <= from.
  struct RowMove {
    std::int32_t from = 0, to = 0;
  };
  virtual void move_rows(std::span<const RowMove> moves, Tensor& x) = 0;
  /// out[i] = x[rows[i]] (full), for i < rows.size().
  virtual void gather(const Tensor& x, std::span<const std::int32_t> rows, Tensor& out) = 0;
  /// Row `row` of a full tensor, on the host; valid until the tensor changes.
  virtual std::span<const float> read(const Tensor& x, std::int64_t row) = 0;

  /// The threads of the host that work for this backend.
  virtual core::ThreadPool& pool() = 0;
  virtual std::string description() const = 0;
};

/// `threads` 0: all cores. Throws Error(device) when there are not so many; `pack` throws it when `compute` cannot run.
std::unique_ptr<Backend> make_cpu_backend(const ModelConfig& config, Compute compute, int threads);

/// bf16 where the processor multiplies it in hardware, else f32.
Compute fastest_compute();

}  // namespace chorus::model
