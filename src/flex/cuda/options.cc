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
    check_block_mask("attention on a GPU", options.block_mask->shape(), q.extents, k.extents,
                     options.q_offset);
}

}  // namespace chorus::flex::cuda
