// The draws against vectors made by CPython's random.Random and numpy's default_rng.
#include "data/python_random.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>

#include "core/error.h"

namespace chorus::data {
namespace {

nlohmann::json vectors(const std::string& kind) {
  std::ifstream in(std::string(CHORUS_SOURCE_DIR) + "/tests/data/data/python_random.json");
  return nlohmann::json::parse(in)[kind];
}

PythonRandom seeded(const nlohmann::json& test) {
  return test["seed"].is_string() ? PythonRandom(test["seed"].get<std::string>())
                                  : PythonRandom(test["int"].get<std::uint64_t>());
}

double number(const nlohmann::json& hexadecimal) {
  return std::strtod(hexadecimal.get<std::string>().c_str(), nullptr);
}

TEST(PythonRandom, EqualsCPythonForIntAndStrSeeds) {
  const auto tests = vectors("python");
  ASSERT_FALSE(tests.empty());
  for (const auto& test : tests) {
    SCOPED_TRACE(test["seed"].dump() + test["int"].dump());
    PythonRandom random = seeded(test);
    for (const auto& value : test["random"]) EXPECT_EQ(random.random(), number(value));
    for (const auto& pair : test["bits"])
      EXPECT_EQ(random.getrandbits(pair[0].get<int>()), pair[1].get<std::uint64_t>()) << pair[0];
    for (const auto& pair : test["below"])
      EXPECT_EQ(random.randbelow(pair[0].get<std::uint64_t>()), pair[1].get<std::uint64_t>()) << pair[0];
    for (const auto& draw : test["sample"])
      EXPECT_EQ(random.sample(draw[0].get<std::size_t>(), draw[1].get<std::size_t>()),
                draw[2].get<std::vector<std::size_t>>())
          << draw[0] << " " << draw[1];
    std::vector<int> items(17);
    std::iota(items.begin(), items.end(), 0);
    random.shuffle(items);
    EXPECT_EQ(items, test["shuffle"].get<std::vector<int>>());
    for (int i = 1; i < 1500; ++i) random.random();  // past the state's first renewals
    EXPECT_EQ(random.random(), number(test["skip"]));
  }
}

TEST(PythonRandom, DrawsTheWorkedExamplesOfTheTrainingSplit) {
  EXPECT_EQ(PythonRandom(42).sample(3778, 5), (std::vector<std::size_t>{2619, 456, 102, 3037, 1126}));
  EXPECT_EQ(PythonRandom("5d09424876ba7f4-15e8746c51e1d4c").sample(20, 15),
            (std::vector<std::size_t>{0, 6, 15, 17, 4, 18, 13, 7, 16, 5, 12, 3, 1, 14, 9}));
}

TEST(PythonRandom, RefusesWhatCannotBeDrawn) {
  EXPECT_THROW(PythonRandom(1).sample(3, 4), Error);
  EXPECT_THROW(PythonRandom(1).getrandbits(65), Error);
  EXPECT_THROW(PythonRandom(1).getrandbits(-1), Error);
}

TEST(NumpyPermutation, EqualsDefaultRng) {
  const auto tests = vectors("numpy");
  ASSERT_FALSE(tests.empty());
  for (const auto& test : tests) {
    const std::vector<std::size_t> order =
        numpy_permutation(test["seed"].get<std::uint64_t>(), test["n"].get<std::size_t>());
    ASSERT_EQ(order.size(), test["n"].get<std::size_t>());
    std::size_t weighted = 0;
    for (std::size_t i = 0; i < order.size(); ++i) weighted += (i + 1) * order[i];
    EXPECT_EQ(weighted, test["sum"].get<std::size_t>()) << test["seed"] << " " << test["n"];
    const auto first = test["first"].get<std::vector<std::size_t>>();
    EXPECT_TRUE(std::equal(first.begin(), first.end(), order.begin()));
  }
}

}  // namespace
}  // namespace chorus::data
