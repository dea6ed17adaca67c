// The text of a prompt: instruction, worked examples, question, answer cue.
//
//   const std::vector<WorkedExample> examples{{.question = "1 + 1?", .answer = "2", .paraphrases = {"1 + 1?"}}};
//   PromptParts p = build_prompt({}, "Answer briefly.", examples, "2 + 2?");
//   p.complete() == "Answer briefly.\n\nQ: 1 + 1?\nA: 2\n\nQ: 2 + 2?\nA:";
//
// In a fused layout p.prefix + p.body is a paraphrase, and p.cue stands once after all of them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "data/dataset.h"

namespace chorus::data {

/// {question} once, {instruction} and {examples} at most once and before it, in this order; any other {name}
/// is an error. The text between {examples} and the end says how a question is put; a worked example is put
/// the same way, followed by a space, its answer and a blank line.
struct PromptTemplate {
  std::string text = "{instruction}\n\n{examples}Q: {question}\nA:";
};

struct PromptParts {
  std::string prefix;  // up to the end of the last worked example (of the instruction, with none), blank line
                       // included
  std::string body;    // from there to the end of the question
  std::string cue;     // what follows {question}
  std::string complete() const { return prefix + body + cue; }
};

/// Error(usage) for a template that breaks its rules. Values are put in as they are, braces in them mean
/// nothing. With an empty instruction the newlines that follow {instruction} go too.
PromptParts build_prompt(const PromptTemplate& prompt_template, std::string_view instruction,
                         std::span<const WorkedExample> examples, std::string_view question);

/// Throws what build_prompt() would throw; for checking an option before any work. `examples`: how many there
/// will be.
void check_template(const PromptTemplate& prompt_template, std::size_t examples);

}  // namespace chorus::data
