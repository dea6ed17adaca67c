// What the built-in question set promises, read from its files: sizes, kinds, phrasings that differ and give
// nothing away.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace chorus::data {
namespace {

std::vector<nlohmann::json> read_lines(const std::string& name) {
  std::ifstream in(std::string(CHORUS_SOURCE_DIR) + "/src/data/builtin/" + name);
  EXPECT_TRUE(in) << name;
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

std::string folded(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// Lower-cased and without what does not make a wording different: punctuation and runs of spaces.
std::string wording(const std::string& text) {
  std::string out;
  for (const char c : folded(text)) {
    if (std::ispunct(static_cast<unsigned char>(c))) continue;
    if (c == ' ' && (out.empty() || out.back() == ' ')) continue;
    out += c;
  }
  return out;
}

void expect_question(const std::string& text, std::set<std::string>& seen) {
  EXPECT_GT(text.size(), 10u) << text;
  EXPECT_EQ(text.back(), '?') << text;
  EXPECT_TRUE(std::isupper(static_cast<unsigned char>(text.front())) ||
              std::isdigit(static_cast<unsigned char>(text.front())))
      << text;
  EXPECT_EQ(text.find("  "), std::string::npos) << text;
  EXPECT_TRUE(seen.insert(wording(text)).second) << "twice in the set: " << text;
}

void expect_hidden(const std::string& answer, const std::string& question) {
  EXPECT_FALSE(answer.empty()) << question;
  EXPECT_EQ(folded(question).find(folded(answer)), std::string::npos) << answer << " stands in: " << question;
}

TEST(BuiltinQuestions, HasEnoughFactsOfEnoughKinds) {
  std::map<std::string, int> kinds;
  std::set<std::string> ids;
  for (const auto& line : read_lines("questions.jsonl")) {
    ++kinds[line.at("kind").get<std::string>()];
    EXPECT_TRUE(ids.insert(line.at("id").get<std::string>()).second) << line.at("id");
    EXPECT_EQ(line.size(), 4u) << line.at("id");
  }
  EXPECT_GE(ids.size(), 66u);
  EXPECT_GE(kinds.size(), 6u);
  for (const auto& [kind, count] : kinds) EXPECT_GE(count, 10) << kind;
}

TEST(BuiltinQuestions, PhrasingsAreQuestionsThatDifferAndHideTheirAnswers) {
  std::set<std::string> seen;
  for (const auto& line : read_lines("questions.jsonl")) {
    const auto paraphrases = line.at("paraphrases").get<std::vector<std::string>>();
    const auto answers = line.at("answers").get<std::vector<std::string>>();
    EXPECT_GE(paraphrases.size(), 6u) << line.at("id");
    EXPECT_GE(answers.size(), 1u) << line.at("id");
    EXPECT_EQ(std::set<std::string>(answers.begin(), answers.end()).size(), answers.size()) << line.at("id");
    for (const auto& question : paraphrases) {
      expect_question(question, seen);
      for (const auto& answer : answers) expect_hidden(answer, question);
    }
  }
}

TEST(BuiltinExamples, AreFiveOtherFactsWithOneWordAnswers) {
  std::set<std::string> seen, answers_of_questions;
  for (const auto& line : read_lines("questions.jsonl")) {
    for (const auto& question : line.at("paraphrases")) seen.insert(wording(question.get<std::string>()));
    for (const auto& answer : line.at("answers"))
      answers_of_questions.insert(folded(answer.get<std::string>()));
  }
  const auto examples = read_lines("examples.jsonl");
  EXPECT_EQ(examples.size(), 5u);
  for (const auto& line : examples) {
    const auto answer = line.at("answer").get<std::string>();
    EXPECT_EQ(answer.find(' '), std::string::npos);
    EXPECT_FALSE(answers_of_questions.contains(folded(answer))) << answer;
    auto questions = line.at("paraphrases").get<std::vector<std::string>>();
    EXPECT_EQ(questions.size(), 5u) << answer;
    questions.push_back(line.at("question").get<std::string>());
    for (const auto& question : questions) {
      expect_question(question, seen);
      expect_hidden(answer, question);
    }
  }
}

}  // namespace
}  // namespace chorus::data
