// Layouts from JSON: those that files can say of the built-in ones, and every error with its field.
#include "ensemble/layout_file.h"

#include <gtest/gtest.h>

#include <set>

#include "support/errors.h"
#include "support/tiny_model.h"

namespace chorus::ensemble {
namespace {

constexpr const char* kShared = R"({"comment": "as --layout shared, aligned, fused", "segments": [
  {"name": "bos", "text": "{bos}"},
  {"name": "S", "text": "{prefix}", "sees": ["bos"]},
  {"name": "P", "each": "paraphrase", "text": "{body}", "sees": ["bos", "S"], "start": "after S"},
  {"name": "cue", "text": "{cue}", "free": true}]})";

class LayoutFileTest : public testing::TestWithParam<bool> {
 protected:
  LayoutFileTest() {
    for (const char* question : {"a?", "bb?", "ccc {cue}?"})
      parts_.push_back({"Say.\n\n", std::string("Q: ") + question, "\nA:"});
  }
  engine::Prompt build(const std::string& json, LayoutOptions options = {}) const {
    const engine::Prompt prompt =
        LayoutFile::parse(json, "x.json").build(options, model_.tokenizer(), parts_);
    engine::check(prompt, model_.config().vocab);
    return prompt;
  }
  test::TinyModel model_{{.bos = GetParam()}};
  std::vector<data::PromptParts> parts_;
};

void expect_same(const engine::Prompt& a, const engine::Prompt& b) {
  EXPECT_EQ(a.ids, b.ids);
  EXPECT_EQ(a.segment_of, b.segment_of);
  EXPECT_EQ(a.positions, b.positions);
  EXPECT_EQ(std::set(a.sees.begin(), a.sees.end()), std::set(b.sees.begin(), b.sees.end()));
  EXPECT_EQ(a.free_from, b.free_from);
  EXPECT_EQ(a.paraphrase_of, b.paraphrase_of);
  EXPECT_EQ(a.paraphrases, b.paraphrases);
}

TEST_P(LayoutFileTest, CanSayTheLayoutShared) {
  for (const Order order : {Order::given, Order::reversed}) {
    const LayoutOptions twin{.kind = LayoutKind::shared,
                             .separator = "",
                             .bos_scope = BosScope::all,
                             .cue = Cue::fused,
                             .positions = Positions::aligned,
                             .order = order};
    // The blank line before "Q" is one token either way, so that S encoded apart is S found on ids.
    expect_same(build(kShared, {.order = order}), build_layout(twin, model_.tokenizer(), parts_));
  }
}

TEST_P(LayoutFileTest, CanSayConcatWithSeparators) {
  if (GetParam()) GTEST_SKIP() << "a BOS in every phrasing is not in this language";
  for (const bool own : {false, true}) {
    const std::string json = std::string(R"({"segments": [
      {"name": "P", "each": "paraphrase", "text": "{prefix}{body}{cue}"},
      {"name": "sep", "each": "paraphrase", "between": true, "paraphrase": false, "text": "\n|\n", "segment": )") +
                             (own ? "\"P\"" : "null") + "}]}";
    const LayoutOptions twin{.separator = "\n|\n",
                             .separator_scope = own ? SeparatorScope::own : SeparatorScope::none};
    expect_same(build(json), build_layout(twin, model_.tokenizer(), parts_));
  }
}

TEST_P(LayoutFileTest, RelationsAndPositionsAreAsWritten) {
  const engine::Prompt p = build(R"({"segments": [
    {"name": "A", "each": "paraphrase", "text": "{body}", "start": 40},
    {"name": "B", "each": "paraphrase", "text": "x", "sees": ["A.same", "B"], "paraphrase": false, "start": "after A"},
    {"name": "cue", "text": "A:", "free": true, "start": 7}]})",
                                 {.calibration = Calibration::ape, .context_temperature = 0.5F});
  EXPECT_EQ(p.segments, 6);
  EXPECT_EQ(p.paraphrase_of, (std::vector<std::int32_t>{0, -1, 1, -1, 2, -1}));
  using Pairs = std::set<std::pair<std::int32_t, std::int32_t>>;
  EXPECT_EQ(Pairs(p.sees.begin(), p.sees.end()),
            (Pairs{{1, 0}, {3, 2}, {5, 4}, {1, 3}, {1, 5}, {3, 1}, {3, 5}, {5, 1}, {5, 3}}));
  EXPECT_EQ(p.positions[0], 40);
  EXPECT_EQ(p.positions[static_cast<std::size_t>(p.free_from)], 7);
  EXPECT_EQ(p.fusion.temperature, 0.5F);
}

INSTANTIATE_TEST_SUITE_P(Bos, LayoutFileTest, testing::Bool(),
                         [](const auto& of) { return of.param ? "adds_bos" : "adds_none"; });

TEST(LayoutFileErrors, NameTheField) {
  const auto refused = [](const std::string& part, const std::string& segments) {
    SCOPED_TRACE(segments);
    test::expect_error(ErrorKind::usage, "x.json: " + part,
                       [&] { LayoutFile::parse("{\"segments\": [" + segments + "]}", "x.json"); });
  };
  const std::string p = R"({"name": "P", "each": "paraphrase", "text": "{body}"})";
  EXPECT_NO_THROW(LayoutFile::parse("{\"segments\": [" + p + "]}", "x.json"));
  refused("no list 'segments'", "");
  refused("segments[0]: 3", "3");
  refused("segments[0].name: missing", "{}");
  refused("segments[0].text: 1", R"({"name": "a", "text": 1})");
  refused("segments[1].name: 'P'", p + "," + p);
  refused("segments[0].name: 'a b'", R"({"name": "a b", "text": ""})");
  refused("segments[0].colour: unknown", R"({"name": "a", "text": "", "colour": 1})");
  refused("segments[0].each: \"word\"", R"({"name": "a", "text": "", "each": "word"})");
  refused("segments[0].text: {body}", R"({"name": "a", "text": "{body}"})");
  refused("segments[0].text: {question}", R"({"name": "a", "each": "paraphrase", "text": "{question}"})");
  refused("segments[0].text: {bos} in a repeated segment",
          R"({"name": "a", "each": "paraphrase", "text": "{bos}"})");
  refused("segments[0].between: true without each", R"({"name": "a", "text": "", "between": true})");
  refused("segments[0].between: 1", R"({"name": "a", "text": "", "between": 1})");
  refused("segments[0].free: true", R"({"name": "a", "text": "", "free": true},)" + p);
  refused("segments[1].segment: 'x'", p + R"(,{"name": "a", "text": "", "segment": "x"})");
  refused("segments[1].segment: 'P'", p + R"(,{"name": "a", "text": "", "segment": "P"})");
  refused("segments[1].sees: 'x'", p + R"(,{"name": "a", "text": "", "sees": ["x"]})");
  refused("segments[1].sees: \"P.same\"", p + R"(,{"name": "a", "text": "", "sees": ["P.same"]})");
  refused("segments[1].start: -1", p + R"(,{"name": "a", "text": "", "start": -1})");
  refused("segments[0].start: 'after P'", R"({"name": "a", "text": "", "start": "after P"},)" + p);
  refused("segments: no segment of the phrasings", R"({"name": "a", "text": ""})");
  test::expect_error(ErrorKind::usage, "x.json", [] { LayoutFile::parse("{", "x.json"); });
  test::expect_error(ErrorKind::usage, "x.json: extra: unknown",
                     [&] { LayoutFile::parse("{\"segments\": [" + p + "], \"extra\": 1}", "x.json"); });
  test::expect_error(ErrorKind::io, "none.json", [] { LayoutFile::read("/nowhere/none.json"); });
}

}  // namespace
}  // namespace chorus::ensemble
