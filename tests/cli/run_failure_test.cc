// A model whose numbers go wrong in the middle of a run: one line with uuid, step, layer, operation and device; what was done is kept.
#include <gmock/gmock.h>

#include <limits>

#include "tests/cli/questions.h"

namespace chorus::test {
namespace {

using testing::HasSubstr;

/// One weight is not a number: of the embedding of 'Z' alone, or of a layer.
TinyOptions with_nan(const std::string& tensor, std::size_t at) {
  return {.tied = false, .context = 4096, .change = [=](ModelFile& file) {
            values_of(file, tensor)[at] = std::numeric_limits<float>::quiet_NaN();
          }};
}

TEST(RunFailure, NamesItsPlaceAndKeepsWhatWasDone) {
  const Program program(with_nan("model.embed_tokens.weight", std::size_t{'Z'} * 32));
  std::string rows = questions(3);
  rows += R"({"id":"bad one","paraphrases":["the Z","what Z?","is Z the thing"],"answers":["Z"],"kind":"k"})"
          "\n";
  write_file(program / "q.jsonl", rows + questions(4).substr(questions(3).size()));
  const Arguments command = generate(program, {"--batch-size", "1", "--threads", "1", "--dtype", "f32"});
  const std::string place =
      "bad one, step 1, embedding (cpu, f32, 1 thread): logits of sequence 0 that are NaN";
  expect_failure(program.run(command), 4, place);
  const fs::path log = program / (std::string("out/jsonl/tiny/") + kStem + ".log.jsonl");
  EXPECT_EQ(logged(log), 3);
  const std::string kept = read_file(log);
  const Outcome again = program.run(command);
  expect_failure(again, 4, place);
  EXPECT_THAT(again.err, HasSubstr("3 of 5 questions are answered already"));
  EXPECT_TRUE(read_file(log).starts_with(kept));  // what follows says that it was tried again
}

TEST(RunFailure, OfALayer) {
  const Program program(with_nan("model.layers.1.mlp.down_proj.weight", 0));
  write_file(program / "q.jsonl", questions(2));
  for (const char* method : {"flex", "avg", "max", "per_prompt", "vote"})
    expect_failure(
        program.run(method == std::string("flex")
                        ? generate(program, {"--dtype", "f32", "--threads", "2"})
                        : Arguments{"generate", "--dataset", "jsonl", "--data", "q.jsonl", "--model",
                                    program.model(), "--method", method, "--dtype", "f32", "--threads", "2"}),
        4, "q0, step 1, layer 1, down projection (cpu, f32, 2 threads): logits of sequence 0");
  expect_failure(program.run({"confidence", "--dataset", "jsonl", "--data", "q.jsonl", "--model",
                              program.model(), "--samples", "2"}),
                 4, "q0, step 1, layer 1, down projection (cpu, ");
  expect_failure(program.run({"ask", "--model", program.model(), "the?"}), 4,
                 "step 1, layer 1, down projection");
}

}  // namespace
}  // namespace chorus::test
