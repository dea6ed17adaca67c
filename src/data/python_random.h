// The draws of Python's random.Random and of numpy's default_rng, to the number: splits and worked examples
// chosen by Python programs are chosen again here.
//
//   PythonRandom random(42);
//   random.sample(3778, 5);                       // {2619, 456, 102, 3037, 1126}
//   PythonRandom("an id").sample(auto_phrasings, 15);
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace chorus::data {

/// random.Random(seed) of CPython 3.2 and later (seeding version 2): Mersenne twister MT19937.
class PythonRandom {
 public:
  explicit PythonRandom(std::uint64_t seed);
  explicit PythonRandom(std::string_view seed);  // a Python str; UTF-8

  /// In [0, 1), 53 bits.
  double random();
  /// bits in [0, 64]; Error(usage) beyond.
  std::uint64_t getrandbits(int bits);
  /// In [0, n); 0 for n = 0, as in Python.
  std::uint64_t randbelow(std::uint64_t n);
  /// random.sample(range(n), k): k distinct indices below n. Error(usage) when k > n.
  std::vector<std::size_t> sample(std::size_t n, std::size_t k);
  /// random.shuffle, in place.
  template <typename T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i-- > 1;) std::swap(items[i], items[randbelow(i + 1)]);
  }

 private:
  void init_by_array(const std::vector<std::uint32_t>& key);
  std::uint32_t next_word();

  std::array<std::uint32_t, 624> state_{};
  std::size_t index_ = 624;
};

/// numpy.random.default_rng(seed).permutation(n), numpy 1.17 and later (PCG64 seeded by SeedSequence). n <
/// 2^32.
std::vector<std::size_t> numpy_permutation(std::uint64_t seed, std::size_t n);

}  // namespace chorus::data
