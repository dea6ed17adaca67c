// The files that ship inside the program, embedded by the build: src/data/builtin/*.jsonl.
#pragma once

#include <string_view>

namespace chorus::data {

std::string_view builtin_questions();  // JSONL of {id, kind, paraphrases, answers}
std::string_view builtin_examples();   // JSONL of {question, answer, paraphrases}

}  // namespace chorus::data
