// When an answer ends: stop ids, newlines by text, the limit; and the text that comes out on the way.
#include "engine/stop.h"

#include <gtest/gtest.h>

#include "support/tiny_model.h"

namespace chorus::engine {
namespace {

class StopWatchTest : public testing::Test {
 protected:
  text::TokenId token(const std::string& bytes) const {
    return model_.tokenizer().token_to_id(text::byte_alphabet_spelling(bytes)).value();
  }
  /// Tokens of these texts up to the one that ends the answer: how many, and why.
  std::pair<int, std::optional<StopReason>> follow(const StopRules& rules,
                                                   const std::vector<std::string>& texts) {
    StopWatch watch(rules, &model_.tokenizer());
    pieces_.clear();
    for (int i = 0; i < static_cast<int>(texts.size()); ++i) {
      const auto reason = watch.push(token(texts[static_cast<std::size_t>(i)]));
      pieces_.push_back(watch.piece());
      if (reason) return {i + 1, reason};
    }
    return {static_cast<int>(texts.size()), std::nullopt};
  }

  test::TinyModel model_;
  std::vector<std::string> pieces_;
};

using Outcome = std::pair<int, std::optional<StopReason>>;

TEST_F(StopWatchTest, ANewlineCountsAfterVisibleText) {
  const StopRules rules{.newline = true, .max_new_tokens = 20};
  EXPECT_EQ(follow(rules, {"a", "b", "\n", "c"}), Outcome(3, StopReason::newline));
  EXPECT_EQ(follow(rules, {"\n", " ", "\n\n", "\t", "a", " ", "\n"}), Outcome(7, StopReason::newline));
  EXPECT_EQ(follow(rules, {"\n", "\n\n", " "}), Outcome(3, std::nullopt));
}

TEST_F(StopWatchTest, ItIsTheTextThatCountsNotTheToken) {
  const StopRules rules{.newline = true, .max_new_tokens = 20};
  EXPECT_EQ(follow(rules, {"a", "\n\n"}), Outcome(2, StopReason::newline));
  EXPECT_EQ(follow(rules, {"b\n"}), Outcome(1, StopReason::newline));  // visible and newline in one token
  EXPECT_EQ(follow(rules, {"\n", "b\nc", "a"}), Outcome(2, StopReason::newline));
  EXPECT_EQ(pieces_.back(), "b\nc");
}

TEST_F(StopWatchTest, NewlinesAreNothingUnlessAskedFor) {
  EXPECT_EQ(follow({.newline = false, .max_new_tokens = 4}, {"a", "\n", "\n\n", "b\n"}),
            Outcome(4, StopReason::max_new_tokens));
}

TEST_F(StopWatchTest, StopIdsWinOverTheRest) {
  const StopRules rules{.ids = {token("c"), test::tiny_eos()}, .newline = true, .max_new_tokens = 3};
  EXPECT_EQ(follow(rules, {"a", "c"}), Outcome(2, StopReason::stop_token));
  EXPECT_EQ(follow(rules, {"a", "b", "c"}), Outcome(3, StopReason::stop_token));
  StopWatch watch(rules, &model_.tokenizer());
  EXPECT_EQ(watch.push(test::tiny_eos()), StopReason::stop_token);
  EXPECT_EQ(watch.piece(), "");
}

TEST_F(StopWatchTest, WithoutATokenizerIdsAndTheLimitWork) {
  const StopRules rules{.ids = {7}, .max_new_tokens = 2};
  StopWatch first(rules, nullptr), second(rules, nullptr);
  EXPECT_EQ(first.push(7), StopReason::stop_token);
  EXPECT_EQ(second.push(1), std::nullopt);
  EXPECT_EQ(second.push(2), StopReason::max_new_tokens);
  EXPECT_EQ(second.piece(), "");
}

TEST_F(StopWatchTest, PiecesNeverSplitACharacterAndAreTheDecodedAnswer) {
  const StopRules rules{.max_new_tokens = 4};
  follow(rules, {"a", "\xC3", "\xA9", "b"});
  EXPECT_EQ(pieces_, (std::vector<std::string>{"a", "", "\xC3\xA9", "b"}));
  follow(rules, {"a", "b", "c", "\xC3"});  // a character that the limit cuts
  EXPECT_EQ(pieces_.back(), "\xEF\xBF\xBD");
}

TEST_F(StopWatchTest, ReasonsHaveNames) {
  EXPECT_EQ(name(StopReason::stop_token), "stop-token");
  EXPECT_EQ(name(StopReason::newline), "newline");
  EXPECT_EQ(name(StopReason::max_new_tokens), "max-new-tokens");
}

}  // namespace
}  // namespace chorus::engine
