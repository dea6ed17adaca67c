// chorus mask and chorus prompts: what they print, without a model's weights.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/cli/questions.h"

namespace chorus::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Mask, TheGoldenCase) {
  const Program program;
  const Outcome done =
      program.run({"mask", "--segments", "0-48,48-95,95-143,143-192,192-238", "--generated", "10"});
  EXPECT_EQ(done.code, 0) << done.err;
  std::istringstream head(lines_of(done.out).front());
  std::string corner;
  head >> corner;
  std::vector<int> positions;
  for (int position = 0; head >> position;) positions.push_back(position);
  EXPECT_THAT(positions, testing::ElementsAre(0, 16, 32, 47, 48, 63, 79, 94, 95, 111, 127, 142, 143, 159, 175,
                                              191, 192, 207, 237, 238, 239, 240, 241, 242, 247));
  EXPECT_THAT(done.out, HasSubstr("5        192-237      46  itself"));
}

TEST(Mask, LayoutsBySegmentAndFigures) {
  const Program program;
  const Outcome shared = program.run({"mask", "--by", "segment"});
  EXPECT_EQ(shared.code, 0) << shared.err;
  EXPECT_THAT(shared.out, StartsWith("Q\\KV  SI  S1  S2  S3   C   G\n"));
  const Outcome concat =
      program.run({"mask", "--layout", "concat", "--cue", "own", "--by", "segment", "--bos"});
  EXPECT_THAT(concat.out, StartsWith("Q\\KV  S1  S2  S3   G\n"));
  for (const char* file : {"mask.png", "mask.svg"}) {
    EXPECT_EQ(program.run({"mask", "--output", file}).code, 0);
    EXPECT_GT(fs::file_size(program / file), 1000U);
  }
  expect_failure(program.run({"mask", "--output", "mask.jpg"}), 2, "'mask.jpg'");
  expect_failure(program.run({"mask", "--segments", "0-4,x"}), 2, "segment 'x'");
  expect_failure(program.run({"mask", "--segments", "0-4,2-6"}), 2, "segment 2-6");
  expect_failure(program.run({"mask", "--layout", "examples"}), 2, "layout examples without its texts");
  expect_failure(program.run({"mask", "--layout", "shared", "--separator", "x"}), 2, "separator");
  expect_failure(program.run({"mask", "--output", "no/such/folder/mask.png"}), 6, "no/such/folder");
}

TEST(Prompts, PrintTextIdsAndSegments) {
  const Program program;
  write_file(program / "q.jsonl", questions(3));
  const Arguments common{"prompts",       "--dataset",         "jsonl", "--data",        "q.jsonl", "--model",
                         program.model(), "--num-paraphrases", "2",     "--instruction", "in a"};
  const Outcome printed = program.run(common);
  EXPECT_EQ(printed.code, 0) << printed.err;
  EXPECT_THAT(printed.out, StartsWith("question q0, prompt 1: "));
  EXPECT_THAT(printed.out, HasSubstr("segment C, "));
  Arguments with_mask = common;
  with_mask.insert(with_mask.end(), {"--mask", "segment", "--limit", "1"});
  EXPECT_THAT(program.run(with_mask).out, HasSubstr("Q\\KV  SB"));
  Arguments as_json = common;
  as_json.insert(as_json.end(), {"--json", "--limit", "2"});
  const json all = json::parse(program.run(as_json).out);
  ASSERT_EQ(all.size(), 2U);
  const json& prompt = all[1]["prompts"][0];
  std::string text;
  std::size_t at = 0;
  for (const json& segment : prompt["segments"]) {
    EXPECT_EQ(segment["begin"], at) << "every token stands in exactly one segment";
    at = segment["end"].get<std::size_t>();
    text += segment["text"].get<std::string>();
  }
  EXPECT_EQ(at, prompt["ids"].size());
  EXPECT_THAT(text, HasSubstr("Q: the 7 in aQ: what the 1?\nA:"));
  as_json.insert(as_json.end(), {"--method", "avg"});
  EXPECT_EQ(json::parse(program.run(as_json).out)[0]["prompts"].size(), 2U);
}

}  // namespace
}  // namespace chorus::test
