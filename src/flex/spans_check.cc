#include "flex/spans_check.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace chorus::flex {
namespace {

// A block beyond it can still be counted in an Index.
constexpr Index kLargestIndex = std::numeric_limits<Index>::max() - kSpanBlock;

[[noreturn]] void refuse(std::string got, std::string expected) {
  throw Error(ErrorKind::usage, "attention over spans: " + std::move(got), std::move(expected), "");
}

void check_span(const KvSpan& span, const SpanTile& tile, Index page_tokens) {
  if (span.begin < 0 || span.end < span.begin)
    refuse(fmt::format("a span of slots [{}, {})", span.begin, span.end), "0 <= begin <= end");
  const auto slots = static_cast<std::int64_t>(span.pages.size()) * page_tokens;
  if (span.end > slots)
    refuse(fmt::format("a span that ends at slot {}", span.end),
           fmt::format("at most the {} slots of its {} pages", slots, span.pages.size()));
  if (span.logical_first < 0 || span.logical_first > kLargestIndex - (span.end - span.begin))
    refuse(fmt::format("a span at logical index {}", span.logical_first),
           fmt::format("0 or more, its keys below {}", kLargestIndex));
  if (span.variant < 0) refuse(fmt::format("query variant {}", span.variant), "0 or more");
  if (span.state < 0 || span.state >= tile.states)
    refuse(fmt::format("a span of state {}", span.state),
           fmt::format("less than the tile's {} states", tile.states));
}

}  // namespace

void check_shape(Index page_tokens, Index kv_heads, Index head_dim, Index q_heads, Index share_states,
                 bool has_share, std::span<const SpanTile> tiles) {
  if (head_dim <= 0 || head_dim > 256 || head_dim % 8 != 0)
    refuse(fmt::format("head_dim {}", head_dim), "a multiple of 8 up to 256");
  if (page_tokens <= 0) refuse(fmt::format("pages of {} tokens", page_tokens), "1 or more");
  if (kv_heads <= 0 || q_heads <= 0 || q_heads % kv_heads != 0)
    refuse(fmt::format("{} query heads over {} kv heads", q_heads, kv_heads), "a positive multiple");
  for (const SpanTile& tile : tiles) {
    if (tile.rows < 0 || tile.row < 0)
      refuse(fmt::format("a tile of {} rows at row {}", tile.rows, tile.row), "0 or more");
    if (tile.states < 1) refuse(fmt::format("a tile of {} states", tile.states), "1 or more");
    if (!tile.lse_scale.empty() && tile.lse_scale.size() != static_cast<std::size_t>(tile.states))
      refuse(fmt::format("{} values of lse_scale", tile.lse_scale.size()),
             fmt::format("none, or one for each of {} states", tile.states));
    if (!std::isfinite(tile.joint_scale))
      refuse(fmt::format("a joint_scale of {}", tile.joint_scale), "a finite number");
    if (has_share && share_states < tile.states)
      refuse(fmt::format("share_states {}", share_states),
             fmt::format("at least the tile's {} states", tile.states));
    for (const KvSpan& span : tile.spans) check_span(span, tile, page_tokens);
  }
}

}  // namespace chorus::flex
