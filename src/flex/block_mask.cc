#include "flex/block_mask.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "core/error.h"

namespace chorus::flex {
namespace {

std::size_t index(Index i) {
  return static_cast<std::size_t>(i);
}

[[noreturn]] void refuse(std::string got, std::string expected) {
  throw Error(ErrorKind::usage, "block mask: " + std::move(got), std::move(expected), "");
}

/// Of block `i`, or of blocks [i, last]; wide, for the last block's end may pass the largest Index.
Range range_of_blocks(Index i, Index last, Index size, Index length) {
  const std::int64_t end = (std::int64_t{last} + 1) * size;
  return {i * size, static_cast<Index>(std::min<std::int64_t>(end, length))};
}

/// Division by a block size. Nearly all are powers of two, and then it is a shift.
class Divider {
 public:
  explicit Divider(Index by)
      : by_(by),
        shift_(std::has_single_bit(static_cast<unsigned>(by)) ? std::countr_zero(static_cast<unsigned>(by))
                                                              : -1) {}
  Index operator()(Index i) const { return shift_ >= 0 ? i >> shift_ : i / by_; }

 private:
  Index by_;
  int shift_;
};

/// Appends to the runs that begin at `first`; joins what touches and is of one kind.
void add_run(std::vector<BlockRun>& runs, std::size_t first, BlockRun run) {
  if (run.begin >= run.end || run.kind == BlockKind::empty) return;
  if (runs.size() > first && runs.back().end == run.begin && runs.back().kind == run.kind)
    runs.back().end = run.end;
  else
    runs.push_back(run);
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

Range BlockMask::keys_of(Range columns) const {
  return range_of_blocks(columns.begin, columns.end - 1, shape_.kv_block, shape_.kv_length);
}

// Every block that `any` touches is stored; it is full if one range of `all` covers it, which lies in one of `any`.
void BlockMask::add_runs(const SeenKeys& seen, std::vector<BlockRun>& runs) const {
  const Index columns = column_blocks();
  const Divider column_of(shape_.kv_block);
  const std::size_t first = runs.size();
  std::size_t next = 0;
  Index column = 0;
  for (const Range any : seen.any) {
    column = std::max(column, column_of(any.begin));
    const Index end = column_of(any.end - 1) + 1;
    for (; next < seen.all.size() && seen.all[next].begin < any.end; ++next) {
      const Range all = seen.all[next];
      const Range full{all.begin == 0 ? 0 : column_of(all.begin - 1) + 1,
                       all.end == shape_.kv_length ? columns : column_of(all.end)};
      if (full.begin >= full.end) continue;
      add_run(runs, first, {column, full.begin, BlockKind::partial});
      add_run(runs, first, {full.begin, full.end, BlockKind::full});
      column = full.end;
    }
    add_run(runs, first, {column, end, BlockKind::partial});
    column = end;
  }
}

// Looks pair by pair at the partial blocks of the row whose runs begin at `first`.
void BlockMask::settle_open_blocks(const Rule& rule, Index b, Index h, Range q, std::vector<BlockRun>& runs,
                                   std::size_t first) const {
  const std::vector<BlockRun> open(runs.begin() + static_cast<std::ptrdiff_t>(first), runs.end());
  runs.resize(first);
  for (const BlockRun run : open) {
    if (run.kind == BlockKind::full) {
      add_run(runs, first, run);
      continue;
    }
    for (Index c = run.begin; c < run.end; ++c)
      add_run(runs, first, {c, c + 1, rule.by_pairs(b, h, q, keys_of({c, c + 1}))});
  }
}

// Block rows of the query rows [rows.begin, rows.end), of which the first may begin inside a block.
BlockMask::Plane BlockMask::rows_by(const Rule& rule, Index b, Index h, Range rows) const {
  Plane plane;
  const auto blocks = index(blocks_of(rows.end - rows.begin, shape_.q_block)) + 1;
  plane.begin.reserve(blocks + 1);
  plane.runs.reserve(3 * blocks);
  SeenKeys seen;
  for (Index from = rows.begin; from < rows.end;) {
    const Index block = from / shape_.q_block;
    const Range r{from, range_of_blocks(block, block, shape_.q_block, rows.end).end};
    const Range q{r.begin + shape_.q_offset, r.end + shape_.q_offset};
    const std::size_t first = plane.runs.size();
    if (shape_.kv_length > 0) {
      seen.clear();
      rule.seen(b, h, q, {0, shape_.kv_length}, seen);
      add_runs(seen, plane.runs);
      if (rule.by_pairs) settle_open_blocks(rule, b, h, q, plane.runs, first);
    }
    plane.begin.push_back(plane.runs.size());
    from = r.end;
  }
  return plane;
}

// Opaque block rows are shared out singly, structured ones by the hundred: they cost too little to hand around.
void BlockMask::grow(Index rows, core::ThreadPool* pool, const Rule& rule) {
  if (rows < 0 || rows > std::numeric_limits<Index>::max() - shape_.q_offset - shape_.q_length)
    refuse(fmt::format("{} rows added to {} from {}", rows, shape_.q_length, shape_.q_offset),
           "0 or more, and below 2^31 at the last");
  if (rows == 0) return;
  const Index q_length = shape_.q_length + rows;
  if (rule.check_reach && shape_.kv_length > 0)
    rule.check_reach({shape_.batch, shape_.heads, shape_.q_offset + q_length, shape_.kv_length});
  const Index first_row = shape_.q_length, first_block = first_row / shape_.q_block;
  const Index blocks = blocks_of(q_length, shape_.q_block) - first_block;
  const Index share = pool == nullptr ? blocks : std::min<Index>(blocks, rule.by_pairs ? 1 : 256);
  const std::int64_t shares = blocks_of(blocks, share), pieces = std::ssize(planes_) * shares;
  std::vector<Plane> fresh(static_cast<std::size_t>(pieces));
  const auto make = [&](std::int64_t piece, int) {
    const auto plane = static_cast<Index>(piece / shares);
    const Index block = first_block + static_cast<Index>(piece % shares) * share;
    Range fresh_rows =
        range_of_blocks(block, std::min(block + share, first_block + blocks) - 1, shape_.q_block, q_length);
    fresh_rows.begin = std::max(fresh_rows.begin, first_row);
    fresh[static_cast<std::size_t>(piece)] =
        rows_by(rule, plane / shape_.heads, plane % shape_.heads, fresh_rows);
  };
  if (pool != nullptr)
    pool->parallel_for(pieces, make);
  else
    for (std::int64_t piece = 0; piece < pieces; ++piece) make(piece, 0);
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    Plane& plane = planes_[static_cast<std::size_t>(piece / shares)];
    Plane& part = fresh[static_cast<std::size_t>(piece)];
    if (plane.begin.size() == 1) {
      plane = std::move(part);
      continue;
    }
    std::size_t row = 0;
    if (piece % shares == 0 && first_row % shape_.q_block != 0) {
      join_last_row(plane, std::span(part.runs).first(part.begin[1]));
      row = 1;
    }
    const std::size_t base = plane.runs.size() - part.begin[row];
    plane.runs.insert(plane.runs.end(), part.runs.begin() + static_cast<std::ptrdiff_t>(part.begin[row]),
                      part.runs.end());
    for (++row; row < part.begin.size(); ++row) plane.begin.push_back(base + part.begin[row]);
  }
  shape_.q_length = q_length;
}

// Runs as keys: what is stored may be seen, what is full is.
void BlockMask::seen_by(std::span<const BlockRun> runs, SeenKeys& out) const {
  for (const BlockRun run : runs) {
    const Range keys = keys_of({run.begin, run.end});
    out.add(keys, run.kind == BlockKind::full ? keys : Range{});
  }
}

void BlockMask::join_last_row(Plane& plane, std::span<const BlockRun> fresh) const {
  const std::size_t first = plane.begin[plane.begin.size() - 2];
  SeenKeys old, added, both;
  seen_by(std::span(plane.runs).subspan(first), old);
  seen_by(fresh, added);
  join_rows(old, added, both);
  plane.runs.resize(first);
  add_runs(both, plane.runs);
  plane.begin.back() = plane.runs.size();
}

BlockMask BlockMask::slice(Range rows, Range keys) const {
  const auto inside = [](Range range, Index length) {
    return 0 <= range.begin && range.begin <= range.end && range.end <= length;
  };
  if (!inside(rows, shape_.q_length) || !inside(keys, shape_.kv_length))
    refuse(fmt::format("slice of rows {} to {}, keys {} to {}", rows.begin, rows.end, keys.begin, keys.end),
           fmt::format("ranges within {} rows and {} keys", shape_.q_length, shape_.kv_length));
  BlockMaskShape shape = shape_;
  shape.q_length = rows.size();
  shape.kv_length = keys.size();
  shape.q_offset += rows.begin;
  BlockMask part(shape);
  Rule rule;
  rule.seen = [&](Index b, Index h, Range q, Range, SeenKeys& out) {
    const Index first = (q.begin - shape_.q_offset) / shape_.q_block,
                last = (q.end - 1 - shape_.q_offset) / shape_.q_block;
    SeenKeys seen;
    seen_by(row(b, h, first), seen);
    for (Index r = first + 1; r <= last; ++r) {
      SeenKeys here, joined;
      seen_by(row(b, h, r), here);
      join_rows(seen, here, joined);
      seen.assign(joined);
    }
    const auto move = [&](const KeyRanges& list, KeyRanges& to) {
      for (const Range range : list) {
        const Range cut = clip_keys(range.begin, range.end - std::int64_t{1}, keys);
        if (cut.size() > 0) to.add({cut.begin - keys.begin, cut.end - keys.begin});
      }
    };
    move(seen.any, out.any);
    move(seen.all, out.all);
  };
  part.grow(rows.size(), nullptr, rule);
  return part;
}

const BlockMask::Plane& BlockMask::plane(Index b, Index h) const {
  if (b < 0 || h < 0 || (shape_.batch != 1 && b >= shape_.batch) || (shape_.heads != 1 && h >= shape_.heads))
    refuse(fmt::format("batch {}, head {}", b, h),
           fmt::format("below {} and {}, or a mask of 1 for all", shape_.batch, shape_.heads));
  return planes_[index(shape_.batch == 1 ? 0 : b) * index(shape_.heads) + index(shape_.heads == 1 ? 0 : h)];
}

std::span<const BlockRun> BlockMask::row(Index b, Index h, Index row_block) const {
  const Plane& p = plane(b, h);
  if (row_block < 0 || row_block >= row_blocks())
    refuse(fmt::format("block row {}", row_block), fmt::format("0 or more, below {}", row_blocks()));
  const std::size_t first = p.begin[index(row_block)];
  return std::span(p.runs).subspan(first, p.begin[index(row_block) + 1] - first);
}

BlockKind BlockMask::at(Index b, Index h, Index row_block, Index column) const {
  const auto runs = row(b, h, row_block);
  if (column < 0 || column >= column_blocks())
    refuse(fmt::format("block column {}", column), fmt::format("0 or more, below {}", column_blocks()));
  const auto found =
      std::partition_point(runs.begin(), runs.end(), [&](const BlockRun& run) { return run.end <= column; });
  return found != runs.end() && found->begin <= column ? found->kind : BlockKind::empty;
}

BlockMaskArrays BlockMask::arrays() const {
  BlockMaskArrays arrays;
  std::size_t runs = 0;
  for (const Plane& p : planes_) runs += p.runs.size();
  if (runs > index(std::numeric_limits<Index>::max()))
    refuse(fmt::format("{} runs", runs), "fewer than 2^31");
  arrays.runs.reserve(runs);
  arrays.row_begin.reserve(planes_.size() * index(row_blocks()) + 1);
  arrays.row_begin.push_back(0);
  for (const Plane& p : planes_) {
    const std::size_t base = arrays.runs.size();
    arrays.runs.insert(arrays.runs.end(), p.runs.begin(), p.runs.end());
    for (std::size_t r = 1; r < p.begin.size(); ++r)
      arrays.row_begin.push_back(static_cast<Index>(base + p.begin[r]));
  }
  arrays.shape = {.batch = shape_.batch,
                  .heads = shape_.heads,
                  .q_length = shape_.q_length,
                  .kv_length = shape_.kv_length,
                  .q_offset = shape_.q_offset,
                  .q_block = shape_.q_block,
                  .kv_block = shape_.kv_block,
                  .row_blocks = row_blocks(),
                  .column_blocks = column_blocks()};
  return arrays;
}

std::vector<BlockKind> BlockMask::to_dense(Index b, Index h) const {
  std::vector<BlockKind> dense(index(row_blocks()) * index(column_blocks()), BlockKind::empty);
  for (Index r = 0; r < row_blocks(); ++r)
    for (const BlockRun run : row(b, h, r))
      std::fill_n(dense.begin() + std::int64_t{r} * column_blocks() + run.begin, run.end - run.begin,
                  run.kind);
  return dense;
}

std::int64_t BlockMask::count(BlockKind kind) const {
  std::int64_t stored = 0;
  for (const Plane& p : planes_)
    for (const BlockRun run : p.runs)
      if (kind == BlockKind::empty || run.kind == kind) stored += run.end - run.begin;
  if (kind != BlockKind::empty) return stored;
  return std::ssize(planes_) * row_blocks() * column_blocks() - stored;
}

double BlockMask::sparsity() const {
  const std::int64_t all = std::ssize(planes_) * row_blocks() * column_blocks();
  return all == 0 ? 0.0 : static_cast<double>(count(BlockKind::empty)) / static_cast<double>(all);
}

std::string BlockMask::to_string(Index b, Index h, Index side) const {
  if (side < 1) refuse(fmt::format("drawn in {} cells", side), "1 or more");
  const Index across = std::max<Index>(1, blocks_of(column_blocks(), side)),
              down = std::max<Index>(1, blocks_of(row_blocks(), side));
  std::string text =
      fmt::format("BlockMask {} x {} in blocks of {} x {}, {:.1f} % empty{}\n", shape_.q_length,
                  shape_.kv_length, shape_.q_block, shape_.kv_block, 100 * sparsity(),
                  across * down == 1 ? "" : fmt::format("; a cell is {} x {} blocks", down, across));
  for (Index r = 0; r < row_blocks(); r += down) {
    for (Index c = 0; c < column_blocks(); c += across) {
      BlockKind cell = at(b, h, r, c);
      for (Index i = r; i < std::min(r + down, row_blocks()) && cell != BlockKind::partial; ++i)
        for (Index j = c; j < std::min(c + across, column_blocks()); ++j)
          if (at(b, h, i, j) != cell) cell = BlockKind::partial;
      text += cell == BlockKind::full ? "\u25a0" : cell == BlockKind::partial ? "\u25e7" : "\u00b7";
    }
    text += '\n';
  }
  return text;
}

void BlockMask::validate() const {
  for (const Plane& p : planes_) {
    if (p.begin.size() != index(row_blocks()) + 1 || p.begin.back() != p.runs.size())
      refuse(fmt::format("{} block rows", p.begin.size() - 1), fmt::format("{}", row_blocks()));
    for (std::size_t r = 0; r + 1 < p.begin.size(); ++r)
      for (std::size_t i = p.begin[r]; i < p.begin[r + 1]; ++i) {
        const BlockRun run = p.runs[i];
        const Index least = i > p.begin[r] ? p.runs[i - 1].end : 0;
        if (run.begin < least || run.end <= run.begin || run.end > column_blocks() ||
            run.kind == BlockKind::empty)
          refuse(fmt::format("columns {} to {} in block row {}", run.begin, run.end, r),
                 fmt::format("{} to {}, full or partial", least, column_blocks()));
      }
  }
}

}  // namespace chorus::flex
