#include "model/cpu/gemm.h"

#include <omp.h>

#include <algorithm>

#include "core/dtype.h"
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

}  // namespace

/// The two primitives of one K, for prefill and decode tiles, over weights in one common layout.
struct Gemm::Shape {
  struct Kind {
    dnnl::matmul::primitive_desc desc;
    dnnl::matmul primitive;
  };
  memory::desc weights;
  Kind prefill, decode;
};

struct Gemm::Worker {
  explicit Worker(const dnnl::engine& engine) : stream(engine) {}
  dnnl::stream stream;
  core::AlignedBuffer<std::byte> scratch;
  core::AlignedBuffer<float> tile{static_cast<std::size_t>(kPrefillTile * kBlockColumns)};

  void* scratchpad(std::size_t bytes) {
    if (scratch.size() < bytes) scratch = core::AlignedBuffer<std::byte>(bytes);
    return scratch.data();
  }
};

std::size_t PackedMatrix::bytes() const {
  std::size_t total = 0;
  for (const memory& block : blocks_) total += block.get_desc().get_size();
  return total;
}

Gemm::Gemm(Compute compute, core::ThreadPool& pool)
    : compute_(compute), pool_(pool), engine_(dnnl::engine::kind::cpu, 0) {
  for (int i = 0; i < pool.size(); ++i) workers_.push_back(std::make_unique<Worker>(engine_));
}

Gemm::~Gemm() = default;

Gemm::Shape& Gemm::shape(std::int64_t cols) {
  const std::lock_guard lock(mutex_);
  auto& found = shapes_[cols];
  if (found) return *found;
  // A primitive is made for as many threads as OpenMP would give it: one.
  omp_set_num_threads(1);
  const auto type = type_of(compute_);
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const auto make = [&](std::int64_t tile, const memory::desc& weights) {
    const memory::desc in({tile, cols}, type, memory::format_tag::ab);
    const memory::desc out({tile, kBlockColumns}, memory::data_type::f32, memory::format_tag::ab);
    Shape::Kind kind;
    kind.desc = dnnl::matmul::primitive_desc({in, weights, out}, attr, engine_);
    kind.primitive = dnnl::matmul(kind.desc);
    return kind;
  };
  found = std::make_unique<Shape>();
  found->prefill = make(kPrefillTile, memory::desc({cols, kBlockColumns}, type, memory::format_tag::any));
  found->weights = found->prefill.desc.weights_desc();
  found->decode = make(kDecodeTile, found->weights);
  return *found;
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
    memory in(plain, engine_, from), out(kinds.weights, engine_);
    dnnl::stream& stream = workers_[static_cast<std::size_t>(thread)]->stream;
    dnnl::reorder(in, out).execute(stream, in, out);
    stream.wait();
    packed->blocks_[static_cast<std::size_t>(block)] = out;
  });
  return packed;
}

void Gemm::run(const PackedMatrix& w, const void* input, const Rows& rows,
               const std::function<void(const GemmTile&)>& done) {
  const Shape& kinds = shape(w.cols());
  const std::int64_t prefill = rows.decode_begin() / kPrefillTile;
  const std::int64_t tiles = prefill + (rows.total() - rows.decode_begin()) / kDecodeTile;
  const auto* bytes = static_cast<const std::byte*>(input);
  // Tiles of one weight block are neighbours, so that the block is read from memory once.
  pool_.parallel_for(tiles * w.blocks(), [&](std::int64_t index, int thread) {
    const std::int64_t block = index / tiles, tile = index % tiles;
    const bool is_prefill = tile < prefill;
    const Shape::Kind& kind = is_prefill ? kinds.prefill : kinds.decode;
    const std::int64_t row =
        is_prefill ? tile * kPrefillTile : rows.decode_begin() + (tile - prefill) * kDecodeTile;
    Worker& worker = *workers_[static_cast<std::size_t>(thread)];
    omp_set_num_threads(1);
    const auto offset = static_cast<std::size_t>(row * w.cols()) * size_of(compute_);
    memory in(kind.desc.src_desc(), engine_, const_cast<std::byte*>(bytes + offset));
    memory out(kind.desc.dst_desc(), engine_, worker.tile.data());
    memory scratch(kind.desc.scratchpad_desc(), engine_,
                   worker.scratchpad(kind.desc.scratchpad_desc().get_size()));
    kind.primitive.execute(worker.stream, {{DNNL_ARG_SRC, in},
                                           {DNNL_ARG_WEIGHTS, w.blocks_[static_cast<std::size_t>(block)]},
                                           {DNNL_ARG_DST, out},
                                           {DNNL_ARG_SCRATCHPAD, scratch}});
    done({.row = row,
          .rows = is_prefill ? kPrefillTile : kDecodeTile,
          .block = block,
          .values = worker.tile.data()});
  });
}

}  // namespace chorus::model::cpu
