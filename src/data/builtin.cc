// The questions that ship inside the program.
#include "data/builtin_files.h"
#include "data/sources.h"

namespace chorus::data {

Dataset load_builtin(const DatasetOptions& options) {
  RowGuard strict(false);  // our own file: a bad row is never skipped
  Dataset set{.name = options.dataset, .instruction = std::string(kGeneralInstruction)};
  set.samples =
      samples_of(parse_records(builtin_questions(), "the set inside the program", strict), strict, set.notes);
  set.examples = examples_of(parse_records(builtin_examples(), "the examples inside the program", strict),
                             examples_wanted(options));
  if (set.examples.size() < examples_wanted(options))
    set.notes.push_back("the set has " + std::to_string(set.examples.size()) + " worked examples, " +
                        std::to_string(examples_wanted(options)) + " were asked for");
  return set;
}

}  // namespace chorus::data
