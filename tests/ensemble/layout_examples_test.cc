// The layout `examples` against its description in semantics.md, section 2: the relation, worked out by hand.
#include <gtest/gtest.h>

#include <set>

#include "ensemble/layout.h"
#include "support/tiny_model.h"

namespace chorus::ensemble {
namespace {

using Pairs = std::set<std::pair<std::int32_t, std::int32_t>>;

class ExamplesLayout : public testing::TestWithParam<bool> {
 protected:
  std::string text_of(const engine::Prompt& prompt, std::int32_t segment) const {
    std::vector<text::TokenId> ids;
    for (std::size_t i = 0; i < prompt.ids.size(); ++i)
      if (prompt.segment_of[i] == segment) ids.push_back(prompt.ids[i]);
    return model_.tokenizer().decode(ids);
  }
  test::TinyModel model_{{.bos = GetParam()}};
  const std::vector<data::WorkedExample> examples_{{"a?", "b", {"a?", "aa?", "aaa?"}}, {"c?", "d", {"c?"}}};
  const std::vector<std::string> questions_{"x?", "y?"};
  LayoutOptions options_{
      .kind = LayoutKind::examples, .separator = "", .bos_scope = BosScope::all, .cue = Cue::fused};
};

TEST_P(ExamplesLayout, HasTheRelationOfItsDescription) {
  const engine::Prompt p = build_examples(
      options_, model_.tokenizer(),
      {.instruction = "Say.", .examples = examples_, .questions = questions_, .num_phrasings = 2});
  EXPECT_NO_THROW(engine::check(p, model_.config().vocab));
  const std::int32_t at = GetParam() ? 1 : 0;  // after the segment of the BOS
  const char* texts[] = {"Say.\n\n", "Q: a?\n",  "Q: aa?\n", "A: b\n\n",
                         "Q: c?\n",  "A: d\n\n", "Q: x?\n",  "Q: y?\n"};
  ASSERT_EQ(p.segments, at + 8);
  for (std::int32_t s = 0; s < 8; ++s) EXPECT_EQ(text_of(p, at + s), texts[s]);
  Pairs expected;
  const auto sees = [&](std::int32_t a, std::initializer_list<std::int32_t> seen) {
    for (const std::int32_t b : seen) expected.emplace(at + a, at + b);
    if (at > 0) expected.emplace(at + a, 0);
  };
  sees(0, {});
  sees(1, {0});
  sees(2, {0});
  sees(3, {0, 1, 2});
  sees(4, {0, 1, 2});
  sees(5, {0, 1, 2, 3, 4});
  sees(6, {0, 1, 2, 3, 4, 5});
  sees(7, {0, 1, 2, 3, 4, 5});
  EXPECT_EQ(Pairs(p.sees.begin(), p.sees.end()), expected);
  EXPECT_EQ(p.sees.size(), expected.size());
  std::vector<std::int32_t> marks(static_cast<std::size_t>(at) + 6, -1);
  marks.insert(marks.end(), {0, 1});
  EXPECT_EQ(p.paraphrase_of, marks);
  EXPECT_EQ(model_.tokenizer().decode(std::vector<text::TokenId>(p.ids.begin() + p.free_from, p.ids.end())),
            "A:");
  for (std::int32_t i = 0; i < p.size(); ++i) EXPECT_EQ(p.positions[static_cast<std::size_t>(i)], i);
}

TEST_P(ExamplesLayout, OrderAndCalibrationAreTheOptions) {
  options_.order = Order::reversed;
  options_.bos_scope = BosScope::none;
  options_.calibration = Calibration::ape;
  options_.context_temperature = 0.8F;
  const engine::Prompt p = build_examples(options_, model_.tokenizer(),
                                          {.instruction = "", .questions = questions_, .num_phrasings = 2});
  EXPECT_EQ(p.paraphrase_of, (std::vector<std::int32_t>{1, 0}));
  EXPECT_EQ(text_of(p, 0), "Q: y?\n");
  EXPECT_EQ(p.segment_of.front(), GetParam() ? -1 : 0);
  EXPECT_EQ(p.fusion.temperature, 0.8F);
  EXPECT_EQ(p.fusion.scale, 0.9F);
}

INSTANTIATE_TEST_SUITE_P(Bos, ExamplesLayout, testing::Bool(),
                         [](const auto& of) { return of.param ? "adds_bos" : "adds_none"; });

}  // namespace
}  // namespace chorus::ensemble
