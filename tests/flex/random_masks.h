// Random mask mods of every kind and their random combinations, each with its rule written out apart from the mod.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "flex/mods.h"

namespace chorus::flex::testing {

using Rule = std::function<bool(Index b, Index h, Index q, Index kv)>;

/// A mod whose type is erased, so that combinations can be drawn at random. With Opaque it hides that it has structure.
template <bool Opaque>
struct ErasedMask : MaskOperand {
  static constexpr bool kOpaque = Opaque;
  std::function<bool(Index, Index, Index, Index)> call;
  std::function<void(Index, Index, Range, Range, SeenKeys&)> seen;

  template <MaskMod M>
  static ErasedMask of(const M& mod) {
    ErasedMask erased;
    erased.call = mod;
    erased.seen = [mod](Index b, Index h, Range q, Range kv, SeenKeys& out) {
      flex::seen_keys(mod, b, h, q, kv, out);
    };
    return erased;
  }
  bool operator()(Index b, Index h, Index q, Index kv) const { return call(b, h, q, kv); }
  void seen_keys(Index b, Index h, Range q, Range kv, SeenKeys& out) const { seen(b, h, q, kv, out); }
};
using AnyMask = ErasedMask<false>;

/// A window that differs by batch and head: structure that depends on them.
struct WindowByHead : MaskOperand {
  bool operator()(Index b, Index h, Index q, Index kv) const { return window(b, h)(b, h, q, kv); }
  void seen_keys(Index b, Index h, Range q, Range kv, SeenKeys& out) const {
    window(b, h).seen_keys(b, h, q, kv, out);
  }
  static SlidingWindow window(Index b, Index h) { return sliding_window(3 * (h + 1) + b); }
};

struct Named {
  AnyMask mod;
  Rule rule;
  std::string name;
  bool exact = true;  // structure of the mod tells every empty and every full block
};

/// Draws mods over up to kTokens tokens; what they capture lives as long as the source.
class RandomMasks {
 public:
  static constexpr Index kTokens = 200;
  static constexpr unsigned kKinds = 17;
  explicit RandomMasks(unsigned seed) : random_(seed) {}

  Index pick(Index least, Index most) {
    return least + static_cast<Index>(random_() % static_cast<unsigned>(most - least + 1));
  }

  Named leaf() { return leaf(static_cast<unsigned>(pick(0, static_cast<Index>(kKinds) - 1))); }
  Named leaf(unsigned kind);
  /// Leaves under up to `depth` combinators.
  Named mask(int depth);

 private:
  std::vector<Index> ids(Index kinds, Index least) {
    std::vector<Index> ids;
    const Index longest = pick(1, 40);
    while (std::ssize(ids) < kTokens)
      ids.insert(ids.end(), static_cast<std::size_t>(pick(1, longest)), pick(least, kinds - 1));
    ids.resize(kTokens);
    return ids;
  }
  Named from_runs(unsigned kind);
  Named relation();
  Named tree();

  std::mt19937 random_;
  std::vector<std::shared_ptr<const void>> alive_;
};

inline std::size_t at(Index i) {
  return static_cast<std::size_t>(i);
}

inline Named RandomMasks::from_runs(unsigned kind) {
  const auto id = ids(6, -1);
  const auto runs = std::make_shared<const Runs>(id);
  alive_.push_back(runs);
  const auto same = [id](Index q, Index k) { return id[at(q)] == id[at(k)]; };
  const Index p = pick(0, 60);
  switch (kind) {
    case 0:
      return {AnyMask::of(document(*runs)), [=](Index, Index, Index q, Index k) { return same(q, k); },
              "document"};
    case 1:
      return {AnyMask::of(document_causal(*runs)),
              [=](Index, Index, Index q, Index k) { return q >= k && same(q, k); }, "document_causal"};
    default:
      return {AnyMask::of(shared_prefix(p, *runs)),
              [=](Index, Index, Index q, Index k) { return q >= k && (k < p || same(q, k)); },
              "shared_prefix"};
  }
}

inline Named RandomMasks::relation() {
  const Index segments = pick(1, 6), free_from = pick(0, kTokens);
  const auto id = ids(segments, -1);
  std::vector<std::pair<Index, Index>> sees;
  for (Index a = 0; a < segments; ++a)
    for (Index b = 0; b < segments; ++b)
      if (pick(0, 3) == 0) sees.emplace_back(a, b);
  const auto relation = std::make_shared<const SegmentRelation>(id, segments, sees, free_from);
  alive_.push_back(relation);
  return {AnyMask::of(relation->mask()),
          [=](Index, Index, Index q, Index k) {
            if (q < k) return false;
            if (q >= free_from) return true;
            const Index a = id[at(q)], b = id[at(k)];
            return a >= 0 && b >= 0 &&
                   (a == b || std::find(sees.begin(), sees.end(), std::pair(a, b)) != sees.end());
          },
          "segment_relation"};
}

inline Named RandomMasks::tree() {
  std::vector<Index> parent(kTokens);
  for (Index i = 0; i < kTokens; ++i) parent[at(i)] = pick(0, 4) > 0 ? i - 1 : pick(-1, i - 1);
  const auto tree = std::make_shared<const Tree>(parent);
  alive_.push_back(tree);
  return {AnyMask::of(tree->ancestors()),
          [=](Index, Index, Index q, Index k) {
            for (; q >= 0; q = parent[at(q)])
              if (q == k) return true;
            return false;
          },
          "tree_ancestors"};
}

inline Named RandomMasks::leaf(unsigned kind) {
  const Index w = pick(0, 70), g = pick(0, 30), s = pick(1, 9);
  switch (kind) {
    case 0:
      return {AnyMask::of(causal()), [](Index, Index, Index q, Index k) { return q >= k; }, "causal"};
    case 1:
      return {AnyMask::of(sliding_window(w)),
              [=](Index, Index, Index q, Index k) { return q >= k && q - k <= w; }, "sliding_window"};
    case 2:
      return {AnyMask::of(symmetric_window(w)),
              [=](Index, Index, Index q, Index k) { return std::abs(q - k) <= w; }, "symmetric_window"};
    case 3:
      return {AnyMask::of(prefix_lm(w)), [=](Index, Index, Index q, Index k) { return k < w || q >= k; },
              "prefix_lm"};
    case 4:
      return {AnyMask::of(dilated(s)), [=](Index, Index, Index q, Index k) { return (q - k) % s == 0; },
              "dilated"};
    case 5:
      return {AnyMask::of(dilated_window(w, s)),
              [=](Index, Index, Index q, Index k) { return std::abs(q - k) <= w && (q - k) % s == 0; },
              "dilated_window", false};
    case 6:
      return {AnyMask::of(global_window(g, w)),
              [=](Index, Index, Index q, Index k) { return q < g || k < g || std::abs(q - k) <= w; },
              "global_window"};
    case 7:
      return {AnyMask::of(block_causal(s)), [=](Index, Index, Index q, Index k) { return q / s >= k / s; },
              "block_causal"};
    case 8:
      return {AnyMask::of(block_diffusion(w + 20, s)),
              [=, n = w + 20](Index, Index, Index q, Index k) {
                if (q >= 2 * n || k >= 2 * n) return false;
                const Index i = q % n / s, j = k % n / s;
                if (k < n) return q < n && i == j;
                return q < n ? i > j : i >= j;
              },
              "block_diffusion"};
    case 9: {
      const Area canvas{pick(3, 13), pick(3, 13)}, kernel{pick(1, 3), pick(1, 3)};
      const auto near = [](Index q, Index k, Index length, Index size) {
        const Index begin = std::clamp(q - size / 2, 0, length - size);
        return k >= begin && k < begin + size;
      };
      return {AnyMask::of(neighbourhood(canvas, kernel)),
              [=, tokens = canvas.height * canvas.width](Index, Index, Index q, Index k) {
                return q < tokens && k < tokens &&
                       near(q / canvas.width, k / canvas.width, canvas.height, kernel.height) &&
                       near(q % canvas.width, k % canvas.width, canvas.width, kernel.width);
              },
              "neighbourhood"};
    }
    case 10:
      return {AnyMask::of(AllowAll()), [](Index, Index, Index, Index) { return true; }, "allow_all"};
    case 11:
      return {AnyMask::of(WindowByHead()),
              [](Index b, Index h, Index q, Index k) { return q >= k && q - k <= 3 * (h + 1) + b; },
              "window by head"};
    case 12:
      return relation();
    case 13:
      return tree();
    default:
      return from_runs(kind - 14);
  }
}

inline Named RandomMasks::mask(int depth) {
  if (depth == 0 || pick(0, 4) == 0) return leaf();
  const Named a = mask(depth - 1);
  const Rule left = a.rule;
  const Index rows = pick(0, 40), group = pick(1, 90);
  switch (pick(0, 4)) {
    case 0: {
      const Named b = mask(depth - 1);
      return {AnyMask::of(a.mod & b.mod),
              [left, right = b.rule](Index i, Index h, Index q, Index k) {
                return left(i, h, q, k) && right(i, h, q, k);
              },
              "(" + a.name + " & " + b.name + ")", false};
    }
    case 1: {
      const Named b = mask(depth - 1);
      return {AnyMask::of(a.mod | b.mod),
              [left, right = b.rule](Index i, Index h, Index q, Index k) {
                return left(i, h, q, k) || right(i, h, q, k);
              },
              "(" + a.name + " | " + b.name + ")", false};
    }
    case 2:
      return {AnyMask::of(!a.mod), [left](Index i, Index h, Index q, Index k) { return !left(i, h, q, k); },
              "!" + a.name, a.exact};
    case 3:
      return {AnyMask::of(batchify(a.mod, group)),
              [left, group](Index i, Index h, Index q, Index k) {
                return q / group == k / group && left(i, h, q % group, k % group);
              },
              "batchify(" + a.name + ")", a.exact};
    default:
      return {AnyMask::of(offset(a.mod, rows, rows / 3)),
              [left, rows](Index i, Index h, Index q, Index k) { return left(i, h, q + rows, k + rows / 3); },
              "offset(" + a.name + ")", a.exact};
  }
}

}  // namespace chorus::flex::testing
