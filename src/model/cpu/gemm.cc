#include "model/cpu/gemm.h"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>

#include "core/dtype.h"
#include "core/error.h"
#include "core/tensor.h"
#include "model/cpu/elementwise.h"

namespace chorus::model::cpu {
namespace {

using dnnl::memory;

memory::data_type type_of(Compute compute) {
  return compute == Compute::bf16 ? memory::data_type::bf16 : memory::data_type::f32;
}

std::size_t size_of(Compute compute) {
  return compute == Compute::bf16 ? sizeof(core::bf16) : sizeof(float);
}

/// Whether oneDNN chose [strip][k / 2][64][2] (bf16) or [strip][k][64] (f32), and the processor has our kernel for it.
bool is_in_strips(const memory::desc& weights, std::int64_t cols, Compute compute) {
  const dnnl_blocking_desc_t& b = weights.data.format_desc.blocking;
  const bool bf16 = compute == Compute::bf16;
  if (!(bf16 ? has_decode_kernel_bf16() : has_decode_kernel_f32()) || (bf16 && cols % 2 != 0)) return false;
  if (weights.data.format_kind != dnnl_blocked || b.inner_nblks != (bf16 ? 3 : 2)) return false;
  const bool inner = b.inner_idxs[0] == 0 && b.inner_blks[1] == kStrip && b.inner_idxs[1] == 1 &&
                     (!bf16 || (b.inner_blks[2] == 2 && b.inner_idxs[2] == 0));
  const std::int64_t block = b.inner_blks[0] * kStrip * (bf16 ? 2 : 1);
  return inner && b.strides[0] == block && weights.data.padded_dims[1] == kBlockColumns &&
         b.strides[1] == weights.data.padded_dims[0] * kStrip;
}

}  // namespace

/// The primitives of one K, for prefill and decode tiles, over weights in one common layout.
struct Gemm::Shape {
  memory::desc weights;
  Kind prefill, decode;
  bool strips = false;  // the layout is the one decode_product reads
  std::int64_t strip_bytes = 0;
};

/// What one thread owns: a stream, and the operands of each primitive, whose data it sets before every call.
struct Gemm::Worker {
  struct Operands {
    memory in, out, scratchpad;
    core::AlignedBuffer<std::byte> scratch;
  };
  Worker(const dnnl::engine& of, core::AlignedBuffer<float> values)
      : engine(of), stream(of), tile(std::move(values)) {}

  Operands& operands(const Kind& kind) {
    auto& found = known[&kind];
    if (!found.in) {
      found.scratch = core::AlignedBuffer<std::byte>(kind.desc.scratchpad_desc().get_size());
      found.in = memory(kind.desc.src_desc(), engine, nullptr);
      found.out = memory(kind.desc.dst_desc(), engine, tile.data());
      found.scratchpad = memory(kind.desc.scratchpad_desc(), engine, found.scratch.data());
    }
    return found;
  }
  void multiply(const Kind& kind, const memory& weights, const std::byte* input) {
    Operands& o = operands(kind);
    o.in.set_data_handle(const_cast<std::byte*>(input));
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, o.in.get()},
                                         {DNNL_ARG_WEIGHTS, weights.get()},
                                         {DNNL_ARG_DST, o.out.get()},
                                         {DNNL_ARG_SCRATCHPAD, o.scratchpad.get()}};
    dnnl::error::wrap_c_api(
        dnnl_primitive_execute(kind.primitive.get(), stream.get(), std::size(arguments), arguments),
        "a matrix product failed");
  }

  dnnl::engine engine;
  dnnl::stream stream;
  core::AlignedBuffer<float> tile;
  std::unordered_map<const Kind*, Operands> known;
};

Gemm::Gemm(Compute compute, core::ThreadPool& pool)
    : compute_(compute), pool_(pool), engine_(dnnl::engine::kind::cpu, 0) {
  for (int i = 0; i < pool.size(); ++i)
    workers_.push_back(std::make_unique<Worker>(
        engine_, core::AlignedBuffer<float>(static_cast<std::size_t>(kPrefillTile * kBlockColumns))));
}

Gemm::~Gemm() = default;

Gemm::Shape& Gemm::shape(std::int64_t cols) {
  const std::lock_guard lock(mutex_);
  auto& found = shapes_[cols];
  if (found) return *found;
  auto made = std::make_unique<Shape>();
  try {
    make(*made, cols);
  } catch (const dnnl::error& error) {
    throw Error(
        ErrorKind::device,
        fmt::format("no {} matrix product: {}", compute_ == Compute::bf16 ? "bf16" : "f32", error.what()),
        "a processor that oneDNN multiplies it on", "use --dtype f32");
  }
  found = std::move(made);
  return *found;
}

void Gemm::make(Shape& shape, std::int64_t cols) const {
  // A primitive is made for as many threads as OpenMP would give it: one.
  omp_set_num_threads(1);
  const auto type = type_of(compute_);
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const auto tiles_of = [&](std::int64_t tile, const memory::desc& weights) {
    const memory::desc in({tile, cols}, type, memory::format_tag::ab);
    const memory::desc out({tile, kBlockColumns}, memory::data_type::f32, memory::format_tag::ab);
    Kind kind;
    kind.desc = dnnl::matmul::primitive_desc({in, weights, out}, attr, engine_);
    kind.primitive = dnnl::matmul(kind.desc);
    return kind;
  };
  shape.prefill = tiles_of(kPrefillTile, memory::desc({cols, kBlockColumns}, type, memory::format_tag::any));
  shape.weights = shape.prefill.desc.weights_desc();
  shape.decode = tiles_of(kDecodeTile, shape.weights);
  shape.strips = is_in_strips(shape.weights, cols, compute_);
  shape.strip_bytes = static_cast<std::int64_t>(shape.weights.get_size()) / (kBlockColumns / kStrip);
}

memory Gemm::reordered(const memory::desc& plain, void* from, const memory::desc& packed,
                       dnnl::stream& stream) const {
  try {
    memory in(plain, engine_, from), out(packed, engine_);
    dnnl::reorder(in, out).execute(stream, in, out);
    stream.wait();
    return out;
  } catch (const dnnl::error& error) {  // a failed allocation, most of all
    throw Error(ErrorKind::device, fmt::format("a weight matrix was not packed: {}", error.what()),
                "memory for the weights", "use a smaller model, or a machine with more memory");
  }
}

std::unique_ptr<PackedMatrix> Gemm::pack(std::int64_t rows, std::int64_t cols, const RowSource& source) {
  const Shape& kinds = shape(cols);
  auto packed = std::make_unique<PackedMatrix>();
  packed->rows_ = rows;
  packed->cols_ = cols;
  packed->blocks_.resize(static_cast<std::size_t>((rows + kBlockColumns - 1) / kBlockColumns));
  const memory::desc plain({cols, kBlockColumns}, type_of(compute_), memory::format_tag::ba);
  pool_.parallel_for(packed->blocks(), [&](std::int64_t block, int thread) {
    omp_set_num_threads(1);
    const std::int64_t first = block * kBlockColumns, count = std::min(kBlockColumns, rows - first);
    std::vector<float> values(static_cast<std::size_t>(kBlockColumns * cols));
    source(first, count, values.data());
    std::vector<core::bf16> narrowed;
    void* from = values.data();
    if (compute_ == Compute::bf16) {
      narrowed.resize(values.size());
      narrow(values, narrowed.data());
      from = narrowed.data();
    }
    packed->blocks_[static_cast<std::size_t>(block)] =
        reordered(plain, from, kinds.weights, workers_[static_cast<std::size_t>(thread)]->stream);
  });
  return packed;
}

void Gemm::run(const PackedMatrix& w, const void* input, const Rows& rows, const Done& done) {
  Shape& kinds = shape(w.cols());
  const auto* bytes = static_cast<const std::byte*>(input);
  run_tiles(w, kinds.prefill, bytes, 0, rows.decode_begin() / kPrefillTile, kPrefillTile, done);
  if (rows.decode == 0) return;
  if (kinds.strips) return run_strips(w, kinds, bytes, rows, done);
  const std::int64_t tiles = (rows.total() - rows.decode_begin()) / kDecodeTile;
  run_tiles(w, kinds.decode, bytes, rows.decode_begin(), tiles, kDecodeTile, done);
}

void Gemm::run_tiles(const PackedMatrix& w, const Kind& kind, const std::byte* input, std::int64_t first_row,
                     std::int64_t tiles, std::int64_t tile_rows, const Done& done) {
  // Tiles of one weight block are neighbours, so that the block is read from memory once.
  pool_.parallel_for(tiles * w.blocks(), [&](std::int64_t index, int thread) {
    const std::int64_t block = index / tiles, row = first_row + index % tiles * tile_rows;
    Worker& worker = *workers_[static_cast<std::size_t>(thread)];
    omp_set_num_threads(1);
    worker.multiply(kind, w.blocks_[static_cast<std::size_t>(block)],
                    input + static_cast<std::size_t>(row * w.cols()) * size_of(compute_));
    done({.row = row,
          .rows = tile_rows,
          .column = block * kBlockColumns,
          .columns = kBlockColumns,
          .values = worker.tile.data()});
  });
}

void Gemm::run_strips(const PackedMatrix& w, const Shape& kinds, const std::byte* input, const Rows& rows,
                      const Done& done) {
  constexpr std::int64_t kPerBlock = kBlockColumns / kStrip;
  const std::int64_t strips = (w.rows() + kStrip - 1) / kStrip;
  const auto strip_data = [&](std::int64_t strip) -> const std::byte* {
    if (strip >= strips) return nullptr;
    const memory& block = w.blocks_[static_cast<std::size_t>(strip / kPerBlock)];
    return static_cast<const std::byte*>(block.get_data_handle()) + strip % kPerBlock * kinds.strip_bytes;
  };
  // A task is a few strips in a row: while one is multiplied the next is fetched.
  const std::int64_t tasks = std::min(strips, std::int64_t{pool_.size()} * 4);
  pool_.parallel_for(tasks, [&](std::int64_t task, int thread) {
    float* values = workers_[static_cast<std::size_t>(thread)]->tile.data();
    for (std::int64_t strip = strips * task / tasks, end = strips * (task + 1) / tasks; strip < end;
         ++strip) {
      const std::byte* data = strip_data(strip);
      for (std::int64_t r = 0; r < rows.decode; r += kDecodeTile) {
        const std::int64_t row = rows.decode_begin() + r, count = std::min(kDecodeTile, rows.decode - r);
        const std::byte* from = input + static_cast<std::size_t>(row * w.cols()) * size_of(compute_);
        const std::byte* ahead = r + kDecodeTile >= rows.decode ? strip_data(strip + 1) : nullptr;
        if (compute_ == Compute::bf16)
          decode_product(reinterpret_cast<const core::bf16*>(from), reinterpret_cast<const core::bf16*>(data),
                         w.cols(), count, values, kBlockColumns, ahead);
        else
          decode_product(reinterpret_cast<const float*>(from), reinterpret_cast<const float*>(data), w.cols(),
                         count, values, kBlockColumns, ahead);
        done({.row = row, .rows = count, .column = strip * kStrip, .columns = kStrip, .values = values});
      }
    }
  });
}

}  // namespace chorus::model::cpu
