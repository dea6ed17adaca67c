// Questions for the tests of the program: short, so that a run of many takes a second.
//
//   write_file(program / "q.jsonl", questions(40));
//   program.run(generate(program, {"--max-samples", "3"}));
#pragma once

#include <fmt/format.h>

#include "tests/cli/program.h"

namespace chorus::test {

inline std::string questions(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += fmt::format(
        R"({{"id":"q{}","paraphrases":["the {} in a","what the {}?","is {} the thing"],"answers":["a{}"],"kind":"k{}"}})"
        "\n",
        i, i * 7 % 101, i, i * i, i, i % 3);
  return text;
}

/// The result of generate() below.
inline constexpr const char* kStem = "flex_attention-3.bos-scope=own";

/// chorus generate on q.jsonl with the tiny model, results in out/. What `more` gives stands in place of what is here.
inline Arguments generate(const Program& program, const Arguments& more = {}) {
  const std::pair<std::string, std::string> usual[] = {
      {"--dataset", "jsonl"},       {"--data", "q.jsonl"},
      {"--model", program.model()}, {"--output-dir", "out"},
      {"--instruction", "in a"},    {"--num-paraphrases", "3"},
      {"--max-new-tokens", "5"},    {"--stop", "eos"},
      {"--layout", "concat"},       {"--cue", "own"},
      {"--positions", "sequential"}};
  Arguments arguments{"generate"};
  for (const auto& [name, value] : usual)
    if (std::find(more.begin(), more.end(), name) == more.end())
      arguments.insert(arguments.end(), {name, value});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

/// out/jsonl/tiny/STEM with each of the endings that are the same for equal runs.
inline std::vector<std::string> result_bytes(const Program& program, const std::string& stem,
                                             const std::string& out = "out") {
  std::vector<std::string> bytes;
  for (const char* ending : {".feather", ".csv", ".json"}) {
    const fs::path path = program / (out + "/jsonl/tiny/" + stem + ending);
    EXPECT_TRUE(fs::is_regular_file(path)) << path;
    bytes.push_back(read_file(path));
  }
  return bytes;
}

/// How many finished samples the log holds.
inline int logged(const fs::path& log) {
  int count = 0;
  for (const std::string& line : lines_of(read_file(log)))
    count += line.starts_with("{\"sample\":") && line.ends_with("\"}");
  return count;
}

}  // namespace chorus::test
