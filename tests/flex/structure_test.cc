// Structure against brute force: what mods and their combinations say of rows and blocks without evaluating a pair.
#include "flex/structure.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "flex/block_mask.h"
#include "random_masks.h"

namespace chorus::flex {
namespace {

using testing::AnyMask;
using testing::Named;
using testing::RandomMasks;

std::vector<bool> members(const KeyRanges& list, Range kv) {
  std::vector<bool> in(static_cast<std::size_t>(kv.size()), false);
  Index end = kv.begin - 1;
  for (const Range range : list) {
    EXPECT_GT(range.begin, end) << "ranges ascend and do not touch";
    EXPECT_LT(range.begin, range.end);
    end = range.end;
    for (Index k = range.begin; k < range.end; ++k) in.at(static_cast<std::size_t>(k - kv.begin)) = true;
  }
  return in;
}

// `any` has every key that a row sees, `all` no key that a row does not see; if exact, no more and no less.
void expect_true_of(const Named& m, Index b, Index h, Range q, Range kv) {
  SeenKeys seen;
  m.mod.seen_keys(b, h, q, kv, seen);
  const auto any = members(seen.any, kv), all = members(seen.all, kv);
  for (Index k = kv.begin; k < kv.end; ++k) {
    bool some = false, every = true;
    for (Index i = q.begin; i < q.end; ++i) {
      const bool allowed = m.rule(b, h, i, k);
      ASSERT_EQ(m.mod(b, h, i, k), allowed) << m.name << " at " << i << ", " << k;
      some |= allowed;
      every &= allowed;
    }
    const auto i = static_cast<std::size_t>(k - kv.begin);
    ASSERT_TRUE(any[i] || !some) << m.name << ": key " << k << " is lost for rows " << q.begin << " to "
                                 << q.end;
    ASSERT_TRUE(!all[i] || every) << m.name << ": key " << k << " is not seen by all of " << q.begin << " to "
                                  << q.end;
    if (m.exact) {
      ASSERT_EQ(any[i], some) << m.name << ": key " << k << ", rows " << q.begin << " to " << q.end;
      ASSERT_EQ(all[i], every) << m.name << ": key " << k << ", rows " << q.begin << " to " << q.end;
    }
  }
}

// Lists short and long, asked for every part: the ranges that have a key of it, and no other.
TEST(KeyRanges, Touching) {
  for (const Index count : {0, 1, 7, 8, 9, 20}) {
    KeyRanges list;
    for (Index i = 0; i < count; ++i) list.add({3 * i + 1, 3 * i + 3});
    for (Index begin = 0; begin < 64; ++begin)
      for (Index end = begin + 1; end <= 64; ++end) {
        std::vector<Range> want;
        for (const Range range : list)
          if (std::max(range.begin, begin) < std::min(range.end, end)) want.push_back(range);
        const auto got = list.touching({begin, end});
        ASSERT_EQ(std::vector<Range>(got.begin(), got.end()), want)
            << count << ": " << begin << " to " << end;
      }
  }
}

TEST(Structure, IsExactForEveryModOfTheLibrary) {
  RandomMasks masks(1);
  for (unsigned kind = 0; kind < RandomMasks::kKinds; ++kind)
    for (int i = 0; i < 40; ++i) {
      const Named m = masks.leaf(kind);
      for (int r = 0; r < 6; ++r) {
        const Index q = masks.pick(0, 120), kv = masks.pick(0, 120);
        expect_true_of(m, masks.pick(0, 1), masks.pick(0, 2), {q, q + masks.pick(1, 70)},
                       {kv, kv + masks.pick(1, 79)});
        if (HasFatalFailure()) return;
      }
    }
}

TEST(Structure, NeverLosesAPairInCombinations) {
  RandomMasks masks(2);
  for (int i = 0; i < 600; ++i) {
    const Named m = masks.mask(3);
    const Index q = masks.pick(0, 50), kv = masks.pick(0, 50);
    expect_true_of(m, masks.pick(0, 1), masks.pick(0, 2), {q, q + masks.pick(1, 25)},
                   {kv, kv + masks.pick(1, 60)});
    if (HasFatalFailure()) return;
  }
}

TEST(Structure, OfAnOpaqueOperandIsWhatTheOtherKnows) {
  const auto odd = [](Index, Index, Index q, Index kv) { return (q + kv) % 2 == 1; };
  static_assert(is_opaque<decltype(causal() & odd)>() && !StructuredMaskMod<decltype(causal() & odd)>);
  static_assert(StructuredMaskMod<decltype(offset(batchify(!causal(), 3), 1))>);
  static_assert(is_opaque<decltype(offset(batchify(!mask(odd), 3), 1))>());
  EXPECT_EQ(classify_by_structure(causal() & odd, 0, 0, {0, 8}, {8, 16}), BlockKind::empty);
  EXPECT_EQ(classify_by_structure(causal() | odd, 0, 0, {8, 16}, {0, 8}), BlockKind::full);
  EXPECT_EQ(classify_by_structure(causal() & odd, 0, 0, {8, 16}, {0, 8}), BlockKind::partial);
  EXPECT_EQ(classify_by_structure(odd, 0, 0, {8, 16}, {0, 8}), BlockKind::partial);
}

TEST(KeyRanges, GrowPastTheirInnerRoomAndSort) {
  KeyRanges list, copy, gaps;
  for (Index i = 29; i >= 0; --i) list.push({4 * i, 4 * i + 2});
  list.push({0, 1});
  list.push({5, 5});
  list.push({2, 4});
  list.sort();
  ASSERT_EQ(list.size(), 29U);
  EXPECT_EQ(list[0], (Range{0, 6}));
  copy.assign(list);
  EXPECT_TRUE(std::equal(list.begin(), list.end(), copy.begin(), copy.end()));
  complement(list, {0, 120}, gaps);
  EXPECT_EQ(gaps.size(), 29U);
  EXPECT_EQ(gaps.hull(), (Range{6, 120}));
  EXPECT_TRUE(list.covers({1, 6}));
  EXPECT_FALSE(list.covers({1, 7}));
}

}  // namespace
}  // namespace chorus::flex
