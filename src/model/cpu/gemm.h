// Matrix products y = W x on tiles of one fixed shape, so that every row's sum over K has one order whatever shares
// its batch: oneDNN computes each tile inside one thread, our pool spreads tiles over threads.
//
//   PackedMatrix w = gemm.pack(rows, cols, source);
//   gemm.run(w, input, rows, [&](const GemmTile& tile) { ... });
#pragma once

#include <cstdint>
#include <dnnl.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "core/threads.h"
#include "model/backend.h"

namespace chorus::model::cpu {

/// Output columns of one tile: a weight block of it (K = 576, bf16: 216 KiB) stays in the L2 cache.
inline constexpr std::int64_t kBlockColumns = 192;

/// A weight matrix as blocks of kBlockColumns output columns, the last one padded with zeros.
class PackedMatrix final : public Matrix {
 public:
  std::int64_t rows() const override { return rows_; }
  std::int64_t cols() const override { return cols_; }
  std::size_t bytes() const override;
  std::int64_t blocks() const { return static_cast<std::int64_t>(blocks_.size()); }

 private:
  friend class Gemm;
  std::int64_t rows_ = 0, cols_ = 0;
  std::vector<dnnl::memory> blocks_;
};

/// One finished tile: values[r * kBlockColumns + c] belongs to batch row row + r and output column block * kBlockColumns + c.
struct GemmTile {
  std::int64_t row = 0, rows = 0, block = 0;
  const float* values = nullptr;
};

class Gemm {
 public:
  Gemm(Compute compute, core::ThreadPool& pool);
  ~Gemm();

  /// Packs rows [0, rows) of the source; in parallel, so the source is called from several threads.
  std::unique_ptr<PackedMatrix> pack(std::int64_t rows, std::int64_t cols, const RowSource& source);

  /// input is [rows.total()][w.cols()] in the compute type; `done` is called once for each tile, from any thread.
  void run(const PackedMatrix& w, const void* input, const Rows& rows,
           const std::function<void(const GemmTile&)>& done);

 private:
  struct Shape;   // the primitives of one K
  struct Worker;  // what a thread owns
  Shape& shape(std::int64_t cols);

  Compute compute_;
  core::ThreadPool& pool_;
  dnnl::engine engine_;
  std::mutex mutex_;
  std::map<std::int64_t, std::unique_ptr<Shape>> shapes_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace chorus::model::cpu
