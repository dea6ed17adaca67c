#include "flex/options.h"

#include <fmt/format.h>

#include "core/error.h"
#include "flex/spans.h"

namespace chorus::flex {
namespace {

void require(bool holds, std::string got, std::string expected) {
  if (!holds) throw Error(ErrorKind::usage, "attention: " + std::move(got), std::move(expected), "");
}

bool good_dim(Index dim) {
  return dim > 0 && dim <= 256 && dim % 8 == 0;
}

}  // namespace

void check_block_mask(const std::string& where, const BlockMaskShape& m, const Extents& q, const Extents& k,
                      Index q_offset) {
  if (m.q_length != q.rows || m.kv_length != k.rows || m.q_offset != q_offset)
    throw Error(ErrorKind::usage,
                fmt::format("{}: a block mask of {} rows from {}, {} keys", where, m.q_length, m.q_offset,
                            m.kv_length),
                fmt::format("{} rows from {}, {} keys", q.rows, q_offset, k.rows), "");
  if ((m.batch != 1 && m.batch != q.batch) || (m.heads != 1 && m.heads != q.heads))
    throw Error(ErrorKind::usage,
                fmt::format("{}: a block mask of batch {}, {} heads", where, m.batch, m.heads),
                fmt::format("1 or {}, 1 or {}", q.batch, q.heads), "");
}

void check_attention(const Extents& q, const Extents& k, const Extents& v, const Extents& out,
                     const AttentionOptions& options) {
  require(good_dim(q.dim) && good_dim(v.dim), fmt::format("head dims {} and {}", q.dim, v.dim),
          "multiples of 8 up to 256");
  require(k.dim == q.dim && out.dim == v.dim, fmt::format("k of dim {}, out of dim {}", k.dim, out.dim),
          fmt::format("q's {} and v's {}", q.dim, v.dim));
  require(k.batch == q.batch && v.batch == q.batch && out.batch == q.batch,
          fmt::format("batches {}, {}, {}, {}", q.batch, k.batch, v.batch, out.batch), "one batch");
  require(q.rows >= 0 && out.rows == q.rows && out.heads == q.heads,
          fmt::format("out of {} heads, {} rows", out.heads, out.rows),
          fmt::format("q's {} heads, {} rows", q.heads, q.rows));
  require(k.rows >= 0 && v.rows == k.rows && v.heads == k.heads,
          fmt::format("v of {} heads, {} rows", v.heads, v.rows),
          fmt::format("k's {} heads, {} rows", k.heads, k.rows));
  require(k.heads > 0 && q.heads > 0 && q.heads % k.heads == 0,
          fmt::format("{} query heads over {} kv heads", q.heads, k.heads), "a positive multiple");
  require(options.q_offset >= 0, fmt::format("q_offset {}", options.q_offset), "0 or more");
  const auto rows = static_cast<std::size_t>(q.batch) * static_cast<std::size_t>(q.heads) *
                    static_cast<std::size_t>(q.rows);
  require(options.lse.empty() || options.lse.size() == rows,
          fmt::format("lse of {} entries", options.lse.size()), fmt::format("none or {}", rows));
  const auto sums = static_cast<std::size_t>(q.batch) * static_cast<std::size_t>(q.heads) *
                    static_cast<std::size_t>(k.rows);
  require(options.key_probabilities.empty() || options.key_probabilities.size() == sums,
          fmt::format("key_probabilities of {} entries", options.key_probabilities.size()),
          fmt::format("none or {}", sums));
  const Range keys = keys_of(options, k);
  require(0 <= keys.begin && keys.begin <= keys.end && keys.end <= k.rows,
          fmt::format("keys [{}, {})", keys.begin, keys.end), fmt::format("a part of [0, {})", k.rows));
  require(options.kv_splits >= 1, fmt::format("kv_splits {}", options.kv_splits), "1 or more");
  if (options.block_mask != nullptr) {
    const BlockMaskShape& m = options.block_mask->shape();
    check_block_mask("attention", m, q, k, options.q_offset);
    require(m.kv_block % kSpanBlock == 0, fmt::format("key blocks of {}", m.kv_block),
            fmt::format("a multiple of {}", kSpanBlock));
  }
}

}  // namespace chorus::flex
