// What a SpanProblem must satisfy, checked once per call at the edge of flex; the kernels rely on it.
#pragma once

#include <string>

#include "core/error.h"
#include "flex/spans.h"

namespace chorus::flex {

/// Throws Error(usage) that names the first tile or span that breaks the contract of flex/spans.h.
/// Page numbers are taken on trust: the caller alone knows how many pages there are.
void check_shape(Index page_tokens, Index kv_heads, Index head_dim, Index q_heads, Index share_states,
                 bool has_share, std::span<const SpanTile> tiles);

template <class T>
void check_problem(const SpanProblem<T>& p) {
  check_shape(p.pages.page_tokens, p.pages.kv_heads, p.pages.head_dim, p.q_heads, p.share_states,
              p.share != nullptr, p.tiles);
}

}  // namespace chorus::flex
