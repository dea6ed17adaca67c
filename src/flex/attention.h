// FlexAttention on the CPU: softmax(score_mod(scale q k^T)) v over the pairs a mask mod allows, in tiles, never a
// q x kv buffer. q, k, v, out are strided views of float, bf16 or f16; sums are float; k and v are never repeated for GQA.
//
// A row that sees nothing has output 0 and LSE minus infinity. Blocks that the mask leaves empty are not visited, full
// ones run no mask code: from the block mask if given, else from the mod's structure; an opaque callable without a block
// mask is asked for every pair. A row's result depends on its own keys only: neither threads, nor the other rows, nor
// how many rows there are change a bit of it, as long as the values between the first and the last key that a row of the call
// sees are finite: one that is not may spoil rows that do not see its key, for their weight is 0, and 0 times NaN is NaN. What
// lies outside options.keys, or past the last key that any row sees, may be anything.
//
//   attention(head_major(q, {1, 9, 100, 64}), head_major(k, {1, 3, 100, 64}), head_major(v, {1, 3, 100, 64}),
//             head_major(out, {1, 9, 100, 64}), {.pool = &pool}, causal());
//   attention(q_row, k, v, out_row, {.q_offset = length - 1}, relation.mask(), soft_cap(20));
#pragma once

#include <type_traits>
#include <vector>

#include "flex/cpu/dense.h"
#include "flex/cpu/scratch.h"
#include "flex/cpu/split_keys.h"
#include "flex/options.h"

namespace chorus::flex {

/// Computes out. T is float, core::bf16 or core::f16, taken from out. out may not overlap q, k or v. Throws Error(usage) when
/// the tensors and options do not fit together (check_attention says what fits).
template <class T, MaskMod M = AllowAll, ScoreMod S = KeepScore>
void attention(std::type_identity_t<View<const T>> q, std::type_identity_t<View<const T>> k,
               std::type_identity_t<View<const T>> v, View<T> out, const AttentionOptions& options = {},
               const M& mask_mod = {}, const S& score_mod = {}) {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, core::bf16> || std::is_same_v<T, core::f16>,
                "q, k, v and out are float, core::bf16 or core::f16");
  check_attention(q.extents, k.extents, v.extents, out.extents, options);
  check_views<T>(q, k, v, out);
  check_mods(mask_mod, score_mod, q.extents, k.extents, options);
  AttentionOptions o = options;
  std::vector<LogSumExp> own_lse;
  if (!o.key_probabilities.empty() && o.lse.empty()) {
    own_lse.resize(lse_entries(q.extents));
    o.lse = own_lse;
  }
  const cpu::DenseAttention<T, M, S> work(q, k, v, out, o, mask_mod, score_mod);
  cpu::ScratchPerThread scratch(o.pool, [&] { return work.memory(); });
  cpu::SplitKeys split(o, k.extents, out.extents);
  // Tiles that follow each other are of one part: heads that see the same then find it once.
  scratch.for_each(work.tasks() * split.parts(), [&](std::int64_t task, cpu::DenseMemory& memory) {
    work.run(task % work.tasks(), split.part(task / work.tasks()), memory);
  });
  split.merge(out, o.lse);
  if (!o.key_probabilities.empty())
    scratch.for_each(work.key_tasks(),
                     [&](std::int64_t task, cpu::DenseMemory& memory) { work.run_keys(task, memory); });
}

}  // namespace chorus::flex
