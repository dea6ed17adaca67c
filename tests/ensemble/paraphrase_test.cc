// Paraphrases by a tiny model: every draw replayed alone, and nothing but its own key decides it.
#include "ensemble/paraphrase.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "data/result_schema.h"
#include "support/errors.h"
#include "support/tiny_model.h"

namespace chorus::ensemble {
namespace {

TEST(ParaphrasePrompt, IsThePublishedOne) {
  const std::string prompt = paraphrase_prompt(0, "who wrote hamlet?").complete();
  EXPECT_TRUE(prompt.starts_with(
      "Paraphrase the following question. Keep the original meaning, but use a different sentence structure "
      "and "
      "vocabulary. Aim to make the paraphrase sound natural and diverse.\n\nQ: who is the governor of hawaii "
      "now?\nParaphrase: "))
      << prompt;
  EXPECT_TRUE(prompt.ends_with("\n\nQ: who wrote hamlet?\nParaphrase:")) << prompt;
  const testing::Matcher<std::string> parts[] = {
      testing::HasSubstr("\n\nQ: what was nelson mandela's religion?\nParaphrase: "),
      testing::HasSubstr("\n\nQ: who played sean in scrubs?\nParaphrase: "),
      testing::HasSubstr("\n\nQ: what political party was henry clay?\nParaphrase: "),
      testing::HasSubstr("\n\nQ: who are iran's major trading partners?\nParaphrase: ")};
  for (const auto& part : parts) EXPECT_THAT(prompt, part);
}

TEST(ParaphrasePrompt, EveryIndexShowsOtherParaphrases) {
  std::set<std::string> prompts;
  for (int i = 0; i < 7; ++i) prompts.insert(paraphrase_prompt(i, "q?").complete());
  EXPECT_EQ(prompts.size(), 5U);
  EXPECT_EQ(paraphrase_prompt(6, "q?").complete(), paraphrase_prompt(1, "q?").complete());
}

class ParaphraseTest : public testing::Test {
 protected:
  std::map<std::size_t, data::Json> run(const ParaphraseOptions& options, std::int32_t batch_size,
                                        const std::vector<std::size_t>& samples = {0, 1}) {
    const ParaphraseRun paraphrases(options, dataset_, model_.tokenizer(), stop_ids_);
    engine::Engine engine(*decoder_, &model_.tokenizer(),
                          {.batch_size = batch_size, .kv_memory = std::size_t{1} << 24});
    std::map<std::size_t, data::Json> rows;
    paraphrases.run(engine, samples, {.rows = [&](std::size_t sample, const std::vector<data::Json>& of) {
                      ASSERT_EQ(of.size(), 1U);
                      EXPECT_TRUE(rows.emplace(sample, of.front()).second);
                    }});
    return rows;
  }
  /// Short phrasings that end now and then.
  static ParaphraseOptions options() {
    ParaphraseOptions o;
    o.num_paraphrases = 3;
    o.max_draws = 4;
    o.seed = 5;
    return o;
  }
  engine::Result draw(const ParaphraseOptions& o, const std::string& uuid, const std::string& question,
                      int index, int number) {
    engine::Engine engine(*decoder_, &model_.tokenizer(), {.kv_memory = std::size_t{1} << 24});
    const std::uint64_t key = engine::draw_key(
        o.seed, {uuid, "paraphrase " + std::to_string(index), "draw " + std::to_string(number)});
    std::optional<engine::Request> request =
        engine::Request{.id = uuid,
                        .prompts = {build_single(model_.tokenizer(), paraphrase_prompt(index, question))},
                        .next = std::make_shared<engine::Sampler>(o.sampling, key),
                        .stop = {.ids = stop_ids_, .newline = true, .max_new_tokens = o.max_new_tokens}};
    engine::Result result;
    engine.run([&] { return std::exchange(request, std::nullopt); },
               {.done = [&](engine::Result r) { result = std::move(r); }});
    return result;
  }

  const data::Dataset dataset_{
      .samples = {{.uuid = "u1", .paraphrases = {"the a?", "b?"}, .answers = {"c"}, .extra = {{"kind", "x"}}},
                  {.uuid = "u2", .paraphrases = {"the a?"}, .answers = {"d"}, .extra = {{"kind", "y"}}}}};
  test::TinyModel model_{{.context = 4096}};
  std::unique_ptr<model::Decoder> decoder_ = model_.decoder();
  // Some bytes more than the end of text, so that a random model's phrasings end.
  const std::vector<text::TokenId> stop_ids_{test::tiny_eos(), 32, 64, 96, 128, 160, 192, 224};
};

TEST_F(ParaphraseTest, RowsHaveTheColumnsOfTheirKind) {
  std::set<std::string> expected;
  for (const auto& column : data::result_schema(data::ResultKind::paraphrases, {"kind"}))
    expected.insert(column.name);
  for (const auto& [sample, row] : run(options(), 64)) {
    std::set<std::string> columns;
    for (const auto& [column, value] : row.items()) columns.insert(column);
    EXPECT_EQ(columns, expected);
    EXPECT_EQ(row["question"], dataset_.samples[sample].paraphrases.front());
    EXPECT_EQ(row["kind"], dataset_.samples[sample].extra.front().second);
  }
}

TEST_F(ParaphraseTest, EveryDrawIsTheOneOfItsKeyAndStandsByTheRule) {
  const ParaphraseOptions o = options();
  int replaced = 0;
  for (const auto& [index, row] : run(o, 64)) {
    const data::Sample& sample = dataset_.samples[index];
    std::vector<std::string> made(static_cast<std::size_t>(o.num_paraphrases));
    std::set<std::string> keys;
    for (const auto& phrasing : sample.paraphrases) keys.insert(phrasing_key(phrasing));
    int drawn = 0, bad = 0;
    for (int number = 0; number < o.max_draws; ++number)
      for (int i = 0; i < o.num_paraphrases; ++i) {
        std::string& place = made[static_cast<std::size_t>(i)];
        if (!place.empty()) continue;
        const engine::Result result = draw(o, sample.uuid, sample.paraphrases.front(), i, number);
        const std::string text = predict(model_.tokenizer().decode(result.tokens), Prediction::first_line);
        ++drawn;
        const bool ended =
            result.tokens.size() < 30 || result.stop_reason != engine::StopReason::max_new_tokens;
        if (ended && !phrasing_key(text).empty() && keys.insert(phrasing_key(text)).second)
          place = text;
        else
          ++bad;
      }
    std::vector<std::string> expected = sample.paraphrases;
    for (const std::string& text : made)
      if (!text.empty()) expected.push_back(text);
    EXPECT_EQ(row["paraphrases"].get<std::vector<std::string>>(), expected);
    EXPECT_EQ(row["paraphrases_drawn"], drawn);
    EXPECT_EQ(row["paraphrases_duplicate"].get<int>() + row["paraphrases_empty"].get<int>() +
                  row["paraphrases_cut_off"].get<int>(),
              bad);
    replaced += bad;
  }
  EXPECT_GT(replaced, 0) << "a test of nothing";
}

TEST_F(ParaphraseTest, BatchesAndOrderChangeNothing) {
  const auto rows = run(options(), 64);
  EXPECT_EQ(run(options(), 1), rows);
  EXPECT_EQ(run(options(), 5, {1, 0}), rows);
  EXPECT_EQ(run(options(), 5, {1}).at(1), rows.at(1));
}

TEST_F(ParaphraseTest, DrawsDifferByQuestionAndSeed) {
  const auto rows = run(options(), 64);
  EXPECT_NE(rows.at(0)["paraphrases"].back(), rows.at(1)["paraphrases"].back());  // the same question
  ParaphraseOptions other = options();
  other.seed = 6;
  EXPECT_NE(run(other, 64), rows);
}

// Phrasings 0 and 5 read the same prompt; without chance they are the same.
TEST_F(ParaphraseTest, WhatCannotDifferIsCountedAndLeftOut) {
  ParaphraseOptions o = options();
  o.sampling.top_k = 1;
  o.num_paraphrases = 6;
  o.max_draws = 2;
  o.max_new_tokens = 60;
  for (const auto& [index, row] : run(o, 64)) {
    const auto made = row["paraphrases"].size() - dataset_.samples[index].paraphrases.size();
    EXPECT_LE(made, 5U);
    EXPECT_GE(row["paraphrases_drawn"].get<int>(), 7);
  }
  o.max_new_tokens = 1;
  for (const auto& [index, row] : run(o, 64)) {
    EXPECT_EQ(row["paraphrases"], dataset_.samples[index].paraphrases);
    EXPECT_EQ(row["paraphrases_drawn"], 12);
  }
}

TEST_F(ParaphraseTest, OptionsThatDoNotFitAreRefused) {
  ParaphraseOptions o = options();
  o.num_paraphrases = 0;
  test::expect_error(ErrorKind::usage, "--num-paraphrases 0", [&] { run(o, 4); });
  o = options();
  o.max_draws = 0;
  test::expect_error(ErrorKind::usage, "--max-draws 0", [&] { run(o, 4); });
  o = options();
  o.sampling.temperature = 0;
  test::expect_error(ErrorKind::usage, "--temperature 0", [&] { run(o, 4); });
}

}  // namespace
}  // namespace chorus::ensemble
