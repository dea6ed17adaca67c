// Layouts: sequences worked out by hand from semantics.md, section 2, and what must hold for every choice of options.
#include "ensemble/layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/error.h"
#include "support/tiny_model.h"

namespace chorus::ensemble {
namespace {

using Ids = std::vector<text::TokenId>;
using Pairs = std::vector<std::pair<std::int32_t, std::int32_t>>;
constexpr text::TokenId kBos = 1, kSep = 8, kCue = 9;

/// S = 10 11; paraphrases 20 | 30 31 | 40.
LayoutTokens three() {
  LayoutTokens tokens;
  tokens.paraphrases = {{10, 11, 20}, {10, 11, 30, 31}, {10, 11, 40}};
  tokens.cue = {kCue, kCue};
  tokens.separator = {kSep};
  tokens.bos = kBos;
  tokens.shared = 2;
  return tokens;
}

void expect_prompt(const engine::Prompt& p, const Ids& ids, const std::vector<std::int32_t>& segment_of,
                   const std::vector<std::int32_t>& positions, const Pairs& sees, std::int32_t free_from,
                   const std::vector<std::int32_t>& paraphrase_of) {
  EXPECT_EQ(p.ids, ids);
  EXPECT_EQ(p.segment_of, segment_of);
  EXPECT_EQ(p.positions, positions);
  EXPECT_EQ(std::set(p.sees.begin(), p.sees.end()), std::set(sees.begin(), sees.end()));
  EXPECT_EQ(p.free_from, free_from);
  EXPECT_EQ(p.paraphrase_of, paraphrase_of);
  EXPECT_EQ(p.paraphrases, 3);
  EXPECT_NO_THROW(engine::check(p, 100));
}

TEST(Layout, ConcatOwnBos) {
  LayoutTokens tokens = three();
  tokens.cue.clear();
  expect_prompt(assemble_layout({}, tokens), {1, 10, 11, 20, 8, 1, 10, 11, 30, 31, 8, 1, 10, 11, 40},  //
                {0, 0, 0, 0, -1, 1, 1, 1, 1, 1, -1, 2, 2, 2, 2},                                       //
                {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}, {}, 15, {0, 1, 2});
}

TEST(Layout, ConcatOneBosForAllAlignedFusedOwnSeparators) {
  expect_prompt(assemble_layout({.separator_scope = SeparatorScope::own,
                                 .bos_scope = BosScope::all,
                                 .cue = Cue::fused,
                                 .positions = Positions::aligned},
                                three()),
                {1, 10, 11, 20, 8, 10, 11, 30, 31, 8, 10, 11, 40, 9, 9},  //
                {0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, -1, -1},          //
                {0, 1, 2, 3, 4, 1, 2, 3, 4, 5, 1, 2, 3, 6, 7},            //
                {{1, 0}, {2, 0}, {3, 0}}, 13, {-1, 0, 1, 2});
}

TEST(Layout, ConcatFirstBosAlignedReversed) {
  LayoutTokens tokens = three();
  tokens.cue.clear();
  expect_prompt(
      assemble_layout(
          {.bos_scope = BosScope::first, .positions = Positions::aligned, .order = Order::reversed}, tokens),
      {1, 10, 11, 40, 8, 10, 11, 30, 31, 8, 10, 11, 20},  //
      {0, 0, 0, 0, -1, 1, 1, 1, 1, -1, 2, 2, 2},          //
      {0, 1, 2, 3, 4, 1, 2, 3, 4, 5, 1, 2, 3}, {}, 13, {2, 1, 0});
}

TEST(Layout, ConcatBosOfNoSegment) {
  LayoutTokens tokens = three();
  tokens.cue.clear();
  tokens.separator.clear();
  expect_prompt(assemble_layout({.separator = "", .bos_scope = BosScope::none}, tokens),
                {1, 10, 11, 20, 10, 11, 30, 31, 10, 11, 40},  //
                {-1, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2},           //
                {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, {}, 11, {0, 1, 2});
}

TEST(Layout, SharedAlignedFused) {
  expect_prompt(assemble_layout({.kind = LayoutKind::shared,
                                 .separator = "",
                                 .bos_scope = BosScope::all,
                                 .cue = Cue::fused,
                                 .positions = Positions::aligned},
                                three()),
                {1, 10, 11, 20, 30, 31, 40, 9, 9},  //
                {0, 1, 1, 2, 3, 3, 4, -1, -1},      //
                {0, 1, 2, 3, 3, 4, 3, 5, 6},        //
                {{1, 0}, {2, 0}, {2, 1}, {3, 0}, {3, 1}, {4, 0}, {4, 1}}, 7, {-1, -1, 0, 1, 2});
}

TEST(Layout, SharedBosOfNoSegmentSequential) {
  LayoutTokens tokens = three();
  tokens.cue.clear();
  expect_prompt(
      assemble_layout({.kind = LayoutKind::shared, .separator = "", .bos_scope = BosScope::none}, tokens),
      {1, 10, 11, 20, 30, 31, 40}, {-1, 0, 0, 1, 2, 2, 3}, {0, 1, 2, 3, 4, 5, 6},  //
      {{1, 0}, {2, 0}, {3, 0}}, 7, {-1, 0, 1, 2});
}

TEST(Layout, CausalConcatSeesAllThatIsEarlier) {
  LayoutTokens tokens = three();
  tokens.cue.clear();
  tokens.paraphrases.resize(2);
  tokens.bos.reset();
  const engine::Prompt p = assemble_layout({.kind = LayoutKind::causal_concat}, tokens);
  EXPECT_EQ(p.ids, (Ids{10, 11, 20, 8, 10, 11, 30, 31}));
  EXPECT_EQ(p.segment_of, (std::vector<std::int32_t>{0, 0, 0, 1, 2, 2, 2, 2}));
  EXPECT_EQ(p.paraphrase_of, (std::vector<std::int32_t>{0, -1, 1}));
  EXPECT_EQ(p.sees, (Pairs{{1, 0}, {2, 0}, {2, 1}}));
}

TEST(SharedPrefix, StopsWhereTokensDifferAndWhereThePrefixEnds) {
  const test::TinyModel model;
  const auto& tokenizer = model.tokenizer();
  const auto shared = [&](const std::vector<std::string>& texts, std::size_t bytes) {
    std::vector<Ids> ids;
    for (const auto& text : texts) ids.push_back(tokenizer.encode(text));
    return shared_prefix(tokenizer, ids, bytes);
  };
  EXPECT_EQ(shared({"Say.\n\nQ: x", "Say.\n\nQ: y"}, 6), 5);  // S a y . \n\n; "Q: " is common and outside
  EXPECT_EQ(shared({"Say.\n\nQ: x"}, 6), 5);                  // one paraphrase alone: the same S
  EXPECT_EQ(shared({"Say.\n\nx", "Sad.\n\nx"}, 6), 2);
  EXPECT_EQ(shared({"Say", "Sayin"}, 20), 3);  // the shorter one ends
  EXPECT_EQ(shared({"x", "y"}, 0), 0);
  // The third newline joins the two that end the prefix: one token reaches past it.
  ASSERT_EQ(tokenizer.encode("S\n\n\n").size(), 2U);
  EXPECT_EQ(shared({"S\n\n\nx", "S\n\n\ny"}, 3), 1);
  // It does in one paraphrase only: there the tokens differ already.
  EXPECT_EQ(shared({"S\n\n\nx", "S\n\ny"}, 3), 1);
  // " the" begins a word before the prefix's end and stops after it.
  EXPECT_EQ(shared({"a the", "a the"}, 3), 1);
}

/// All combinations of options that check() takes, by their names.
std::vector<LayoutOptions> all_options() {
  std::vector<LayoutOptions> all;
  for (const auto kind :
       {LayoutKind::concat, LayoutKind::shared, LayoutKind::causal_concat, LayoutKind::causal_shared})
    for (const char* separator : {"", "\n\n[SEP]\n\n"})
      for (const auto scope : {SeparatorScope::none, SeparatorScope::own})
        for (const auto bos : {BosScope::own, BosScope::all, BosScope::first, BosScope::none})
          for (const auto cue : {Cue::own, Cue::fused})
            for (const auto positions : {Positions::sequential, Positions::aligned})
              for (const auto order : {Order::given, Order::reversed, Order::seeded}) {
                const LayoutOptions options{kind, separator, scope, bos, cue, positions, order, 3};
                try {
                  check(options);
                  all.push_back(options);
                } catch (const Error&) {
                }
              }
  return all;
}

std::string describe(const LayoutOptions& o) {
  return fmt::format("{} separator {} of {} bos {} cue {} {} {}", name(o.kind), o.separator.size(),
                     name(o.separator_scope), name(o.bos_scope), name(o.cue), name(o.positions),
                     order_name(o));
}

class EveryLayout : public testing::TestWithParam<bool> {
 protected:
  std::vector<data::PromptParts> parts_ = {{"Say.\n\nQ: in\nA: b\n\n", "Q: the a?", "\nA:"},
                                           {"Say.\n\nQ: in\nA: b\n\n", "Q: in the b, a?", "\nA:"},
                                           {"Say.\n\nQ: in\nA: b\n\n", "Q: x", "\nA:"}};
  test::TinyModel model_{{.bos = GetParam()}};
};

/// Tokens of paraphrase p's segment, a BOS and an own separator left out.
std::string text_of(const engine::Prompt& prompt, std::int32_t p, const text::Tokenizer& tokenizer,
                    std::size_t& begin) {
  Ids ids;
  for (std::size_t i = 0; i < prompt.ids.size(); ++i) {
    const auto s = prompt.segment_of[i];
    if (s < 0 || static_cast<std::int32_t>(i) >= prompt.free_from ||
        prompt.paraphrase_of[static_cast<std::size_t>(s)] != p)
      continue;
    if (ids.empty()) begin = i;
    ids.push_back(prompt.ids[i]);
  }
  return tokenizer.decode(ids);
}

/// The mask as semantics.md, section 1, has it.
bool allowed(const engine::Prompt& p, const std::vector<std::uint8_t>& sees, std::size_t q, std::size_t k) {
  const auto a = p.segment_of[q], b = p.segment_of[k];
  if (q < k || static_cast<std::int32_t>(q) >= p.free_from) return q >= k;
  return a >= 0 && b >= 0 && sees[static_cast<std::size_t>(a * p.segments + b)] != 0;
}

TEST_P(EveryLayout, HasTheMaskOfItsKind) {
  for (const LayoutOptions& o : all_options()) {
    SCOPED_TRACE(describe(o));
    const engine::Prompt p = build_layout(o, model_.tokenizer(), parts_);
    const auto sees = engine::sees_matrix(p);
    const auto paraphrase = [&](std::size_t i) {
      return p.segment_of[i] < 0 ? -2 : p.paraphrase_of[static_cast<std::size_t>(p.segment_of[i])];
    };
    for (std::size_t q = 0; q < p.ids.size(); ++q)
      for (std::size_t k = 0; k <= q; ++k) {
        const bool is = allowed(p, sees, q, k);
        if (o.is_causal() || static_cast<std::int32_t>(q) >= p.free_from) {
          ASSERT_TRUE(is) << q << " must see " << k;
        } else if (paraphrase(q) == -2 || paraphrase(k) == -2) {
          ASSERT_FALSE(is) << "tokens of no segment neither see nor are seen: " << q << " " << k;
        } else {
          // A paraphrase sees itself and what is no paraphrase's: S, a BOS for all.
          ASSERT_EQ(is, paraphrase(k) == -1 || paraphrase(k) == paraphrase(q)) << q << " " << k;
        }
      }
    if (!o.is_causal()) continue;
    LayoutOptions twin = o;
    twin.kind = o.is_concat() ? LayoutKind::concat : LayoutKind::shared;
    const engine::Prompt isolated = build_layout(twin, model_.tokenizer(), parts_);
    EXPECT_EQ(p.ids, isolated.ids);
    EXPECT_EQ(p.positions, isolated.positions);
    EXPECT_EQ(p.free_from, isolated.free_from);
  }
}

TEST_P(EveryLayout, ASinglePromptIsCompleteAndCausal) {
  const engine::Prompt p = build_single(model_.tokenizer(), parts_[1]);
  EXPECT_EQ(p.ids, model_.tokenizer().encode(parts_[1].complete(), true));
  EXPECT_EQ(p.ids.front() == test::tiny_bos(), GetParam());
  EXPECT_EQ(p.segments, 1);
  EXPECT_EQ(p.free_from, p.size());
  // concat of one paraphrase is the same sequence
  const engine::Prompt alone = build_layout({}, model_.tokenizer(), std::span(parts_).subspan(1, 1));
  EXPECT_EQ(alone.ids, p.ids);
  EXPECT_EQ(alone.positions, p.positions);
}

TEST_P(EveryLayout, KeepsTheRules) {
  const auto& tokenizer = model_.tokenizer();
  const auto all = all_options();
  EXPECT_GT(all.size(), 150U);
  for (const LayoutOptions& o : all) {
    SCOPED_TRACE(describe(o));
    const engine::Prompt p = build_layout(o, tokenizer, parts_);
    ASSERT_NO_THROW(engine::check(p, test::tiny_vocab()));
    const auto n = static_cast<std::size_t>(p.size());
    // Free rows are the fused cue.
    const Ids cue(p.ids.begin() + p.free_from, p.ids.end());
    EXPECT_EQ(tokenizer.decode(cue), o.cue == Cue::fused ? "\nA:" : "");
    // BOS: none, one, or one per paraphrase.
    const auto bos = std::count(p.ids.begin(), p.ids.end(), test::tiny_bos());
    EXPECT_EQ(bos, !GetParam() ? 0 : o.bos_scope == BosScope::own ? 3 : 1);
    // Each paraphrase is its text, in the order asked for.
    std::vector<std::size_t> begins;
    for (std::int32_t i = 0; i < 3; ++i) {
      const auto& part = parts_[static_cast<std::size_t>(i)];
      std::string text = (o.is_concat() ? part.prefix : "") + part.body + (o.cue == Cue::own ? part.cue : "");
      std::string found = text_of(p, i, tokenizer, begins.emplace_back());
      if (o.is_concat() && o.separator_scope == SeparatorScope::own && !found.ends_with(text)) {
        EXPECT_TRUE(found.ends_with(o.separator));
        found.resize(found.size() - o.separator.size());
      }
      EXPECT_EQ(found, text);
    }
    if (o.order == Order::given) {
      EXPECT_TRUE(begins[0] < begins[1] && begins[1] < begins[2]);
    }
    if (o.order == Order::reversed) {
      EXPECT_TRUE(begins[0] > begins[1] && begins[1] > begins[2]);
    }
    // The whole is the literal text.
    const std::string whole = tokenizer.decode(p.ids);
    std::size_t expected = cue.empty() ? 0 : 3;
    for (const auto& part : parts_)
      expected += (o.is_concat() ? part.prefix.size() : 0) + part.body.size() + (o.cue == Cue::own ? 3 : 0);
    expected += o.is_concat() ? 2 * o.separator.size() : parts_[0].prefix.size();
    EXPECT_EQ(whole.size(), expected) << whole;
    // Positions.
    for (std::size_t i = 1; i < n && o.positions == Positions::sequential; ++i)
      ASSERT_EQ(p.positions[i], p.positions[i - 1] + 1);
    EXPECT_EQ(p.positions[0], 0);
    if (o.positions == Positions::aligned) {
      std::vector<std::size_t> in_order = begins;
      std::sort(in_order.begin(), in_order.end());
      const std::int32_t first = p.positions[in_order[0]], second = p.positions[in_order[1]];
      EXPECT_EQ(p.positions[in_order[2]], second);
      EXPECT_EQ(first, GetParam() && o.bos_scope == BosScope::first ? second - 1 : second);
      if (!cue.empty()) {
        EXPECT_EQ(p.positions[static_cast<std::size_t>(p.free_from)],
                  1 + *std::max_element(p.positions.begin(), p.positions.begin() + p.free_from));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Bos, EveryLayout, testing::Bool(),
                         [](const auto& of) { return of.param ? "adds_bos" : "adds_none"; });

}  // namespace
}  // namespace chorus::ensemble
