// Attention over spans: against the double-precision reference, and the promise that only the logical structure counts.
#include "flex/spans.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>

#include "core/error.h"
#include "isa.h"
#include "spans_bound.h"
#include "spans_fixture.h"

namespace chorus::flex {
namespace {

constexpr RowKind kKinds[] = {RowKind::prefill, RowKind::decode};

using testing::normal_values;
using testing::Store;
using testing::worst_use_of_bound;

struct Shape {
  Index kv_heads, group, dim;
};

template <class T>
struct Case {
  Case(Store<T>& keys, Shape s, Index rows, Index variants)
      : store(keys),
        shape(s),
        q(normal_values(count(rows * variants * heads() * s.dim), 7)),
        out(count(rows * heads() * s.dim), NAN) {}
  Index heads() const { return shape.kv_heads * shape.group; }
  static std::size_t count(Index n) { return static_cast<std::size_t>(n); }
  SpanProblem<T> problem(std::span<const SpanTile> tiles, float* to, float* share = nullptr,
                         Index states = 0) const {
    return {.pages = store.view(),
            .tiles = tiles,
            .q = q.data(),
            .out = to,
            .share = share,
            .share_states = states,
            .q_heads = heads(),
            .scale = 1.0F / std::sqrt(static_cast<float>(shape.dim))};
  }
  std::vector<float> run(std::span<const SpanTile> tiles, core::ThreadPool& pool) const {
    std::vector<float> to(out.size(), NAN);
    attention_spans(problem(tiles, to.data()), pool);
    return to;
  }

  Store<T>& store;
  Shape shape;
  std::vector<float> q, out;
};

template <class T>
class AttentionSpans : public ::testing::Test {};
using Elements = ::testing::Types<float, core::bf16, core::f16>;
TYPED_TEST_SUITE(AttentionSpans, Elements);

// Random tiles of both kinds, with every feature of a span, against the reference.
TYPED_TEST(AttentionSpans, RandomProblemsMatchTheReference) {
  core::ThreadPool pool(2);
  std::mt19937 random(11);
  const auto pick = [&](Index lo, Index hi) { return std::uniform_int_distribution<Index>(lo, hi)(random); };
  double worst = 0;
  for (const Index dim : {8, 16, 24, 32, 64, 80, 96, 128, 256}) {
    for (const Index group : {1, 2, 3, 8}) {
      const Shape shape{pick(1, 2), group, dim};
      Store<TypeParam> store(1200, pick(1, 20), shape.kv_heads, dim, static_cast<unsigned>(dim * 10 + group));
      std::vector<std::vector<KvSpan>> spans(6);
      std::vector<SpanTile> tiles;
      const float scales[] = {1.0F, 1.25F, 0.5F};
      Index row = 0, q_row = 0, segment = 0;
      for (auto& list : spans) {
        const Index rows = pick(1, 40), states = pick(1, 3), count = pick(0, 4);
        for (Index s = 0; s < count; ++s) {
          KvSpan span = store.place(segment++, pick(0, 1) * pick(0, 70), pick(0, 100), pick(0, 5));
          span.variant = pick(0, 1);
          span.state = pick(0, states - 1);
          span.score_scale = pick(0, 3) == 0 ? 0.7F : 1.0F;
          span.score_bias = pick(0, 5) == 0 ? -std::numeric_limits<float>::infinity()
                                            : 0.25F * static_cast<float>(pick(-2, 2));
          span.causal = pick(0, 1) == 0;
          list.push_back(span);
        }
        tiles.push_back({.row = row,
                         .rows = rows,
                         .q_row = q_row,
                         .spans = list,
                         .causal_first = pick(0, 90),
                         .states = states,
                         .lse_scale = pick(0, 1) == 0
                                          ? std::span<const float>()
                                          : std::span(scales).first(static_cast<std::size_t>(states)),
                         .joint_scale = pick(0, 1) == 0 ? 1.0F : 0.8F + 0.1F * static_cast<float>(pick(0, 5)),
                         .kind = pick(0, 1) == 0 ? RowKind::decode : RowKind::prefill});
        row += rows;
        q_row += 2 * rows;
      }
      Case<TypeParam> c(store, shape, row, 2);
      std::vector<float> got(c.out), want(c.out), share(static_cast<std::size_t>(row * c.heads() * 4), NAN),
          want_share(share);
      attention_spans(c.problem(tiles, got.data(), share.data(), 4), pool);
      attention_spans_reference(c.problem(tiles, want.data(), want_share.data(), 4));
      worst = std::max(worst, worst_use_of_bound(c.problem(tiles, nullptr), got, want, share, want_share, 4));
    }
  }
  ::testing::Test::RecordProperty("share_of_bound_used", std::to_string(worst));
  EXPECT_LE(worst, 1.0);
  std::printf("share of the bound used: %.3f\n", worst);
}

TYPED_TEST(AttentionSpans, LengthsAroundABlockOnEveryInstructionSet) {
  testing::for_each_isa([](const char* isa) {
    core::ThreadPool pool(1);
    const Shape shape{1, 3, 64};
    for (const Index keys : {0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 129}) {
      for (const bool causal : {false, true}) {
        for (const RowKind kind : kKinds) {
          Store<TypeParam> store(64, 7, 1, 64, 3);
          KvSpan span = store.place(0, 0, keys);
          span.causal = causal;
          const SpanTile tile{.rows = 9, .spans = {&span, 1}, .causal_first = keys - 5, .kind = kind};
          Case<TypeParam> c(store, shape, 9, 1);
          std::vector<float> got(c.out), want(c.out);
          attention_spans(c.problem({&tile, 1}, got.data()), pool);
          attention_spans_reference(c.problem({&tile, 1}, want.data()));
          EXPECT_LE(worst_use_of_bound(c.problem({&tile, 1}, nullptr), got, want, {}, {}, 0), 1.0)
              << isa << keys << causal << static_cast<int>(kind);
        }
      }
    }
  });
}

// One logical structure, many physical forms: pieces, pages, tiles, threads. Not a bit may differ.
TYPED_TEST(AttentionSpans, OnlyTheLogicalStructureCounts) {
  const Shape shape{2, 3, 64};
  const Index rows = 70;
  const std::vector<Index> lengths{150, 37, 64, 90};  // the last segment is causal
  std::mt19937 random(5);
  const auto pick = [&](Index lo, Index hi) { return std::uniform_int_distribution<Index>(lo, hi)(random); };
  for (const RowKind kind : kKinds) {
    std::vector<float> first, first_share;
    for (int form = 0; form < 24; ++form) {
      Store<TypeParam> store(900, form == 0 ? 16 : pick(1, 40), shape.kv_heads, shape.dim,
                             static_cast<unsigned>(form));
      std::vector<KvSpan> spans;
      for (Index s = 0; s < 4; ++s) {
        for (Index at = 0; at < lengths[static_cast<std::size_t>(s)];) {
          const Index left = lengths[static_cast<std::size_t>(s)] - at,
                      piece = form == 0 ? left : pick(1, left);
          KvSpan span = store.place(s, at, piece, form == 0 ? 0 : pick(0, 9));
          span.causal = s == 3;
          span.state = s % 2;
          span.variant = s == 1 ? 1 : 0;
          spans.push_back(span);
          if (form % 3 == 1 && pick(0, 2) == 0)
            spans.push_back({.begin = 0, .end = 0, .logical_first = 0, .segment = s});
          at += piece;
        }
      }
      Case<TypeParam> c(store, shape, rows, 2);
      // Rows cut into tiles; a tile's two query variants lie together, so each has its own copy of the queries.
      const auto width = c.count(c.heads() * shape.dim);
      std::vector<float> q;
      std::vector<SpanTile> tiles;
      for (Index row = 0; row < rows;) {
        const Index count = form == 0 ? rows : form == 1 ? 1 : pick(1, std::min(rows - row, 30));
        tiles.push_back({.row = row,
                         .rows = count,
                         .q_row = static_cast<std::int64_t>(q.size() / width),
                         .spans = spans,
                         .causal_first = 15 + row,
                         .states = 2,
                         .kind = kind});
        for (const Index variant : {0, 1}) {
          const auto from = c.q.begin() + static_cast<std::ptrdiff_t>(c.count(variant * rows + row) * width);
          q.insert(q.end(), from, from + static_cast<std::ptrdiff_t>(c.count(count) * width));
        }
        row += count;
      }
      if (form > 1) std::shuffle(tiles.begin(), tiles.end(), random);
      core::ThreadPool pool(form % 3 + 1);
      std::vector<float> got(c.out), share(c.count(rows * c.heads() * 2), NAN);
      SpanProblem<TypeParam> problem = c.problem(tiles, got.data(), share.data(), 2);
      problem.q = q.data();
      attention_spans(problem, pool);
      if (form == 0) first = got, first_share = share;
      ASSERT_EQ(std::memcmp(first.data(), got.data(), got.size() * sizeof(float)), 0)
          << "form " << form << " kind " << static_cast<int>(kind);
      ASSERT_EQ(std::memcmp(first_share.data(), share.data(), share.size() * sizeof(float)), 0)
          << "form " << form;
    }
  }
}

TEST(AttentionSpansRows, ThatSeeNothingAreZero) {
  core::ThreadPool pool(2);
  Store<float> store(16, 4, 1, 8, 1);
  KvSpan hidden = store.place(0, 0, 9), later = store.place(1, 5, 9);
  hidden.score_bias = -std::numeric_limits<float>::infinity();
  later.causal = true;
  const std::vector<KvSpan> spans{hidden, later};
  const float scale = 2;
  for (const RowKind kind : kKinds) {
    const SpanTile tiles[] = {{.rows = 5, .spans = spans, .lse_scale = {&scale, 1}, .kind = kind},
                              {.row = 5, .rows = 2, .q_row = 5, .kind = kind}};
    Case<float> c(store, {1, 2, 8}, 7, 1);
    std::vector<float> out(c.out), share(7 * 2 * 3, NAN);
    attention_spans(c.problem(tiles, out.data(), share.data(), 3), pool);
    for (const float x : out) EXPECT_EQ(x, 0.0F);
    for (const float x : share) EXPECT_EQ(x, 0.0F);
  }
}

TEST(AttentionSpansRows, ScoresFarApartStayFinite) {
  core::ThreadPool pool(1);
  Store<float> store(32, 16, 1, 64, 1);
  std::vector<KvSpan> spans{store.place(0, 0, 100), store.place(1, 0, 100), store.place(2, 0, 100)};
  spans[0].score_bias = -5000;
  spans[1].score_bias = 3000;
  spans[2].score_scale = 200;
  for (const RowKind kind : kKinds) {
    const SpanTile tile{.rows = 7, .spans = spans, .kind = kind};
    Case<float> c(store, {1, 1, 64}, 7, 1);
    std::vector<float> got(c.out), want(c.out);
    attention_spans(c.problem({&tile, 1}, got.data()), pool);
    attention_spans_reference(c.problem({&tile, 1}, want.data()));
    EXPECT_LE(worst_use_of_bound(c.problem({&tile, 1}, nullptr), got, want, {}, {}, 0), 1.0);
  }
}

TEST(AttentionSpansErrors, NameWhatIsWrong) {
  core::ThreadPool pool(1);
  Store<float> store(4, 4, 2, 8, 1);
  const KvSpan good = store.place(0, 0, 8);
  Case<float> c(store, {2, 1, 8}, 1, 1);
  std::vector<float> out(c.out);
  const auto message = [&](KvSpan span, auto change) -> std::string {
    SpanTile tile{.rows = 1, .spans = {&span, 1}};
    auto problem = c.problem({}, out.data());
    change(tile, problem);
    problem.tiles = {&tile, 1};
    try {
      attention_spans(problem, pool);
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::usage);
      return e.what();
    }
    return "no error";
  };
  const auto nothing = [](SpanTile&, SpanProblem<float>&) {};
  KvSpan span = good;
  span.end = 9;
  EXPECT_THAT(message(span, nothing), ::testing::HasSubstr("ends at slot 9; expected at most the 8 slots"));
  span = good;
  span.begin = 9;
  EXPECT_THAT(message(span, nothing), ::testing::HasSubstr("slots [9, 8)"));
  span = good;
  span.logical_first = std::numeric_limits<Index>::max() - 8;
  EXPECT_THAT(message(span, nothing), ::testing::HasSubstr("a span at logical index 2147483639"));
  span = good;
  span.state = 1;
  EXPECT_THAT(message(span, nothing),
              ::testing::HasSubstr("a span of state 1; expected less than the tile's 1"));
  EXPECT_THAT(message(good, [](SpanTile&, SpanProblem<float>& p) { p.q_heads = 3; }),
              ::testing::HasSubstr("3 query heads over 2 kv heads"));
  EXPECT_THAT(message(good, [](SpanTile&, SpanProblem<float>& p) { p.pages.head_dim = 12; }),
              ::testing::HasSubstr("head_dim 12"));
  const float scales[2] = {1, 1};
  EXPECT_THAT(message(good, [&](SpanTile& t, SpanProblem<float>&) { t.lse_scale = scales; }),
              ::testing::HasSubstr("2 values of lse_scale"));
}

}  // namespace
}  // namespace chorus::flex
