// Values that are no numbers, and where they may lie; tensors so large that memory is asked for ahead of its use.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "attention_fixture.h"
#include "flex/cpu/ahead.h"
#include "isa.h"

namespace chorus::flex {
namespace {

using testing::element;
using testing::Sizes;
using testing::Tensors;

template <class T>
class AttentionValues : public ::testing::Test {};
using Elements = ::testing::Types<float, core::bf16, core::f16>;
TYPED_TEST_SUITE(AttentionValues, Elements);

template <class T>
void poison(std::vector<T>& values, Range rows, Index dim) {
  std::fill(values.begin() + rows.begin * dim, values.begin() + rows.end * dim, element<T>(NAN));
}

// A cache is longer than what lies in it: what stands past the last key that is seen changes no bit, NaN neither.
TYPED_TEST(AttentionValues, PastWhatIsSeenAnythingMayLie) {
  testing::for_each_isa([](const std::string& isa) {
    for (const Index dim : {24, 32})
      for (const Index rows : {1, 70})
        for (const Index keys : {71, 97, 128, 131}) {
          Tensors<TypeParam> t({.kv_heads = 2, .group = 3, .q_rows = rows, .kv_rows = 200, .dim = dim});
          const auto all = [&](const auto& run) {
            std::vector<std::vector<TypeParam>> outs;
            std::vector<LogSumExp> lse;
            const auto keep = [&] {
              outs.push_back(t.out);
              lse.insert(lse.end(), t.lse.begin(), t.lse.end());
            };
            run(keep);
            return std::pair(outs, lse);
          };
          const auto calls = [&](const auto& keep) {
            t.run({.keys = Range{0, keys}}), keep();
            t.run({.keys = Range{0, keys}, .kv_splits = 3}), keep();
            t.run({.q_offset = keys - rows}, causal()), keep();
            t.run({.q_offset = keys - rows}, sliding_window(40)), keep();
          };
          const auto want = all(calls);
          for (Index head = 0; head < 2; ++head) {
            poison(t.k, {head * 200 + keys, (head + 1) * 200}, dim);
            poison(t.v, {head * 200 + keys, (head + 1) * 200}, dim);
          }
          const auto got = all(calls);
          for (std::size_t i = 0; i < want.first.size(); ++i)
            EXPECT_EQ(0, std::memcmp(got.first[i].data(), want.first[i].data(),
                                     want.first[i].size() * sizeof(TypeParam)))
                << isa << ", call " << i << ", " << rows << " rows, " << keys << " keys, dim " << dim;
          EXPECT_EQ(
              0, std::memcmp(got.second.data(), want.second.data(), want.second.size() * sizeof(LogSumExp)));
        }
  });
}

// A query that is no number has a result that is none: it is not taken for a row that sees nothing.
TYPED_TEST(AttentionValues, NaNStaysNaN) {
  testing::for_each_isa([](const std::string& isa) {
    for (const Index splits : {1, 2, 3}) {
      Tensors<TypeParam> t({.q_rows = 2, .kv_rows = 200, .dim = 16});
      std::memset(static_cast<void*>(t.q.data()), 0xff, 16 * sizeof(TypeParam));  // NaN whatever the type
      t.run({.kv_splits = splits}, causal() | offset(causal(), 150));
      for (Index d = 0; d < 16; ++d) {
        EXPECT_TRUE(std::isnan(static_cast<float>(t.out[static_cast<std::size_t>(d)])))
            << isa << ' ' << splits;
        EXPECT_FALSE(std::isnan(static_cast<float>(t.out[static_cast<std::size_t>(16 + d)])))
            << isa << ' ' << splits;
      }
      EXPECT_TRUE(std::isnan(t.lse[0].value));
      const ReferenceResult reference = reference_attention<TypeParam>(t.q_view(), t.k_view(), t.v_view());
      EXPECT_TRUE(std::isnan(reference.out[0]) && std::isnan(reference.lse[0]));
    }
  });
}

// Mods are promised that there are keys to ask about.
TYPED_TEST(AttentionValues, NoKeysAndNoQuestions) {
  const Tree tree({-1, 0, 1});
  for (const Index keys : {0, 4}) {
    Tensors<TypeParam> t({.q_rows = 10, .kv_rows = keys, .dim = 8});
    t.run({.keys = Range{0, 0}}, tree.ancestors());
    for (const TypeParam x : t.out) EXPECT_EQ(static_cast<float>(x), 0.0F);
    for (const LogSumExp lse : t.lse) EXPECT_EQ(lse.value, -INFINITY);
  }
}

// In a large call the loops ask for memory ahead of its use: the bits are those of its heads, each in a call so small that
// they do not.
TYPED_TEST(AttentionValues, LargeTensorsAreTheirHeads) {
  constexpr Index kRows = 2100;
  const Index dim = std::is_same_v<TypeParam, float> ? 88 : 152;
  std::vector<Index> ids;
  ids.reserve(kRows);
  for (Index i = 0; i < kRows; ++i) ids.push_back(i / 70);
  const Runs runs(ids);
  Tensors<TypeParam> t({.kv_heads = 2, .group = 3, .q_rows = kRows, .kv_rows = kRows, .dim = dim});
  const auto bytes =
      static_cast<std::int64_t>(sizeof(TypeParam) * (t.q.size() + t.k.size() + t.v.size() + t.out.size()));
  ASSERT_GE(bytes, cpu::kFarBytes);
  ASSERT_LT(bytes / 2, cpu::kFarBytes);
  core::ThreadPool pool(2);
  testing::for_each_isa([&](const std::string& isa) {
    const auto expect_heads = [&](const auto& mod, const char* name) {
      attention(t.q_view(), t.k_view(), t.v_view(), head_major(t.out.data(), t.s.q()), {.pool = &pool}, mod);
      for (Index head = 0; head < 2; ++head) {
        const Extents q{1, 3, kRows, dim}, kv{1, 1, kRows, dim};
        std::vector<TypeParam> out(Sizes::count(q), element<TypeParam>(NAN));
        attention(head_major(t.q_view().row(0, 3 * head, 0), q), head_major(t.k_view().row(0, head, 0), kv),
                  head_major(t.v_view().row(0, head, 0), kv), head_major(out.data(), q), {}, mod);
        EXPECT_EQ(0, std::memcmp(out.data(), t.out.data() + static_cast<std::size_t>(head) * out.size(),
                                 out.size() * sizeof(TypeParam)))
            << isa << ' ' << name << ' ' << head;
      }
    };
    expect_heads(causal() & document(runs), "documents");
    if (isa != "SCALAR") expect_heads(sliding_window(100), "window");
  });
}

}  // namespace
}  // namespace chorus::flex
