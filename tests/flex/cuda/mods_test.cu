// Mask and score mods on the device, library ones and lambdas, with and without a block mask, against the reference on the
// host: one source for both.
#include <cmath>
#include <cstdio>

#include "device_fixture.cuh"

namespace chorus::flex::cuda {
namespace {

using testing::DeviceCase;
using testing::Sizes;

struct Case {
  DeviceCase<core::bf16> c;
  Index q_offset;
  double worst = 0;

  /// The host's mods stand beside the device's where they point to data.
  template <class HostMask, class HostScore, class Mask, class Score>
  void expect(const HostMask& host_mask, const HostScore& host_score, const Mask& mask_mod,
              const Score& score_mod) {
    for (const bool portable : {false, true}) expect(host_mask, host_score, mask_mod, score_mod, portable);
  }
  template <class HostMask, class HostScore, class Mask, class Score>
  void expect(const HostMask& host_mask, const HostScore& host_score, const Mask& mask_mod,
              const Score& score_mod, bool portable) {
    const Sizes& s = c.s;
    c.run({.q_offset = q_offset, .portable = portable}, mask_mod, score_mod);
    const double part = c.used(q_offset, host_mask, host_score);
    EXPECT_LE(part, 1.0) << s.q_rows << " rows, " << s.kv_rows << " keys";
    worst = std::max(worst, part);
    const auto without = c.out;
    for (const auto& [q_block, kv_block] :
         {std::pair<Index, Index>{64, 64}, {48, 128}, {128, 96}, {256, 32}}) {
      const auto blocks = BlockMask::make(host_mask, {.batch = s.batch,
                                                      .heads = s.q().heads,
                                                      .q_length = s.q_rows,
                                                      .kv_length = s.kv_rows,
                                                      .q_offset = q_offset,
                                                      .q_block = q_block,
                                                      .kv_block = kv_block});
      const DeviceBlockMask device_blocks(c.stream, blocks);
      c.run({.q_offset = q_offset, .block_mask = &device_blocks, .portable = portable}, mask_mod, score_mod);
      EXPECT_EQ(std::memcmp(without.data(), c.out.data(), without.size() * sizeof(core::bf16)), 0)
          << "a block mask of " << q_block << " x " << kv_block << " changes the result";
    }
  }
  template <class Mask, class Score>
  void expect(const Mask& mask_mod, const Score& score_mod) {
    expect(mask_mod, score_mod, mask_mod, score_mod);
  }
};

void run_mods(const Sizes& sizes) {
  Case one{DeviceCase<core::bf16>(sizes), sizes.kv_rows - sizes.q_rows};
  const Stream& stream = one.c.stream;
  std::vector<Index> ids(static_cast<std::size_t>(sizes.kv_rows));
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<Index>(i / 23 % 9) - 1;
  const Runs runs(ids);
  const SegmentRelation relation(ids, 8, {{4, 0}, {5, 1}}, sizes.kv_rows - 50);
  const auto slopes = alibi_slopes(sizes.q().heads);
  const Buffer<Index> device_ids(stream, ids), device_segments(stream, relation.segment_of());
  const Buffer<unsigned char> device_sees(stream, relation.sees());
  const Buffer<float> device_slopes(stream, slopes);
  const std::span<const float> slopes_there(device_slopes.data(), device_slopes.size());

  one.expect(AllowAll(), KeepScore());
  one.expect(relation.mask(), KeepScore(), relation.mask(device_segments.data(), device_sees.data()),
             KeepScore());
  one.expect(causal() & Document(runs.view()), alibi(slopes),
             causal() & Document(runs.view(device_ids.data())), alibi(slopes_there));
  const auto opaque = [] FLEX_MOD(Index b, Index h, Index q, Index kv) {
    return (q + kv * (h + 1) + b) % 3 == 0;
  };
  one.expect(opaque, soft_cap(5));
  one.expect(mask(opaque) & sliding_window(30), KeepScore());
  const auto not_itself = [] FLEX_MOD(float s, Index, Index, Index q, Index kv) {
    return q == kv ? -INFINITY : s;
  };
  one.expect(prefix_lm(40), not_itself);
  one.expect([] FLEX_MOD(Index, Index, Index, Index) { return false; }, KeepScore());
  std::printf("%d rows, %d keys: %.3f of the bound used\n", sizes.q_rows, sizes.kv_rows, one.worst);
}

TEST(CudaMods, Prefill) {
  SKIP_WITHOUT_DEVICE();
  run_mods({.batch = 2, .kv_heads = 2, .group = 3, .q_rows = 150, .kv_rows = 170, .dim = 64});
  run_mods({.batch = 1, .kv_heads = 1, .group = 2, .q_rows = 400, .kv_rows = 700, .dim = 128});
}

TEST(CudaMods, Decode) {
  SKIP_WITHOUT_DEVICE();
  run_mods({.batch = 2, .kv_heads = 2, .group = 3, .q_rows = 1, .kv_rows = 170, .dim = 64});
  run_mods({.batch = 2, .kv_heads = 2, .group = 8, .q_rows = 7, .kv_rows = 900, .dim = 128});
}

}  // namespace
}  // namespace chorus::flex::cuda
