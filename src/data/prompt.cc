#include "data/prompt.h"

#include <array>
#include <optional>

#include "core/error.h"

namespace chorus::data {
namespace {

constexpr std::string_view kInstruction = "{instruction}", kExamples = "{examples}", kQuestion = "{question}";

// The template cut at its placeholders: what is before, between and behind them.
struct Pieces {
  bool has_instruction = false, has_examples = false;
  std::string_view before_instruction, before_examples, before_question, cue;
};

[[noreturn]] void refuse(std::string got) {
  throw Error(ErrorKind::usage, std::move(got),
              "{question} once, {instruction} and {examples} at most once, in the order "
              "{instruction}, {examples}, {question}",
              "correct the prompt template");
}

bool is_name(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text)
    if (!((c >= 'a' && c <= 'z') || c == '_')) return false;
  return true;
}

// The next {name} at or after `from`; a brace that opens no name is text.
std::optional<std::pair<std::size_t, std::string_view>> next_placeholder(std::string_view text,
                                                                         std::size_t from) {
  for (std::size_t open = text.find('{', from); open != text.npos; open = text.find('{', open + 1)) {
    const std::size_t close = text.find('}', open);
    if (close == text.npos) return std::nullopt;
    if (is_name(text.substr(open + 1, close - open - 1)))
      return std::pair{open, text.substr(open, close - open + 1)};
  }
  return std::nullopt;
}

Pieces cut(std::string_view text) {
  Pieces pieces;
  std::size_t at = 0;
  int rank = 0;  // placeholders come in rising rank
  while (const auto found = next_placeholder(text, at)) {
    const auto [open, name] = *found;
    const std::string_view literal = text.substr(at, open - at);
    const int new_rank = name == kInstruction ? 1 : name == kExamples ? 2 : name == kQuestion ? 3 : 0;
    if (new_rank == 0) refuse("the prompt template has " + std::string(name));
    if (new_rank <= rank) refuse("the prompt template has " + std::string(name) + " twice or out of order");
    rank = new_rank;
    at = open + name.size();
    if (rank == 1) {
      pieces.has_instruction = true;
      pieces.before_instruction = literal;
    } else if (rank == 2) {
      pieces.has_examples = true;
      pieces.before_examples = literal;
    } else {
      pieces.before_question = literal;
    }
  }
  if (rank != 3) refuse("the prompt template has no {question}");
  pieces.cue = text.substr(at);
  return pieces;
}

void check_examples(const Pieces& pieces, std::size_t examples) {
  if (examples > 0 && !pieces.has_examples)
    throw Error(ErrorKind::usage,
                std::to_string(examples) + " worked examples and a prompt template without {examples}",
                "a place for them", "write {examples} before {question}, or give --num-few-shot 0");
}

std::string_view leading_newlines(std::string_view text) {
  return text.substr(0, std::min(text.find_first_not_of('\n'), text.size()));
}

}  // namespace

void check_template(const PromptTemplate& prompt_template, std::size_t examples) {
  check_examples(cut(prompt_template.text), examples);
}

PromptParts build_prompt(const PromptTemplate& prompt_template, std::string_view instruction,
                         std::span<const WorkedExample> examples, std::string_view question) {
  Pieces pieces = cut(prompt_template.text);
  check_examples(pieces, examples.size());
  PromptParts parts;
  if (pieces.has_instruction) {
    // The blank line behind the instruction belongs to it: it comes and goes with it, and is shared with it.
    std::string_view& behind = pieces.has_examples ? pieces.before_examples : pieces.before_question;
    const std::string_view blank = leading_newlines(behind);
    behind.remove_prefix(blank.size());
    parts.prefix.append(pieces.before_instruction);
    if (!instruction.empty()) parts.prefix.append(instruction).append(blank);
  }
  parts.prefix.append(pieces.before_examples);
  for (const WorkedExample& example : examples)
    parts.prefix.append(pieces.before_question)
        .append(example.question)
        .append(pieces.cue)
        .append(" ")
        .append(example.answer)
        .append("\n\n");
  parts.body.append(pieces.before_question).append(question);
  parts.cue = pieces.cue;
  return parts;
}

}  // namespace chorus::data
