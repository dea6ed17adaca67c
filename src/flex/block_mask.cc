#include "flex/block_mask.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"

namespace chorus::flex {
namespace {

std::size_t index(Index i) {
  return static_cast<std::size_t>(i);
}

[[noreturn]] void refuse(std::string got, std::string expected) {
  throw Error(ErrorKind::usage, "block mask: " + std::move(got), std::move(expected), "");
}

// The kind of a block made of two parts.
BlockKind join(BlockKind a, BlockKind b) {
  return a == b ? a : BlockKind::partial;
}

}  // namespace

BlockMask::BlockMask(const BlockMaskShape& shape) : shape_(shape) {
  if (shape.q_length < 0 || shape.kv_length < 0)
    refuse(fmt::format("{} x {} pairs", shape.q_length, shape.kv_length), "0 or more");
  if (shape.q_block < 1 || shape.kv_block < 1)
    refuse(fmt::format("blocks of {} x {}", shape.q_block, shape.kv_block), "1 or more");
  if (shape.batch < 1 || shape.heads < 1)
    refuse(fmt::format("batch {}, heads {}", shape.batch, shape.heads), "1 or more");
  planes_.resize(index(shape.batch) * index(shape.heads));
  shape_.q_length = 0;
}

void BlockMask::grow(Index q_length, core::ThreadPool* pool, const Classify& kind) {
  if (q_length == shape_.q_length) return;
  const Index first_row = shape_.q_length, first_block = first_row / shape_.q_block;
  const Index blocks = (q_length + shape_.q_block - 1) / shape_.q_block - first_block,
              columns = column_blocks();
  const std::int64_t planes = std::ssize(planes_);
  std::vector<std::vector<BlockKind>> fresh(index(blocks) * planes_.size());
  const auto rows_of = [&](std::int64_t i) {
    const Index block = first_block + static_cast<Index>(i % blocks);
    return Range{std::max(first_row, block * shape_.q_block),
                 std::min(q_length, (block + 1) * shape_.q_block)};
  };
  const auto classify_row = [&](std::int64_t i, int) {
    const auto plane = static_cast<Index>(i / blocks);
    const Range rows = rows_of(i);
    std::vector<BlockKind>& kinds = fresh[static_cast<std::size_t>(i)];
    kinds.resize(index(columns));
    for (Index c = 0; c < columns; ++c)
      kinds[index(c)] = kind(plane / shape_.heads, plane % shape_.heads,
                             {rows.begin + shape_.q_offset, rows.end + shape_.q_offset},
                             {c * shape_.kv_block, std::min(shape_.kv_length, (c + 1) * shape_.kv_block)});
  };
  if (pool != nullptr)
    pool->parallel_for(planes * blocks, classify_row);
  else
    for (std::int64_t i = 0; i < planes * blocks; ++i) classify_row(i, 0);
  for (std::int64_t i = 0; i < planes * blocks; ++i)
    add_row(planes_[static_cast<std::size_t>(i / blocks)], first_block + static_cast<Index>(i % blocks),
            rows_of(i), fresh[static_cast<std::size_t>(i)]);
  shape_.q_length = q_length;
}

void BlockMask::add_row(Plane& plane, Index row_block, Range rows, const std::vector<BlockKind>& fresh) {
  std::vector<BlockKind> kinds = fresh;
  if (rows.begin > row_block * shape_.q_block) {  // the block row was begun before
    std::vector<BlockKind> old(kinds.size(), BlockKind::empty);
    for (std::size_t i = plane.begin[index(row_block)]; i < plane.blocks.size(); ++i)
      old[index(plane.blocks[i].column)] = plane.blocks[i].kind;
    std::transform(kinds.begin(), kinds.end(), old.begin(), kinds.begin(), join);
    plane.blocks.resize(plane.begin[index(row_block)]);
    plane.begin.pop_back();
  }
  for (std::size_t c = 0; c < kinds.size(); ++c)
    if (kinds[c] != BlockKind::empty) plane.blocks.push_back({static_cast<Index>(c), kinds[c]});
  plane.begin.push_back(plane.blocks.size());
}

const BlockMask::Plane& BlockMask::plane(Index b, Index h) const {
  return planes_[index((shape_.batch == 1 ? 0 : b) * shape_.heads + (shape_.heads == 1 ? 0 : h))];
}

std::span<const BlockMask::Block> BlockMask::row(Index b, Index h, Index row_block) const {
  const Plane& p = plane(b, h);
  const std::size_t first = p.begin[index(row_block)];
  return std::span(p.blocks).subspan(first, p.begin[index(row_block) + 1] - first);
}

BlockKind BlockMask::at(Index b, Index h, Index row_block, Index column) const {
  const auto blocks = row(b, h, row_block);
  const auto found = std::lower_bound(blocks.begin(), blocks.end(), column,
                                      [](const Block& block, Index c) { return block.column < c; });
  return found != blocks.end() && found->column == column ? found->kind : BlockKind::empty;
}

std::vector<BlockKind> BlockMask::to_dense(Index b, Index h) const {
  std::vector<BlockKind> dense(index(row_blocks()) * index(column_blocks()), BlockKind::empty);
  for (Index r = 0; r < row_blocks(); ++r)
    for (const Block& block : row(b, h, r))
      dense[index(r) * index(column_blocks()) + index(block.column)] = block.kind;
  return dense;
}

std::int64_t BlockMask::count(BlockKind kind) const {
  std::int64_t stored = 0;
  for (const Plane& p : planes_)
    stored += kind == BlockKind::empty ? std::ssize(p.blocks)
                                       : std::count_if(p.blocks.begin(), p.blocks.end(),
                                                       [&](const Block& x) { return x.kind == kind; });
  if (kind != BlockKind::empty) return stored;
  return std::ssize(planes_) * row_blocks() * column_blocks() - stored;
}

double BlockMask::sparsity() const {
  const std::int64_t all = std::ssize(planes_) * row_blocks() * column_blocks();
  return all == 0 ? 0.0 : static_cast<double>(count(BlockKind::empty)) / static_cast<double>(all);
}

std::string BlockMask::to_string(Index b, Index h) const {
  std::string text = fmt::format("BlockMask {} x {} in blocks of {} x {}, {:.1f} % empty\n", shape_.q_length,
                                 shape_.kv_length, shape_.q_block, shape_.kv_block, 100 * sparsity());
  const std::vector<BlockKind> dense = to_dense(b, h);
  for (std::size_t i = 0; i < dense.size(); ++i) {
    text += dense[i] == BlockKind::full ? "\u25a0" : dense[i] == BlockKind::partial ? "\u25e7" : "\u00b7";
    if ((i + 1) % index(column_blocks()) == 0) text += '\n';
  }
  return text;
}

void BlockMask::validate() const {
  for (const Plane& p : planes_) {
    if (p.begin.size() != index(row_blocks()) + 1 || p.begin.back() != p.blocks.size())
      refuse(fmt::format("{} block rows", p.begin.size() - 1), fmt::format("{}", row_blocks()));
    for (std::size_t r = 0; r + 1 < p.begin.size(); ++r)
      for (std::size_t i = p.begin[r]; i < p.begin[r + 1]; ++i) {
        const Block& block = p.blocks[i];
        const Index least = i > p.begin[r] ? p.blocks[i - 1].column + 1 : 0;
        if (block.column < least || block.column >= column_blocks() || block.kind == BlockKind::empty)
          refuse(fmt::format("column {} in block row {}", block.column, r),
                 fmt::format("{} to {}, full or partial", least, column_blocks() - 1));
      }
  }
}

}  // namespace chorus::flex
