// Prompt texts against the published format, and what templates may look like.
#include "data/prompt.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/error.h"

namespace chorus::data {
namespace {

const std::vector<WorkedExample>& two_examples() {
  static const std::vector<WorkedExample> examples{
      {.question = "who plays sarah marshall?", .answer = "Kristen Bell"},
      {.question = "what language is cyprus using?", .answer = "Greek Language"}};
  return examples;
}

TEST(Prompt, HasThePublishedFormat) {
  const PromptParts parts = build_prompt({}, "Answer shortly.", two_examples(), "where is [MASK]?");
  EXPECT_EQ(parts.prefix,
            "Answer shortly.\n\nQ: who plays sarah marshall?\nA: Kristen Bell\n\n"
            "Q: what language is cyprus using?\nA: Greek Language\n\n");
  EXPECT_EQ(parts.body, "Q: where is [MASK]?");
  EXPECT_EQ(parts.cue, "\nA:");
  EXPECT_EQ(parts.complete(), parts.prefix + "Q: where is [MASK]?\nA:");
}

TEST(Prompt, WithoutExamplesThePrefixIsTheInstruction) {
  const PromptParts parts = build_prompt({}, "Answer shortly.", {}, "who?");
  EXPECT_EQ(parts.prefix, "Answer shortly.\n\n");
  EXPECT_EQ(parts.complete(), "Answer shortly.\n\nQ: who?\nA:");
}

TEST(Prompt, AnEmptyInstructionLeavesNoBlankLine) {
  EXPECT_EQ(build_prompt({}, "", {}, "who?").complete(), "Q: who?\nA:");
  EXPECT_EQ(build_prompt({}, "", {}, "who?").prefix, "");
  EXPECT_EQ(build_prompt({}, "", two_examples(), "who?").prefix.substr(0, 5), "Q: wh");
}

TEST(Prompt, ATemplateSaysHowQuestionsArePut) {
  const PromptTemplate own{"<<{instruction}>>\n\n{examples}Question: {question}\nAnswer:"};
  const PromptParts parts = build_prompt(own, "Be brief.", two_examples(), "who?");
  EXPECT_EQ(parts.prefix,
            "<<Be brief.>>\n\nQuestion: who plays sarah marshall?\nAnswer: Kristen Bell\n\n"
            "Question: what language is cyprus using?\nAnswer: Greek Language\n\n");
  EXPECT_EQ(parts.body + parts.cue, "Question: who?\nAnswer:");
}

TEST(Prompt, WithoutAPlaceForExamplesThePrefixStillEndsBehindTheInstruction) {
  const PromptParts parts = build_prompt({"{instruction}\n\nQ: {question}\nA:"}, "Be brief.", {}, "who?");
  EXPECT_EQ(parts.prefix, "Be brief.\n\n");
  EXPECT_EQ(parts.body, "Q: who?");
  EXPECT_THROW(check_template({"{instruction}\n\nQ: {question}\nA:"}, 1), Error);
  EXPECT_EQ(build_prompt({"{question}"}, "unused", {}, "who?").complete(), "who?");
}

TEST(Prompt, ValuesAreNotTemplates) {
  const PromptParts parts = build_prompt({}, "{question} {examples}", {}, "what is {instruction}? {x}");
  EXPECT_EQ(parts.complete(), "{question} {examples}\n\nQ: what is {instruction}? {x}\nA:");
}

TEST(Prompt, BracesThatNameNothingAreText) {
  EXPECT_EQ(build_prompt({"{ {\"q\": \"{question}\"} {"}, "", {}, "who?").complete(),
            "{ {\"q\": \"who?\"} {");
}

TEST(Prompt, RefusesTemplatesThatBreakTheRules) {
  for (const char* text :
       {"", "Q: A:", "{question}{question}", "{question} {examples}", "{question} {instruction}",
        "{examples}{instruction}{question}", "{instuction} {question}", "{question"}) {
    try {
      check_template({text}, 0);
      ADD_FAILURE() << "accepted: " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage) << text;
    }
  }
}

}  // namespace
}  // namespace chorus::data
