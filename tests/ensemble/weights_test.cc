// Weights from confidences, the vote, and confidence files, against what semantics.md, section 3, says in words.
#include "ensemble/weights.h"

#include <gtest/gtest.h>

#include <fstream>

#include "ensemble/vote.h"
#include "support/errors.h"
#include "support/temp_folder.h"

namespace chorus::ensemble {
namespace {

using Numbers = std::vector<double>;
using Weights = std::vector<float>;

TEST(Weights, AreShares) {
  EXPECT_EQ(shares(Numbers{0.5, 0.25, 0.25}), (Weights{0.5F, 0.25F, 0.25F}));
  EXPECT_EQ(shares(Numbers{0, 3}), (Weights{0, 1}));
  EXPECT_EQ(shares(Numbers{0, 0, 0, 0}), (Weights{0.25F, 0.25F, 0.25F, 0.25F}));
}

TEST(Weights, OfFlexAreRelativeToEqualOnes) {
  EXPECT_EQ(relative_weights(Numbers{0.75, 0.25}), (Weights{1.5F, 0.5F}));
  EXPECT_EQ(relative_weights(Numbers{0, 1, 1}), (Weights{0, 1.5F, 1.5F}));
  for (const Numbers& equal : {Numbers{0, 0, 0}, Numbers{0.3, 0.3}, Numbers{1}})
    EXPECT_TRUE(relative_weights(equal).empty());
}

TEST(Weights, TheMostConfidentIsTheFirstOfEquals) {
  EXPECT_EQ(most_confident(Numbers{0.1, 0.7, 0.7}), 1U);
  EXPECT_EQ(most_confident(Numbers{0, 0}), 0U);
}

TEST(Vote, TakesTheAnswerOfMost) {
  EXPECT_EQ(vote(std::vector<Ballot>{{"Lyon", -0.1}, {"Paris", -3}, {" paris ", -4}}), 1U);
  EXPECT_EQ(vote(std::vector<Ballot>{{"a", -1}}), 0U);
}

TEST(Vote, TiesGoToTheLikelierAnswer) {
  EXPECT_EQ(vote(std::vector<Ballot>{{"a", -1}, {"b", -0.5}}), 1U);
  EXPECT_EQ(vote(std::vector<Ballot>{{"a", -1}, {"b", -0.2}, {"a", -0.1}, {"b", -0.6}}), 1U);  // -0.55, -0.4
  EXPECT_EQ(vote(std::vector<Ballot>{{"b", -1}, {"a", -1}}), 0U);
}

TEST(Vote, EmptyAnswersCountOnlyAmongThemselves) {
  EXPECT_EQ(vote(std::vector<Ballot>{{"", -0.1}, {"", -0.1}, {"x", -9}}), 2U);
  EXPECT_EQ(vote(std::vector<Ballot>{{" ", -2}, {"", -1}}), 0U);
}

class ConfidenceFile : public testing::Test {
 protected:
  std::filesystem::path written(const std::string& text) {
    const auto path = folder_ / "confidence.csv";
    std::ofstream(path) << text;
    return path;
  }
  test::TempFolder folder_;
  data::Sample sample_{.uuid = "u", .paraphrases = {"p, one?", "two?", "three?"}};
};

TEST_F(ConfidenceFile, IsLookedUpByQuestionAndPhrasing) {
  const auto table =
      ConfidenceTable::read(written("uuid,paraphrase_index,paraphrase,confidence\nu,1,two?,0.5\nx,0,two?,0."
                                    "9\nu,0,\"p, one?\",1\nu,1,two?,0.7\n"));
  EXPECT_EQ(table.of(sample_, 2), (Numbers{1, 0.5}));
  test::expect_error(ErrorKind::data, "phrasing 2 'three?'", [&] { (void)table.of(sample_, 3); });
}

TEST_F(ConfidenceFile, OfOtherContentIsRefused) {
  test::expect_error(ErrorKind::data, "confidence",
                     [&] { ConfidenceTable::read(written("uuid,paraphrase\nu,two?\n")); });
  test::expect_error(ErrorKind::data, "row 1",
                     [&] { ConfidenceTable::read(written("uuid,paraphrase,confidence\nu,two?,-0.5\n")); });
  test::expect_error(ErrorKind::data, "",
                     [&] { ConfidenceTable::read(written("uuid,paraphrase,confidence\nu,two?,high\n")); });
  test::expect_error(ErrorKind::io, "none.feather", [&] { ConfidenceTable::read(folder_ / "none.feather"); });
}

}  // namespace
}  // namespace chorus::ensemble
