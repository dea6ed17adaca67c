// Dense attention against the double-precision reference: shapes, masks, scores, strides, and what must not matter.
#include "flex/attention.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "attention_fixture.h"
#include "isa.h"
#include "random_masks.h"

namespace chorus::flex {
namespace {

using testing::element;
using testing::elements;
using testing::normal_values;
using testing::Sizes;
using testing::Tensors;
using testing::used;

template <class T>
class Attention : public ::testing::Test {};
using Elements = ::testing::Types<float, core::bf16, core::f16>;
TYPED_TEST_SUITE(Attention, Elements);

TYPED_TEST(Attention, EdgeGridOnEveryInstructionSet) {
  testing::for_each_isa([](const char* isa) {
    double worst = 0;
    for (const Index group : {1, 2, 3, 8})
      for (const Index q_rows : {0, 1, 63, 64, 65})
        for (const Index kv_rows : {0, 1, 63, 64, 65, 130})
          for (const Index dim : {8, 24, 64, 80}) {
            if (dim != 64 && (q_rows + kv_rows + group) % 3 != 0) continue;
            Tensors<TypeParam> t(
                {.kv_heads = 2, .group = group, .q_rows = q_rows, .kv_rows = kv_rows, .dim = dim});
            t.run({.q_offset = 3}, causal());
            const double part = used(t, {.q_offset = 3}, causal());
            EXPECT_LE(part, 1.0) << group << " " << q_rows << " " << kv_rows << " " << dim;
            worst = std::max(worst, part);
          }
    std::printf("%s: %.3f of the bound used\n", isa, worst);
  });
}

TYPED_TEST(Attention, MasksAndScores) {
  core::ThreadPool pool(2);
  Tensors<TypeParam> t({.batch = 2, .kv_heads = 2, .group = 3, .q_rows = 150, .kv_rows = 170, .dim = 32});
  std::vector<Index> ids(170);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<Index>(i / 23) - 1;
  const Runs runs(ids);
  const SegmentRelation relation(ids, 7, {{4, 0}, {5, 1}}, 120);
  const auto slopes = alibi_slopes(6);
  const auto opaque = [](Index b, Index h, Index q, Index kv) { return (q + kv * (h + 1) + b) % 3 == 0; };
  const AttentionOptions options{.q_offset = 20, .pool = &pool};
  const auto expect = [&](const auto& mask_mod, const auto& score_mod) {
    t.run(options, mask_mod, score_mod);
    EXPECT_LE(used(t, options, mask_mod, score_mod), 1.0);
    const auto without = t.out;
    const auto blocks = BlockMask::make(mask_mod, {.batch = 2,
                                                   .heads = 6,
                                                   .q_length = 150,
                                                   .kv_length = 170,
                                                   .q_offset = 20,
                                                   .q_block = 48,
                                                   .kv_block = 128});
    AttentionOptions given = options;
    given.block_mask = &blocks;
    t.run(given, mask_mod, score_mod);
    EXPECT_EQ(std::memcmp(without.data(), t.out.data(), without.size() * sizeof(TypeParam)), 0)
        << "a block mask changes the result";
  };
  expect(AllowAll(), KeepScore());
  expect(relation.mask(), KeepScore());
  expect(causal() & document(runs), alibi(slopes));
  expect(opaque, soft_cap(5));
  expect(opaque & sliding_window(30), KeepScore());
  expect(testing::WindowByHead(), KeepScore());  // structure that one head cannot speak of for all
  expect(causal() & testing::WindowByHead(), alibi(slopes));
  expect(prefix_lm(40), [](float s, Index, Index, Index q, Index kv) {
    return q == kv ? -std::numeric_limits<float>::infinity() : s;
  });
  expect([](Index, Index, Index, Index) { return false; }, KeepScore());
}

// Any part of the keys, any number of splits, a block mask or none: the same mathematics.
TYPED_TEST(Attention, PartsOfTheKeys) {
  core::ThreadPool pool(2);
  Tensors<TypeParam> t({.batch = 2, .kv_heads = 2, .group = 2, .q_rows = 70, .kv_rows = 300, .dim = 40});
  std::vector<Index> ids(300);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<Index>(i / 37) % 3;
  const Runs runs(ids);
  const auto mask_mod = document(runs) & !sliding_window(11);
  for (const Range keys :
       {Range{0, 300}, Range{0, 0}, Range{17, 18}, Range{63, 65}, Range{64, 128}, Range{40, 299}})
    for (const Index splits : {1, 2, 3, 50}) {
      std::fill(t.key_probabilities.begin(), t.key_probabilities.end(), 0.0F);
      AttentionOptions options{.q_offset = 190, .keys = keys, .kv_splits = splits, .pool = &pool};
      t.run(options, mask_mod);
      EXPECT_LE(used(t, options, mask_mod), 1.0) << keys.begin << " " << keys.end << " " << splits;
      const auto out = t.out;
      const auto blocks =
          BlockMask::make(mask_mod, {.q_length = 70, .kv_length = 300, .q_offset = 190, .q_block = 16});
      options.block_mask = &blocks;
      options.pool = nullptr;
      t.run(options, mask_mod);
      EXPECT_EQ(std::memcmp(out.data(), t.out.data(), out.size() * sizeof(TypeParam)), 0);
    }
}

// Data that begins in the middle of a cache line, of a float and of a pair: nothing is assumed of addresses.
TYPED_TEST(Attention, MisalignedTensors) {
  testing::for_each_isa([](const char* isa) {
    Tensors<TypeParam> t({.kv_heads = 1, .group = 3, .q_rows = 50, .kv_rows = 67, .dim = 24});
    t.run({}, causal());
    const auto out = t.out;
    std::vector<char> memory((t.q.size() + 2 * t.k.size()) * sizeof(TypeParam) + 64);
    char* at = memory.data() + sizeof(TypeParam);
    const auto copy = [&](const auto& values) {
      auto* to = reinterpret_cast<TypeParam*>(at);
      std::memcpy(at, values.data(), values.size() * sizeof(TypeParam));
      at += values.size() * sizeof(TypeParam) + sizeof(TypeParam);
      return to;
    };
    const TypeParam *q = copy(t.q), *k = copy(t.k), *v = copy(t.v);
    attention(head_major(q, t.s.q()), head_major(k, t.s.kv()), head_major(v, t.s.kv()),
              head_major(t.out.data(), t.s.q()), {}, causal());
    EXPECT_EQ(std::memcmp(out.data(), t.out.data(), out.size() * sizeof(TypeParam)), 0) << isa;
  });
}

// More query heads on a kv head than a tile has lanes; head dims of q and v that differ; the longest.
TYPED_TEST(Attention, UnusualShapes) {
  testing::for_each_isa([](const char* isa) {
    for (const Sizes s :
         {Sizes{.kv_heads = 2, .group = 50, .q_rows = 3, .kv_rows = 70, .dim = 16},
          Sizes{.kv_heads = 1, .group = 7, .q_rows = 20, .kv_rows = 66, .dim = 256},
          Sizes{.batch = 2, .kv_heads = 1, .group = 5, .q_rows = 21, .kv_rows = 9, .dim = 96}}) {
      Tensors<TypeParam> t(s);
      t.run({.scale = -0.0625F}, causal());
      EXPECT_LE(used(t, {.scale = -0.0625F}, causal()), 1.0) << isa;
    }
    const Extents q{1, 2, 5, 64}, k{1, 1, 70, 64}, v{1, 1, 70, 8}, out{1, 2, 5, 8};
    const auto qs = elements<TypeParam>(640, 1), ks = elements<TypeParam>(4480, 2),
               vs = elements<TypeParam>(560, 3);
    std::vector<TypeParam> got(80);
    attention(head_major(qs.data(), q), head_major(ks.data(), k), head_major(vs.data(), v),
              head_major(got.data(), out));
    const auto want = reference_attention<TypeParam>(head_major(qs.data(), q), head_major(ks.data(), k),
                                                     head_major(vs.data(), v));
    const double near = std::is_same_v<TypeParam, float> ? 1e-5 : 0.02;
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(static_cast<float>(got[i]), want.out[i], near);
  });
}

// A row alone, by any thread, out of strided tensors: the same bits as within the whole.
TYPED_TEST(Attention, RowsDoNotDependOnEachOther) {
  Tensors<TypeParam> t({.kv_heads = 3, .group = 3, .q_rows = 100, .kv_rows = 100});
  t.run({}, causal());
  const auto whole = t.out;
  core::ThreadPool pool(3);
  t.run({.pool = &pool}, causal());
  EXPECT_EQ(std::memcmp(whole.data(), t.out.data(), whole.size() * sizeof(TypeParam)), 0);
  const Extents one{1, 9, 1, 64}, by_token{1, 9, 100, 64}, kv{1, 3, 100, 64};
  std::vector<TypeParam> q(t.q), k(t.k), v(t.v), out(t.out.size());
  const auto to_token_major = [](const auto& from, auto& to, Extents e) {
    const auto a = head_major(from.data(), e);
    const auto b = token_major(to.data(), e);
    for (Index h = 0; h < e.heads; ++h)
      for (Index r = 0; r < e.rows; ++r) std::copy_n(a.row(0, h, r), e.dim, b.row(0, h, r));
  };
  to_token_major(t.q, q, by_token);
  to_token_major(t.k, k, kv);
  to_token_major(t.v, v, kv);
  for (Index row = 0; row < 100; row += 7) {
    attention(token_major<const TypeParam>(q.data() + row * 9 * 64, one),
              token_major<const TypeParam>(k.data(), kv), token_major<const TypeParam>(v.data(), kv),
              token_major(out.data() + row * 9 * 64, one), {.q_offset = row}, causal());
    for (Index h = 0; h < 9; ++h)
      ASSERT_EQ(std::memcmp(out.data() + (row * 9 + h) * 64, whole.data() + (h * 100 + row) * 64,
                            64 * sizeof(TypeParam)),
                0)
          << row;
  }
}

// A tile's memory is used again by the next, which starts from nothing: infinities that the last rows end with, done first,
// leave no trace in the rows before, empty ones among them.
TYPED_TEST(Attention, ATileLeavesNothingToTheNext) {
  testing::for_each_isa([](const char* isa) {
    Tensors<TypeParam> t({.kv_heads = 2, .group = 3, .q_rows = 200, .kv_rows = 200, .dim = 24});
    const auto mask_mod = [](Index, Index, Index q, Index kv) { return q >= 160 || (q % 2 == 1 && kv < 50); };
    t.run({}, mask_mod);
    const auto finite = t.out;
    for (Index h = 0; h < 2; ++h)
      std::fill_n(t.v.begin() + (h * 200 + 199) * 24, 24, element<TypeParam>(INFINITY));
    t.run({}, mask_mod);
    for (Index h = 0; h < 6; ++h) {
      const std::size_t head = static_cast<std::size_t>(h) * 200 * 24;
      EXPECT_EQ(std::memcmp(&t.out[head], &finite[head], 160 * 24 * sizeof(TypeParam)), 0) << isa << h;
      EXPECT_EQ(static_cast<float>(t.out[head + 100 * 24]), 0.0F);
      EXPECT_EQ(static_cast<float>(t.out[head + 199 * 24]), INFINITY);
    }
  });
}

// Tiles of a block share its packed values, and need more and other keys of them as documents end: of lengths 1, 2, .. 24, here.
TYPED_TEST(Attention, TilesOfShortDocuments) {
  std::vector<Index> ids;
  for (Index id = 0; id < 24; ++id) ids.insert(ids.end(), static_cast<std::size_t>(id) + 1, id);
  ids.pop_back();
  const auto length = static_cast<Index>(ids.size());
  const Runs runs(ids);
  testing::for_each_isa([&](const char* isa) {
    for (const Index group : {1, 3}) {
      Tensors<TypeParam> t(
          {.group = group, .q_rows = length, .kv_rows = length, .dim = group == 1 ? 24 : 64});
      t.run({.kv_splits = group}, causal() & document(runs));
      EXPECT_LE(used(t, {}, causal() & document(runs)), 1.0) << isa << group;
      t.run({.kv_splits = group}, document(runs));
      EXPECT_LE(used(t, {}, document(runs)), 1.0) << isa << group;
    }
  });
}

// Tiles of several kv heads on the same rows take what they see from each other, where all heads see the same.
TYPED_TEST(Attention, HeadsThatSeeTheSame) {
  core::ThreadPool pool(2);
  for (const Index kv_heads : {2, 5}) {
    Tensors<TypeParam> t({.batch = 2, .kv_heads = kv_heads, .q_rows = 130, .kv_rows = 700, .dim = 24});
    const auto expect = [&](const AttentionOptions& options, const auto& mask_mod) {
      t.run(options, mask_mod);
      EXPECT_LE(used(t, options, mask_mod), 1.0) << kv_heads;
    };
    expect({.q_offset = 570, .pool = &pool}, causal());  // up to 11 blocks a tile, too many to keep
    expect({.q_offset = 300, .pool = &pool}, sliding_window(100));
    expect({.q_offset = 300, .kv_splits = 2, .pool = &pool}, sliding_window(100));
    expect({.q_offset = 300, .pool = &pool},
           causal() & mask([](Index b, Index, Index q, Index kv) { return (q + kv + b) % 3 != 0; }));
    // All heads agree on the mod, and not on the blocks.
    const auto blocks = BlockMask::make(
        [](Index b, Index h, Index q, Index kv) { return q >= kv && q - kv < 64 * (h + b + 1); },
        {.batch = 2, .heads = kv_heads, .q_length = 130, .kv_length = 700, .q_offset = 570});
    const AttentionOptions options{.q_offset = 570, .block_mask = &blocks, .pool = &pool};
    t.run(options, prefix_lm(700));  // sees every key
    const auto out = t.out;
    t.run(options, [](Index, Index, Index, Index) { return true; });
    EXPECT_EQ(std::memcmp(out.data(), t.out.data(), out.size() * sizeof(TypeParam)), 0) << kv_heads;
  }
}

// All blocks of a value that is repeated lie at one place, and the last one has fewer keys.
TYPED_TEST(Attention, OneValueForAllKeys) {
  testing::for_each_isa([](const char* isa) {
    Tensors<TypeParam> t({.kv_heads = 1, .group = 3, .q_rows = 140, .kv_rows = 139, .dim = 64});
    for (std::size_t i = 64; i < t.v.size(); ++i) t.v[i] = t.v[i - 64];
    t.run({}, causal());
    const auto want = t.out;
    std::fill_n(t.v.begin() + 64, 138 * 64, element<TypeParam>(NAN));  // not to be read
    View<const TypeParam> v = t.v_view();
    v.row_stride = 0;
    attention(t.q_view(), t.k_view(), v, head_major(t.out.data(), t.s.q()), {}, causal());
    EXPECT_EQ(std::memcmp(t.out.data(), want.data(), want.size() * sizeof(TypeParam)), 0) << isa;
  });
}

// A table that a score mod reads need have no entry for a pair that the mask hides.
TYPED_TEST(Attention, AScoreModIsAskedAboutWhatTheMaskAllows) {
  testing::for_each_isa([](const char* isa) {
    Tensors<TypeParam> t({.kv_heads = 2, .group = 3, .q_rows = 150, .kv_rows = 150, .dim = 16});
    const std::vector<Index> ids = [] {
      std::vector<Index> of_row(150);
      for (std::size_t i = 0; i < of_row.size(); ++i) of_row[i] = static_cast<Index>(i / 21);
      return of_row;
    }();
    const Runs runs(ids);
    const auto expect_allowed = [&](const auto& mask_mod, const char* name) {
      std::size_t hidden = 0;
      const auto score_mod = [&](float score, Index b, Index h, Index q, Index kv) {
        if (!mask_mod(b, h, q, kv)) ++hidden;
        return score;
      };
      for (const Index splits : {1, 2}) t.run({.kv_splits = splits}, mask_mod, score_mod);
      EXPECT_EQ(hidden, 0U) << isa << ' ' << name;
    };
    expect_allowed(causal(), "causal");
    expect_allowed(causal() & document(runs), "documents");
    expect_allowed(sliding_window(17), "window");
    expect_allowed([](Index, Index, Index q, Index kv) { return (q + kv) % 3 == 0; }, "opaque");
  });
}

}  // namespace
}  // namespace chorus::flex
