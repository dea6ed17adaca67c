// Every mod of the library, combinations, a user's lambda and the view of a block mask, called in a kernel: one source for both
// devices. It is compiled, not run.
#include <vector>

#include "flex/attention.h"
#include "flex/mods.h"
#include "flex/reference.h"
#include "flex/softmax_state.h"

namespace {

using namespace chorus::flex;

template <class M, class S>
__global__ void call(M mask_mod, S score_mod, BlockMaskView blocks, float* out, int n) {
  for (int i = 0; i < n; ++i) {
    const bool visited = blocks.at(0, 0, 0, i) == BlockKind::full || mask_mod(0, 0, i, n - i);
    out[i] = visited ? score_mod(1.0F, 0, 0, i, n - i) : 0.0F;
  }
}

template <class M, class S = KeepScore>
void launch(const M& mask_mod, const S& score_mod = {}) {
  call<<<1, 1>>>(mask_mod, score_mod, BlockMaskView{}, nullptr, 3);
}

}  // namespace

void call_all(const Runs& runs, const SegmentRelation& relation, const Tree& tree, Index every) {
  launch(causal());
  launch(sliding_window(3));
  launch(symmetric_window(3));
  launch(causal() & dilated_window(3, 2));
  launch(prefix_lm(3));
  launch(document(runs));
  launch(document_causal(runs));
  launch(shared_prefix(3, runs));
  launch(relation.mask());
  launch(tree.ancestors());
  launch(block_diffusion(8, 2));
  launch(block_causal(3));
  launch(neighbourhood({4, 4}, {3, 3}));
  launch(global_window(1, 2));
  launch(batchify(offset(!causal() | sliding_window(2), 1, 2), 3));
  launch(causal() & [=] FLEX_MOD(Index, Index, Index q, Index kv) { return (q - kv) % every == 0; });
  const std::vector<float> table(100);
  launch(AllowAll(), alibi(table));
  launch(AllowAll(), relative_bias(table, 2));
  launch(AllowAll(), sandwich(table, 2));
  launch(AllowAll(), soft_cap(2));
  launch(AllowAll(), segment_log_weight(runs.ids(), table));
}
