// Every seed of the tokenizer fuzzer, replayed: no crash, no exception that is not an Error.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "fuzz/tokenizers.h"

namespace chorus::text {
namespace {

TEST(FuzzSeeds, TokenizerJson) {
  int files = 0, opened = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(CHORUS_SOURCE_DIR) + "/fuzz/seeds/tokenizer_json")) {
    SCOPED_TRACE(entry.path().string());
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string input((std::istreambuf_iterator<char>(in)), {});
    ++files;
    EXPECT_NO_THROW(opened += fuzz::open_tokenizer_json(input));
  }
  EXPECT_GT(opened, 0) << "no sound file among the seeds";
  EXPECT_LT(opened, files) << "no bad file among the seeds";
}

}  // namespace
}  // namespace chorus::text
