// Lengths around the tiles, group sizes, padded head dims, strides, refusals, and what must not change a bit.
#include <cstdio>
#include <string>

#include "device_fixture.cuh"

namespace chorus::flex::cuda {
namespace {

using testing::DeviceCase;
using testing::Sizes;

template <class T>
void edge_grid() {
  double worst = 0;
  for (const Index group : {1, 2, 3, 8})
    for (const Index q_rows : {0, 1, 2, 21, 64, 65, 127, 128, 129})
      for (const Index kv_rows : {0, 1, 15, 16, 63, 64, 65, 128, 257, 520})
        for (const Index dim : {8, 64, 72, 128}) {
          if ((dim % 64 != 0 || q_rows > 64) && (q_rows + kv_rows + group + dim) % 5 != 0) continue;
          DeviceCase<T> c({.kv_heads = 2, .group = group, .q_rows = q_rows, .kv_rows = kv_rows, .dim = dim});
          double part = 0;
          for (const bool portable : {false, true}) {
            c.run({.q_offset = 3, .portable = portable}, causal());
            part = std::max(part, c.used(3, causal()));
          }
          EXPECT_LE(part, 1.0) << "group " << group << ", " << q_rows << " rows, " << kv_rows << " keys, dim "
                               << dim;
          worst = std::max(worst, part);
        }
  std::printf("%.3f of the bound used\n", worst);
}

TEST(CudaEdges, GridInBf16) {
  SKIP_WITHOUT_DEVICE();
  edge_grid<core::bf16>();
}

TEST(CudaEdges, GridInF16) {
  SKIP_WITHOUT_DEVICE();
  edge_grid<core::f16>();
}

// A row alone has the bits it has within the whole, whatever the batch, the block mask and the strides.
TEST(CudaEdges, RowsDoNotDependOnEachOther) {
  SKIP_WITHOUT_DEVICE();
  using T = core::bf16;
  const Sizes sizes{.batch = 3, .kv_heads = 2, .group = 1, .q_rows = 300, .kv_rows = 300, .dim = 64};
  DeviceCase<T> c(sizes);
  c.run({}, causal());
  const auto whole = c.out;
  const auto blocks = BlockMask::make(causal(), {.q_length = 300, .kv_length = 300});
  const DeviceBlockMask device_blocks(c.stream, blocks);
  c.run({.block_mask = &device_blocks}, causal());
  EXPECT_EQ(std::memcmp(whole.data(), c.out.data(), whole.size() * sizeof(T)), 0)
      << "a block mask changes the result";
  // Batch 1, rows 40 to 240, through [token][head][dim] copies.
  const Extents part{1, 2, 200, 64}, keys{1, 2, 300, 64};
  std::vector<T> q(testing::count_of(part)), k(testing::count_of(keys)), v(testing::count_of(keys));
  const auto copy = [&](const std::vector<T>& from, std::vector<T>& to, Extents e, Index first) {
    for (Index h = 0; h < e.heads; ++h)
      for (Index r = 0; r < e.rows; ++r)
        std::copy_n(head_major(from.data(), {3, 2, 300, 64}).row(1, h, first + r), 64,
                    token_major(to.data(), e).row(0, h, r));
  };
  copy(c.q, q, part, 40);
  copy(c.k, k, keys, 0);
  copy(c.v, v, keys, 0);
  const Buffer<T> device_q(c.stream, q), device_k(c.stream, k), device_v(c.stream, v), device_out(q.size());
  attention(c.stream, token_major<const T>(device_q.data(), part),
            token_major<const T>(device_k.data(), keys), token_major<const T>(device_v.data(), keys),
            token_major(device_out.data(), part), {.q_offset = 40}, causal());
  const auto out = device_out.to_host(c.stream);
  for (Index h = 0; h < 2; ++h)
    for (Index r = 0; r < 200; ++r)
      ASSERT_EQ(std::memcmp(token_major(out.data(), part).row(0, h, r),
                            head_major(whole.data(), {3, 2, 300, 64}).row(1, h, 40 + r), 64 * sizeof(T)),
                0)
          << h << " " << r;
}

TEST(CudaEdges, DecodeDoesNotDependOnTheBatch) {
  SKIP_WITHOUT_DEVICE();
  using T = core::bf16;
  DeviceCase<T> all({.batch = 5, .kv_heads = 2, .group = 3, .q_rows = 2, .kv_rows = 1000, .dim = 128});
  all.run({.q_offset = 998}, causal());
  const std::size_t queries = all.q.size() / 5, keys = all.k.size() / 5;
  for (std::size_t b = 0; b < 5; ++b) {
    const auto part = [b](const std::vector<T>& from, std::size_t n) {
      return std::vector<T>(from.begin() + static_cast<std::ptrdiff_t>(b * n),
                            from.begin() + static_cast<std::ptrdiff_t>((b + 1) * n));
    };
    DeviceCase<T> one({.kv_heads = 2, .group = 3, .q_rows = 2, .kv_rows = 1000, .dim = 128},
                      part(all.q, queries), part(all.k, keys), part(all.v, keys));
    one.run({.q_offset = 998}, causal());
    EXPECT_EQ(std::memcmp(one.out.data(), all.out.data() + b * queries, queries * sizeof(T)), 0) << b;
  }
}

// A query that is no number has a result that is none, in every kernel: it is no row that sees nothing.
TEST(CudaEdges, NaNStaysNaN) {
  SKIP_WITHOUT_DEVICE();
  using T = core::bf16;
  for (const Index rows : {2, 200}) {
    const Sizes sizes{.q_rows = rows, .kv_rows = 700, .dim = 64};
    auto q = testing::normal_elements<T>(testing::count_of(sizes.q()), 1);
    std::fill_n(q.begin(), 64, T::from_float(NAN));
    DeviceCase<T> c(sizes, q, {}, {});
    for (const bool portable : {false, true}) {
      c.run({.portable = portable});
      for (std::size_t d = 0; d < 64; ++d) {
        EXPECT_TRUE(std::isnan(float{c.out[d]})) << rows << " " << d;
        EXPECT_FALSE(std::isnan(float{c.out[64 + d]})) << rows << " " << d;
      }
      EXPECT_TRUE(std::isnan(c.lse[0].value)) << rows;
    }
  }
}

TEST(CudaEdges, RefusesWhatDoesNotFit) {
  SKIP_WITHOUT_DEVICE();
  using T = core::bf16;
  DeviceCase<T> c({.kv_heads = 2, .group = 2, .q_rows = 4, .kv_rows = 4, .dim = 8});
  const auto message = [&](const Options& options, auto change) -> std::string {
    View<const T> q = head_major<const T>(c.device_q.data(), c.s.q());
    change(q);
    try {
      attention(c.stream, q, head_major<const T>(c.device_k.data(), c.s.kv()),
                head_major<const T>(c.device_v.data(), c.s.kv()), head_major(c.device_out.data(), c.s.q()),
                options, causal());
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_EQ(message({}, [](auto&) {}), "no error");
  EXPECT_TRUE(has(message({.scale = -1.0F}, [](auto&) {}), "scale -1"));
  EXPECT_TRUE(has(message({}, [](auto& q) { q.data += 1; }), "q at"));
  EXPECT_TRUE(has(message({}, [](auto& q) { q.row_stride = 12; }), "q with strides"));
  EXPECT_TRUE(has(message({}, [](auto& q) { q.extents.rows = 5; }), "out of batch 1, 4 heads, 4 rows"));
  const DeviceBlockMask blocks(c.stream, BlockMask::make(causal(), {.q_length = 4, .kv_length = 5}));
  EXPECT_TRUE(has(message({.block_mask = &blocks}, [](auto&) {}), "5 keys; expected 4 rows from 0, 4 keys"));
  EXPECT_TRUE(has(message({}, [](auto& q) { q.data = nullptr; }), "q of 1 x 4 x 4 x 8 without data"));
  EXPECT_TRUE(has(message({}, [&](auto& q) { q.data = c.device_out.data(); }), "out at the place of q"));
  const DeviceBlockMask lower(c.stream, BlockMask::make(causal(), {.q_length = 4, .kv_length = 4}));
  try {
    c.run({.block_mask = &lower});
    ADD_FAILURE() << "a block mask of partial blocks without its mod";
  } catch (const Error& e) {
    EXPECT_TRUE(has(e.what(), "a block mask with 1 partial blocks and no mask mod")) << e.what();
  }
}

}  // namespace
}  // namespace chorus::flex::cuda
