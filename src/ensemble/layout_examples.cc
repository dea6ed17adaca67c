// The layout of MyriadLAMA: every worked example in all its phrasings.
#include <algorithm>
#include <string>

#include "ensemble/sequencer.h"

namespace chorus::ensemble {
namespace {

class ExamplesLayout {
 public:
  ExamplesLayout(const LayoutOptions& options, const text::Tokenizer& tokenizer, std::size_t questions)
      : options_(options), tokenizer_(tokenizer), sequence_(static_cast<std::int32_t>(questions)) {}

  engine::Prompt build(const ExampleTexts& texts) {
    const auto bos = tokenizer_.bos();
    if (bos && options_.bos_scope == BosScope::all) seen_by_all_.push_back(sequence_.add_segment(-1));
    if (bos) sequence_.add(*bos, seen_by_all_.empty() ? -1 : seen_by_all_.front());
    if (!texts.instruction.empty())
      seen_by_all_.push_back(add(std::string(texts.instruction) + "\n\n", -1, seen_by_all_));
    for (const data::WorkedExample& example : texts.examples) add_example(example, texts.num_phrasings);
    for (const std::int32_t p : order_of(options_, texts.questions.size())) {
      std::vector<std::int32_t> sees = example_questions_;
      sees.insert(sees.end(), example_answers_.begin(), example_answers_.end());
      add("Q: " + texts.questions[static_cast<std::size_t>(p)] + "\n", p, with_all(sees));
    }
    sequence_.begin_free();
    sequence_.add(tokenizer_.encode("A:"), -1);
    engine::Prompt prompt = sequence_.take();
    calibrate(options_, prompt);
    return prompt;
  }

 private:
  /// A question of an example also sees the questions of earlier ones; its answer those, its own, and earlier answers.
  void add_example(const data::WorkedExample& example, std::size_t num_phrasings) {
    const std::vector<std::int32_t> earlier = example_questions_;
    const std::size_t n = std::min(num_phrasings, example.paraphrases.size());
    for (std::size_t p = 0; p < n; ++p)
      example_questions_.push_back(add("Q: " + example.paraphrases[p] + "\n", -1, with_all(earlier)));
    std::vector<std::int32_t> sees = example_questions_;
    sees.insert(sees.end(), example_answers_.begin(), example_answers_.end());
    example_answers_.push_back(add("A: " + example.answer + "\n\n", -1, with_all(sees)));
  }
  std::vector<std::int32_t> with_all(std::vector<std::int32_t> segments) const {
    segments.insert(segments.end(), seen_by_all_.begin(), seen_by_all_.end());
    return segments;
  }
  std::int32_t add(const std::string& text, std::int32_t paraphrase, const std::vector<std::int32_t>& sees) {
    const std::int32_t segment = sequence_.add_segment(paraphrase);
    for (const std::int32_t seen : sees) sequence_.sees(segment, seen);
    sequence_.add(tokenizer_.encode(text), segment);
    return segment;
  }

  const LayoutOptions& options_;
  const text::Tokenizer& tokenizer_;
  Sequencer sequence_;
  std::vector<std::int32_t> seen_by_all_, example_questions_, example_answers_;
};

}  // namespace

engine::Prompt build_examples(const LayoutOptions& options, const text::Tokenizer& tokenizer,
                              const ExampleTexts& texts) {
  return ExamplesLayout(options, tokenizer, texts.questions.size()).build(texts);
}

}  // namespace chorus::ensemble
