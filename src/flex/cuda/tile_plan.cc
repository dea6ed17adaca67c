#include "flex/cuda/tile_plan.h"

#include <algorithm>
#include <array>
#include <span>

namespace chorus::flex::cuda {
namespace {

/// Runs of columns, walked in ascending order in steps of other width.
class Walk {
 public:
  struct Step {
    BlockKind kind = BlockKind::empty;
    Index until = 0;  // the first step that may be of another kind
  };
  /// Columns of `column` keys, steps of `step` keys, `length` keys in all.
  Walk(std::span<const BlockRun> runs, Index column, Index step, Index length)
      : runs_(runs), column_(column), step_(step), length_(length) {}

  Index steps() const { return (length_ + step_ - 1) / step_; }
  Step at(Index i) {
    const Range wanted{i * step_, std::min(length_, (i + 1) * step_)};
    while (next_ < runs_.size() && keys(runs_[next_]).end <= wanted.begin) ++next_;
    if (next_ == runs_.size()) return {BlockKind::empty, steps()};
    const Range run = keys(runs_[next_]);
    if (run.begin >= wanted.end) return {BlockKind::empty, std::max(i + 1, run.begin / step_)};
    if (run.begin <= wanted.begin && run.end >= wanted.end)
      return {runs_[next_].kind, run.end == length_ ? steps() : std::max(i + 1, run.end / step_)};
    return {BlockKind::partial, i + 1};
  }

 private:
  Range keys(const BlockRun& run) const {
    return {run.begin * column_, std::min(length_, run.end * column_)};
  }

  std::span<const BlockRun> runs_;
  Index column_, step_, length_;
  std::size_t next_ = 0;
};

class PlanMaker {
 public:
  explicit PlanMaker(const BlockMask& mask) : mask_(mask), shape_(mask.shape()) {}

  /// Adds the runs of a tile of rows; returns the work they are.
  Index add(Index plane, Index row_tile, std::vector<TileRun>& runs) {
    for (Index slab = 0; slab < kSlabs; ++slab)
      find_pieces(plane, row_tile * kTileRows + slab * kPieceRows, slab);
    const std::size_t first = runs.size();
    const Index tiles = (shape_.kv_length + kTileKeys - 1) / kTileKeys;
    std::array<std::size_t, static_cast<std::size_t>(kSlabs)> at{};
    Index work = 0;
    for (Index t = 0; t < tiles;) {
      const auto [kinds, until] = kinds_at(t, tiles, at);
      if (kinds.bits != 0) {
        if (runs.size() > first && runs.back().end == t && runs.back().kinds == kinds)
          runs.back().end = until;
        else
          runs.push_back({t, until, kinds});
        work += until - t;
      }
      t = until;
    }
    return work;
  }

 private:
  // Pieces of one slab as runs of kPieceKeys keys, the blocks of all its rows together.
  void find_pieces(Index plane, Index first_row, Index slab) {
    std::vector<BlockRun>& pieces = pieces_[static_cast<std::size_t>(slab)];
    pieces.clear();
    const Index past = std::min(shape_.q_length, first_row + kPieceRows);
    walks_.clear();
    for (Index block = first_row / shape_.q_block; block * shape_.q_block < past; ++block)
      walks_.emplace_back(mask_.row(plane / shape_.heads, plane % shape_.heads, block), shape_.kv_block,
                          kPieceKeys, shape_.kv_length);
    const Index whole = shape_.kv_length / kPieceKeys,
                all_pieces = (shape_.kv_length + kPieceKeys - 1) / kPieceKeys;
    if (first_row >= past) return;
    for (Index p = 0; p < all_pieces;) {
      Index until = p < whole ? whole : all_pieces;  // the piece that reaches past the last key stands alone
      bool any = false, all = p < whole;
      for (Walk& walk : walks_) {
        const Walk::Step step = walk.at(p);
        until = std::min(until, step.until);
        any |= step.kind != BlockKind::empty;
        all &= step.kind == BlockKind::full;
      }
      const BlockKind kind = all ? BlockKind::full : BlockKind::partial;
      if (any && !pieces.empty() && pieces.back().end == p && pieces.back().kind == kind)
        pieces.back().end = until;
      else if (any)
        pieces.push_back({p, until, kind});
      p = until;
    }
  }

  // The kinds of a tile's pieces, and the first tile that may have others. `at` is where each slab's walk stands.
  std::pair<PieceKinds, Index> kinds_at(Index tile, Index tiles, std::array<std::size_t, kSlabs>& at) const {
    PieceKinds kinds;
    Index until = tiles;
    for (Index slab = 0; slab < kSlabs; ++slab) {
      const std::vector<BlockRun>& pieces = pieces_[static_cast<std::size_t>(slab)];
      std::size_t& i = at[static_cast<std::size_t>(slab)];
      while (i < pieces.size() && pieces[i].end <= tile * kSteps) ++i;
      std::size_t j = i;
      for (Index step = 0; step < kSteps; ++step) {
        const Index piece = tile * kSteps + step;
        while (j < pieces.size() && pieces[j].end <= piece) ++j;
        if (j < pieces.size() && pieces[j].begin <= piece) kinds.set(slab, step, pieces[j].kind);
      }
      if (i == pieces.size()) continue;
      const bool inside = pieces[i].begin <= tile * kSteps && pieces[i].end >= (tile + 1) * kSteps;
      const Index border = inside ? pieces[i].end : pieces[i].begin;  // the next change of kind
      until = std::min(until, std::max(tile + 1, border / kSteps));
    }
    return {kinds, until};
  }

  const BlockMask& mask_;
  const BlockMaskShape& shape_;
  std::array<std::vector<BlockRun>, static_cast<std::size_t>(kSlabs)> pieces_;
  std::vector<Walk> walks_;
};

}  // namespace

TilePlan make_tile_plan(const BlockMask& mask) {
  TilePlan plan{.shape = mask.shape()};
  PlanMaker maker(mask);
  plan.row_tiles = (plan.shape.q_length + kTileRows - 1) / kTileRows;
  std::vector<std::pair<Index, TileItem>> work;
  for (Index plane = 0; plane < plan.shape.batch * plan.shape.heads; ++plane)
    for (Index r = 0; r < plan.row_tiles; ++r) {
      TileItem item{.plane = plane, .row_tile = r, .begin = static_cast<Index>(plan.runs.size())};
      const Index amount = maker.add(plane, r, plan.runs);
      item.end = static_cast<Index>(plan.runs.size());
      plan.first.push_back(item.begin);
      work.emplace_back(amount, item);
    }
  plan.first.push_back(static_cast<Index>(plan.runs.size()));
  std::stable_sort(work.begin(), work.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [amount, item] : work) plan.items.push_back(item);
  return plan;
}

}  // namespace chorus::flex::cuda
