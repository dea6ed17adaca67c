// The tiny golden models, written as GGUF from their folders, give the folders' logits.
#include <gtest/gtest.h>

#include <fstream>

#include "engine_fixture.h"
#include "support/tiny_model.h"

namespace chorus::engine {
namespace {

// The same weights; only rope_freqs.weight is rounded to float: 2^-24 of an angle of at most 63 radians in each of 3 layers.
constexpr double kTolerance = 3 * 63.0 / (1 << 24);

std::vector<Request> prompts_of(const std::filesystem::path& folder) {
  std::ifstream in(folder / "expected.json");
  std::vector<Request> requests;
  const auto document = nlohmann::json::parse(in);
  for (const auto& entry : document.at("cases"))
    requests.push_back(
        request_of({causal_prompt(entry.at("input_ids").get<std::vector<text::TokenId>>())}, 2));
  return requests;
}

TEST(GgufOfGoldenModels, LogitsAreThoseOfTheFolder) {
  const std::filesystem::path golden = std::filesystem::path(CHORUS_SOURCE_DIR) / "../shared/golden/models";
  if (!std::filesystem::exists(golden))
    GTEST_SKIP() << "no " << golden.string() << ": golden models are not compared";
  int models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(golden)) {
    SCOPED_TRACE(entry.path().filename().string());
    const test::TempFolder folder;
    test::write_file(folder / "m.gguf", test::gguf_of(test::read_folder(entry.path())).bytes());
    const std::vector<Request> requests = prompts_of(entry.path());
    std::vector<std::vector<Outcome>> outcomes;
    for (const auto& path : {entry.path(), folder / "m.gguf"}) {
      const auto checkpoint = model::open_checkpoint(path);
      model::Decoder decoder(checkpoint,
                             model::make_cpu_backend(checkpoint->config(), model::Compute::f32, 1));
      outcomes.push_back(run_all(decoder, {.kv_memory = std::size_t{1} << 24}, requests));
    }
    for (std::size_t i = 0; i < requests.size(); ++i)
      EXPECT_LE(relative_error(outcomes[1][i].first_scores, outcomes[0][i].first_scores), kTolerance);
    ++models;
  }
  EXPECT_GT(models, 0);
}

}  // namespace
}  // namespace chorus::engine
