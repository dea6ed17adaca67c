// Training mask of block diffusion (arXiv 2503.09573): the noised sequence stands before the clean one, each of `length`
// tokens in blocks of `block`. A noised token sees its own noised block and the clean blocks before it; a clean token sees
// the clean blocks up to its own. Tokens from 2 length on see nothing and are not seen.
//
//   attention(q, k, v, out, {}, block_diffusion(1024, 16));   // 2048 rows and keys
//   attention(q, k, v, out, {}, block_causal(16));            // writing, see block_causal.h
#pragma once

#include "flex/combine.h"
#include "flex/mods/block_causal.h"

namespace chorus::flex {

struct BlockDiffusion : MaskOperand {
  static constexpr bool kSameForHeads = true;
  Index length;
  BlockCausal clean;  // of places within the clean sequence
  constexpr BlockDiffusion(Index tokens, Index block) : length(tokens), clean(block) {}

  FLEX_MOD constexpr bool operator()(Index, Index, Index q, Index kv) const {
    if (q >= 2 * length || kv >= 2 * length) return false;
    const bool clean_q = q >= length, clean_kv = kv >= length;
    const Index of_q = (clean_q ? q - length : q) / clean.block;
    const Index of_kv = (clean_kv ? kv - length : kv) / clean.block;
    if (!clean_kv) return !clean_q && of_q == of_kv;
    return clean_q ? of_q >= of_kv : of_q > of_kv;
  }

  void seen_keys(Index, Index, Range q, Range kv, SeenKeys& out) const {
    const Range noised_rows{q.begin, q.end < length ? q.end : length};
    const Range clean_rows{q.begin > length ? q.begin : length, q.end < 2 * length ? q.end : 2 * length};
    const bool past = q.end > 2 * length;
    SeenKeys noised, written, both;
    if (noised_rows.size() > 0) see_noised(noised_rows, kv, noised);
    if (clean_rows.size() > 0) see_clean(clean_rows, kv, written);
    if (noised_rows.size() > 0 && clean_rows.size() > 0)
      join_rows(noised, written, both);
    else
      both.assign(noised_rows.size() > 0 ? noised : written);
    out.any.assign(both.any);
    if (!past) out.all.assign(both.all);
  }

 private:
  void see_noised(Range q, Range kv, SeenKeys& out) const {
    const std::int64_t block = clean.block, first = q.begin / block, last = (q.end - 1) / block;
    out.any.add(clip(first * block, (last + 1) * block, 0, kv));
    if (first == last) out.all.add(clip(first * block, (last + 1) * block, 0, kv));
    out.add(clip(0, last * block, length, kv), clip(0, first * block, length, kv));
  }
  void see_clean(Range q, Range kv, SeenKeys& out) const {
    const std::int64_t block = clean.block;
    out.add(clip(0, ((q.end - 1 - length) / block + 1) * block, length, kv),
            clip(0, ((q.begin - length) / block + 1) * block, length, kv));
  }
  // Places [begin, end) of the sequence that stands at `from`, as keys.
  constexpr Range clip(std::int64_t begin, std::int64_t end, std::int64_t from, Range kv) const {
    return clip_keys(from + begin, from + (end < length ? end : length) - 1, kv);
  }
};

/// `length` is 0 or more and below 2^30, `block` 1 or more.
constexpr BlockDiffusion block_diffusion(Index length, Index block) {
  if (length < 0 || length >= 1 << 30)
    refuse_mod_argument("block_diffusion", "length", length, "0 or more, below 2^30");
  if (block < 1) refuse_mod_argument("block_diffusion", "block", block, "1 or more");
  return {length, block};
}

}  // namespace chorus::flex
