// numpy's default_rng: SeedSequence (M. E. O'Neill's seed_seq design) feeds PCG64 (XSL-RR 128/64, O'Neill 2014).
// Checked against vectors made by numpy.
#include <array>
#include <bit>
#include <limits>
#include <numeric>
#include <string>

#include "core/error.h"
#include "data/python_random.h"

namespace chorus::data {
namespace {

__extension__ using Wide = unsigned __int128;
using Pool = std::array<std::uint32_t, 4>;

std::uint32_t xorshift(std::uint32_t value) {
  return value ^ (value >> 16U);
}

// A running multiplier, so that equal words hash differently at different places.
class PoolHash {
 public:
  std::uint32_t operator()(std::uint32_t value) {
    value ^= constant_;
    constant_ *= 0x931e8875U;
    return xorshift(value * constant_);
  }

 private:
  std::uint32_t constant_ = 0x43b0d7e5U;
};

Pool pool_of(std::uint64_t seed) {
  Pool pool{};
  PoolHash hash;
  const Pool entropy{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32U), 0, 0};
  for (std::size_t i = 0; i < pool.size(); ++i) pool[i] = hash(entropy[i]);
  for (std::size_t source = 0; source < pool.size(); ++source)
    for (std::size_t target = 0; target < pool.size(); ++target)
      if (source != target)
        pool[target] = xorshift(0xca01f9ddU * pool[target] - 0x4973f715U * hash(pool[source]));
  return pool;
}

std::array<std::uint64_t, 4> seed_words(std::uint64_t seed) {
  const Pool pool = pool_of(seed);
  std::array<std::uint64_t, 4> result{};
  std::uint32_t constant = 0x8b51f9ddU;
  for (std::size_t i = 0; i < 8; ++i) {
    std::uint32_t value = pool[i % pool.size()] ^ constant;
    constant *= 0x58f38dedU;
    value = xorshift(value * constant);
    result[i / 2] |= static_cast<std::uint64_t>(value) << (32 * (i % 2));
  }
  return result;
}

class Pcg64 {
 public:
  explicit Pcg64(std::uint64_t seed) {
    const auto words = seed_words(seed);
    increment_ = (join(words[2], words[3]) << 1U) | 1U;
    step();
    state_ += join(words[0], words[1]);
    step();
  }

  // In [0, n), 0 < n < 2^32: the lowest bits that n - 1 needs, drawn again until they are small enough. (numpy's integers()
  // multiplies instead; its shuffle does not.)
  std::uint32_t below(std::uint32_t n) {
    const auto mask =
        static_cast<std::uint32_t>((std::uint64_t{1} << static_cast<unsigned>(std::bit_width(n - 1))) - 1);
    std::uint32_t draw = next_half() & mask;
    while (draw >= n) draw = next_half() & mask;
    return draw;
  }

 private:
  static Wide join(std::uint64_t high, std::uint64_t low) { return (Wide{high} << 64U) | low; }

  void step() { state_ = state_ * join(2549297995355413924ULL, 4865540595714422341ULL) + increment_; }

  std::uint64_t next() {
    step();
    const auto folded = static_cast<std::uint64_t>(state_ >> 64U) ^ static_cast<std::uint64_t>(state_);
    const auto turn = static_cast<unsigned>(state_ >> 122U);
    return (folded >> turn) | (folded << ((64U - turn) & 63U));
  }

  // The low half of a 64-bit draw first, then its high half.
  std::uint32_t next_half() {
    has_high_ = !has_high_;
    if (has_high_) {
      kept_ = next();
      return static_cast<std::uint32_t>(kept_);
    }
    return static_cast<std::uint32_t>(kept_ >> 32U);
  }

  Wide state_ = 0, increment_ = 0;
  std::uint64_t kept_ = 0;
  bool has_high_ = false;
};

}  // namespace

std::vector<std::size_t> numpy_permutation(std::uint64_t seed, std::size_t n) {
  if (n > std::numeric_limits<std::uint32_t>::max())
    throw Error(ErrorKind::usage, "a permutation of " + std::to_string(n), "fewer than 2^32",
                "split the data first");
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  Pcg64 generator(seed);
  for (std::size_t i = n; i-- > 1;)
    std::swap(order[i], order[generator.below(static_cast<std::uint32_t>(i + 1))]);
  return order;
}

}  // namespace chorus::data
