#include <algorithm>

#include "data/python_random.h"
#include "data/sources.h"

namespace chorus::data {

std::size_t examples_wanted(const DatasetOptions& options) {
  return options.examples_file.empty() ? static_cast<std::size_t>(options.num_few_shot) : 0;
}

WorkedExample example_of(const Sample& sample) {
  return {sample.paraphrases.front(), sample.answers.front(), sample.paraphrases};
}

std::vector<std::size_t> draw_examples(std::size_t n, std::size_t k, const std::string& what) {
  if (k > n)
    throw Error(ErrorKind::data, what + " has " + std::to_string(n) + " items",
                std::to_string(k) + " for worked examples alone", "ask for fewer with --num-few-shot");
  return PythonRandom(42).sample(n, k);
}

std::vector<WorkedExample> examples_of(const std::vector<Record>& records, std::size_t limit) {
  std::vector<WorkedExample> examples;
  for (const Record& record : records) {
    if (examples.size() == limit) break;
    WorkedExample example{text_field(record, "question"), text_field(record, "answer"), {}};
    example.paraphrases.push_back(example.question);
    if (find_field(record, "paraphrases") != nullptr)
      for (std::string& phrasing : list_field(record, "paraphrases"))
        if (phrasing != example.question) example.paraphrases.push_back(std::move(phrasing));
    examples.push_back(std::move(example));
  }
  return examples;
}

}  // namespace chorus::data
