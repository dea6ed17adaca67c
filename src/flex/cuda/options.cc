#include "flex/cuda/options.h"

#include <fmt/format.h>

#include <cstdint>

#include "core/error.h"

namespace chorus::flex::cuda {
namespace {

void require(bool holds, std::string got, std::string expected, std::string todo = "") {
  if (!holds)
    throw Error(ErrorKind::usage, "attention on a GPU: " + std::move(got), std::move(expected),
                std::move(todo));
}

void check_alignment(const Placement& t) {
  if (t.extents.batch == 0 || t.extents.heads == 0 || t.extents.rows == 0) return;
  require(reinterpret_cast<std::uintptr_t>(t.data) % 16 == 0, fmt::format("{} at {}", t.name, t.data),
          "an address that is a multiple of 16");
  require(t.batch_stride % 8 == 0 && t.head_stride % 8 == 0 && t.row_stride % 8 == 0,
          fmt::format("{} with strides {}, {}, {}", t.name, t.batch_stride, t.head_stride, t.row_stride),
          "multiples of 8 elements");
}

void check_block_mask(const BlockMaskShape& m, const Extents& q, const Extents& k, Index q_offset) {
  require(m.q_length == q.rows && m.kv_length == k.rows && m.q_offset == q_offset,
          fmt::format("a block mask of {} rows from {}, {} keys", m.q_length, m.q_offset, m.kv_length),
          fmt::format("{} rows from {}, {} keys", q.rows, q_offset, k.rows));
  require((m.batch == 1 || m.batch == q.batch) && (m.heads == 1 || m.heads == q.heads),
          fmt::format("a block mask of batch {}, {} heads", m.batch, m.heads),
          fmt::format("1 or {}, 1 or {}", q.batch, q.heads));
}

}  // namespace

void check_call(const Placement& q, const Placement& k, const Placement& v, const Placement& out,
                const Options& options) {
  check_attention(q.extents, k.extents, v.extents, out.extents,
                  {.scale = options.scale, .q_offset = options.q_offset});
  require(q.extents.dim <= 128 && v.extents.dim <= 128,
          fmt::format("head dims {} and {}", q.extents.dim, v.extents.dim), "at most 128");
  require(!options.scale || *options.scale > 0, fmt::format("scale {}", options.scale.value_or(0)),
          "a positive number", "put other factors into a score mod");
  for (const Placement& t : {q, k, v, out}) check_alignment(t);
  if (options.block_mask != nullptr)
    check_block_mask(options.block_mask->shape(), q.extents, k.extents, options.q_offset);
}

}  // namespace chorus::flex::cuda
