#include "flex/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include "core/error.h"
#include "flex/spans.h"

namespace chorus::flex {
namespace {

void require(bool holds, std::string got, std::string expected, std::string todo) {
  if (!holds)
    throw Error(ErrorKind::usage, "attention: " + std::move(got), std::move(expected), std::move(todo));
}

// The block or tile after the last can still be counted in an Index.
constexpr Index kMostRows = std::numeric_limits<Index>::max() - 127;

bool good_dim(Index dim) {
  return dim > 0 && dim <= 256 && dim % 8 == 0;
}

std::string one_or(Index n) {
  return n == 1 ? "1" : fmt::format("1 or {}", n);
}

}  // namespace

void check_no_partial(std::int64_t partial) {
  require(partial == 0, fmt::format("a block mask with {} partial blocks and no mask mod", partial),
          "the mask mod it was made from", "give the mod too: attention(q, k, v, out, options, mod)");
}

void check_data(const char* name, const void* data, const Extents& e) {
  require(data != nullptr || e.batch <= 0 || e.heads <= 0 || e.rows <= 0 || e.dim <= 0,
          fmt::format("{} of {} x {} x {} x {} without data", name, e.batch, e.heads, e.rows, e.dim),
          "a pointer to its elements", "make the view with head_major or token_major");
}

void check_apart(const char* name, const Extents& e, std::int64_t batch_stride, std::int64_t head_stride,
                 std::int64_t row_stride) {
  std::array<std::pair<std::int64_t, std::int64_t>, 3> steps{
      // stride, how many
      {{std::abs(batch_stride), e.batch}, {std::abs(head_stride), e.heads}, {std::abs(row_stride), e.rows}}};
  std::sort(steps.begin(), steps.end());
  bool apart = true;
  std::int64_t size = e.dim;  // of what the strides so far step through
  for (const auto& [stride, count] : steps) {
    if (count <= 1) continue;
    apart = apart && stride >= size;
    size += stride * (count - 1);
  }
  require(apart || e.batch <= 0 || e.heads <= 0 || e.rows <= 0,
          fmt::format("{} with strides {}, {}, {} for {} x {} x {} rows of {}", name, batch_stride,
                      head_stride, row_stride, e.batch, e.heads, e.rows, e.dim),
          "a place of its own for every row", "make the view with head_major or token_major");
}

void check_not_input(const void* out, const char* name, const void* input, const Extents& e) {
  require(out != input || out == nullptr || e.rows <= 0, fmt::format("out at the place of {}", name),
          "memory of its own", "give out a buffer that no input lies in");
}

void check_block_mask(const std::string& where, const BlockMaskShape& m, const Extents& q, const Extents& k,
                      Index q_offset) {
  if (m.q_length != q.rows || m.kv_length != k.rows || m.q_offset != q_offset)
    throw Error(ErrorKind::usage,
                fmt::format("{}: a block mask of {} rows from {}, {} keys", where, m.q_length, m.q_offset,
                            m.kv_length),
                fmt::format("{} rows from {}, {} keys", q.rows, q_offset, k.rows),
                "make one for the call, or take a part of a larger one with slice(rows, keys)");
  if ((m.batch != 1 && m.batch != q.batch) || (m.heads != 1 && m.heads != q.heads))
    throw Error(ErrorKind::usage,
                fmt::format("{}: a block mask of batch {}, {} heads", where, m.batch, m.heads),
                fmt::format("batch {}, {} heads", one_or(q.batch), one_or(q.heads)),
                "a batch or heads of 1 stands for all of them");
}

void check_heads(const Extents& q, const Extents& k) {
  require(k.heads > 0 && q.heads > 0 && q.heads % k.heads == 0,
          fmt::format("{} query heads over {} kv heads", q.heads, k.heads),
          "as many query heads for each kv head", "correct the extents");
}

void check_reference(const Extents& q, const Extents& k, const Extents& v, const AttentionOptions& options) {
  require(k.dim == q.dim, fmt::format("head dim {} of k", k.dim), fmt::format("q's {}", q.dim),
          "correct the extents");
  require(k.batch == q.batch && v.batch == q.batch,
          fmt::format("batches {} of q, {} of k, {} of v", q.batch, k.batch, v.batch), "one batch",
          "correct the extents; a stride of 0 repeats a tensor");
  require(q.batch >= 0 && q.rows >= 0, fmt::format("q of batch {}, {} rows", q.batch, q.rows), "0 or more",
          "correct the extents");
  require(k.rows >= 0 && v.rows == k.rows && v.heads == k.heads,
          fmt::format("v of {} heads, {} rows", v.heads, v.rows),
          fmt::format("k's {} heads, {} rows", k.heads, k.rows), "correct the extents");
  check_heads(q, k);
  require(options.q_offset >= 0 && options.q_offset <= std::numeric_limits<Index>::max() - q.rows,
          fmt::format("q_offset {}", options.q_offset), "0 or more, and below 2^31 at the last row",
          "correct it");
  const Range keys = keys_of(options, k);
  require(0 <= keys.begin && keys.begin <= keys.end && keys.end <= k.rows,
          fmt::format("keys [{}, {})", keys.begin, keys.end), fmt::format("a part of [0, {})", k.rows),
          "correct the range");
}

void check_attention(const Extents& q, const Extents& k, const Extents& v, const Extents& out,
                     const AttentionOptions& options) {
  require(good_dim(q.dim) && good_dim(v.dim), fmt::format("head dims {} of q and {} of v", q.dim, v.dim),
          "multiples of 8 up to 256",
          q.dim <= 0 || v.dim <= 0 ? "make the views with head_major or token_major"
                                   : "pad them with zeros and give .scale = 1 / sqrt(the dim before)");
  check_reference(q, k, v, options);
  require(
      out == Extents{q.batch, q.heads, q.rows, v.dim},
      fmt::format("out of batch {}, {} heads, {} rows, head dim {}", out.batch, out.heads, out.rows, out.dim),
      fmt::format("q's batch {}, {} heads, {} rows, v's head dim {}", q.batch, q.heads, q.rows, v.dim),
      "correct the extents");
  require(q.rows <= kMostRows && k.rows <= kMostRows, fmt::format("{} rows, {} keys", q.rows, k.rows),
          fmt::format("at most {}", kMostRows),
          "cut the keys into parts (options.keys) or the rows into calls");
  const auto rows = static_cast<std::size_t>(q.batch) * static_cast<std::size_t>(q.heads) *
                    static_cast<std::size_t>(q.rows);
  require(options.lse.empty() || options.lse.size() == rows,
          fmt::format("lse of {} entries", options.lse.size()), fmt::format("none or {}", rows),
          "batch x query heads x rows of them");
  const auto sums = static_cast<std::size_t>(q.batch) * static_cast<std::size_t>(q.heads) *
                    static_cast<std::size_t>(k.rows);
  require(options.key_probabilities.empty() || options.key_probabilities.size() == sums,
          fmt::format("key_probabilities of {} entries", options.key_probabilities.size()),
          fmt::format("none or {}", sums), "batch x query heads x keys of them");
  require(options.kv_splits >= 1, fmt::format("kv_splits {}", options.kv_splits), "1 or more", "correct it");
  require(!options.scale || std::isfinite(*options.scale), fmt::format("scale {}", options.scale.value_or(0)),
          "a finite number", "correct it");
  if (options.block_mask != nullptr) {
    const BlockMaskShape& m = options.block_mask->shape();
    check_block_mask("attention", m, q, k, options.q_offset);
    require(m.kv_block % kSpanBlock == 0, fmt::format("key blocks of {}", m.kv_block),
            fmt::format("a multiple of {}", kSpanBlock), "make the block mask with such a kv_block");
  }
}

}  // namespace chorus::flex
