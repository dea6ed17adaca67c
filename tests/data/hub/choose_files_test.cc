#include "data/hub/choose_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/errors.h"

namespace chorus::data {
namespace {

using testing::ElementsAre;

const HubRepo kRepo{RepoKind::model, "org/m"};

std::vector<HubFile> files(std::initializer_list<const char*> names) {
  std::vector<HubFile> result;
  for (const char* name : names) result.push_back({.path = name, .bytes = 5, .digest = ""});
  return result;
}

std::vector<std::string> chosen(const std::vector<HubFile>& all,
                                const std::vector<std::string>& patterns = {}) {
  std::vector<std::string> names;
  for (const HubFile& file : choose_files(all, kRepo, patterns)) names.push_back(file.path);
  return names;
}

TEST(ChooseFiles, OfAModelWhatChorusReads) {
  EXPECT_THAT(
      chosen(files({".gitattributes", "LICENSE.txt", "README.md", "config.json", "consolidated.safetensors",
                    "generation_config.json", "model-00001-of-00002.safetensors",
                    "model-00002-of-00002.safetensors", "model.safetensors.index.json", "onnx/config.json",
                    "original/consolidated.00.pth", "pytorch_model.bin", "tokenizer.json",
                    "tokenizer_config.json"})),
      ElementsAre("LICENSE.txt", "config.json", "generation_config.json", "model-00001-of-00002.safetensors",
                  "model-00002-of-00002.safetensors", "model.safetensors.index.json", "tokenizer.json",
                  "tokenizer_config.json"));
  EXPECT_THAT(chosen(files({"config.json", "weights.safetensors"})),
              ElementsAre("config.json", "weights.safetensors"));
}

TEST(ChooseFiles, WithoutWeightsItSaysWhatThereIs) {
  test::expect_error(ErrorKind::model, "chorus models get org/m --include 'm.Q4_K_M.gguf'", [] {
    chosen(files({"README.md", "m.Q4_K_M.gguf", "m.Q8_0.gguf"}));
  });
  test::expect_error(ErrorKind::model, "has no safetensors", [] {
    chosen(files({"config.json", "pytorch_model.bin"}));
  });
  test::expect_error(ErrorKind::model, "has no config.json", [] { chosen(files({"model.safetensors"})); });
  test::expect_error(ErrorKind::model, "no files", [] { chosen({}); });
}

TEST(ChooseFiles, Patterns) {
  const auto all = files({"a/b/c.json", "m.Q4_K_M.gguf", "m.Q8_0.gguf"});
  EXPECT_THAT(chosen(all, {"*Q8_0*"}), ElementsAre("m.Q8_0.gguf"));
  EXPECT_THAT(chosen(all, {"*.json", "m.Q4_K_M.gguf"}), ElementsAre("a/b/c.json", "m.Q4_K_M.gguf"));
  EXPECT_THAT(chosen(all, {"a/"}), ElementsAre("a/b/c.json"));
  test::expect_error(ErrorKind::model, "matches '*.bin'", [&] { chosen(all, {"*Q8_0*", "*.bin"}); });
}

}  // namespace
}  // namespace chorus::data
