// Matrix products y = W x, every row's sum over K in one order whatever shares its batch. Prefill rows go through
// oneDNN in tiles of one fixed shape, inside one thread each; decode rows through our kernel, which reads weights once for
// up to 16 rows (where the processor lacks it: oneDNN tiles of 16). Our pool spreads the work over threads.
//
//   const auto w = gemm.pack(rows, cols, source);
//   gemm.run(*w, input, batch.rows, [&](const GemmTile& tile) { ... });
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
#include "model/cpu/decode_kernel.h"

namespace chorus::model::cpu {

/// Output columns of one tile: a weight block of it (K = 576, bf16: 216 KiB) stays in the L2 cache.
inline constexpr std::int64_t kBlockColumns = 192;

/// A weight matrix as blocks of kBlockColumns output columns, the last one padded with zeros.
class PackedMatrix final : public Matrix {
 public:
  std::int64_t rows() const override { return rows_; }
  std::int64_t cols() const override { return cols_; }
  std::int64_t blocks() const { return static_cast<std::int64_t>(blocks_.size()); }

 private:
  friend class Gemm;
  std::int64_t rows_ = 0, cols_ = 0;
  std::vector<dnnl::memory> blocks_;
};

/// One finished tile: values[r * kBlockColumns + c] belongs to batch row row + r and output column column + c, c < columns;
/// columns is a multiple of kStrip and may reach past the matrix's last row.
struct GemmTile {
  std::int64_t row = 0, rows = 0, column = 0, columns = 0;
  const float* values = nullptr;
};

class Gemm {
 public:
  Gemm(Compute compute, core::ThreadPool& pool);
  ~Gemm();

  /// Packs rows [0, rows) of the source; in parallel, so the source is called from several threads. Throws Error(device)
  /// when oneDNN has no such product for this processor, or no memory for the matrix.
  std::unique_ptr<PackedMatrix> pack(std::int64_t rows, std::int64_t cols, const RowSource& source);

  /// input is [rows.total()][w.cols()] in the compute type; `done` is called once for each tile, from any thread.
  void run(const PackedMatrix& w, const void* input, const Rows& rows,
           const std::function<void(const GemmTile&)>& done);

 private:
  struct Kind {  // a primitive for tiles of one number of rows
    dnnl::matmul::primitive_desc desc;
    dnnl::matmul primitive;
  };
  struct Shape;   // what belongs to one K
  struct Worker;  // what a thread owns
  using Done = std::function<void(const GemmTile&)>;
  Shape& shape(std::int64_t cols);
  void make(Shape& shape, std::int64_t cols) const;
  dnnl::memory reordered(const dnnl::memory::desc& plain, void* from, const dnnl::memory::desc& packed,
                         dnnl::stream& stream) const;
  void run_tiles(const PackedMatrix& w, const Kind& kind, const std::byte* input, std::int64_t first_row,
                 std::int64_t tiles, std::int64_t tile_rows, const Done& done);
  void run_strips(const PackedMatrix& w, const Shape& kinds, const std::byte* input, const Rows& rows,
                  const Done& done);

  Compute compute_;
  core::ThreadPool& pool_;
  dnnl::engine engine_;
  std::mutex mutex_;
  std::map<std::int64_t, std::unique_ptr<Shape>> shapes_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace chorus::model::cpu
