// MT19937 after Matsumoto and Nishimura (1998, initialisation of 2002); seeding and draws after CPython's
// documented and observable behaviour, checked against vectors made by it.
#include "data/python_random.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <string>
#include <unordered_set>

#include "core/error.h"
#include "data/digest.h"

namespace chorus::data {
namespace {

constexpr std::size_t words = 624;

std::vector<std::uint32_t> key_of(std::uint64_t seed) {
  std::vector<std::uint32_t> key{static_cast<std::uint32_t>(seed)};
  if (seed >> 32U) key.push_back(static_cast<std::uint32_t>(seed >> 32U));
  return key;
}

// The text's bytes with their SHA-512 behind them are one big-endian number; the key is its 32-bit digits,
// lowest first.
std::vector<std::uint32_t> key_of(std::string_view seed) {
  const auto digest = sha512(seed);
  std::string number(seed);
  number.append(digest.begin(), digest.end());
  std::vector<std::uint32_t> key((number.size() + 3) / 4);
  for (std::size_t i = 0; i < number.size(); ++i) {
    const auto byte = static_cast<std::uint32_t>(static_cast<unsigned char>(number[number.size() - 1 - i]));
    key[i / 4] |= byte << (8 * (i % 4));
  }
  while (key.size() > 1 && key.back() == 0) key.pop_back();  // a number has no leading zeros
  return key;
}

// Up to which n random.sample keeps a pool of all indices; above it a set of those taken is the smaller
// thing.
std::size_t pool_limit(std::size_t k) {
  if (k <= 5) return 21;
  const double digits = std::ceil(std::log(static_cast<double>(3 * k)) / std::log(4.0));
  return 21 + static_cast<std::size_t>(std::pow(4.0, digits));
}

}  // namespace

PythonRandom::PythonRandom(std::uint64_t seed) {
  init_by_array(key_of(seed));
}
PythonRandom::PythonRandom(std::string_view seed) {
  init_by_array(key_of(seed));
}

void PythonRandom::init_by_array(const std::vector<std::uint32_t>& key) {
  state_[0] = 19650218U;
  for (std::size_t i = 1; i < words; ++i)
    state_[i] = 1812433253U * (state_[i - 1] ^ (state_[i - 1] >> 30U)) + static_cast<std::uint32_t>(i);
  std::size_t i = 1;
  const auto mix = [&](std::uint32_t factor) {
    return state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30U)) * factor);
  };
  const auto advance = [&] {
    if (++i < words) return;
    state_[0] = state_[words - 1];
    i = 1;
  };
  for (std::size_t step = 0, j = 0; step < std::max(words, key.size()); ++step, j = (j + 1) % key.size()) {
    state_[i] = mix(1664525U) + key[j] + static_cast<std::uint32_t>(j);
    advance();
  }
  for (std::size_t step = 1; step < words; ++step) {
    state_[i] = mix(1566083941U) - static_cast<std::uint32_t>(i);
    advance();
  }
  state_[0] = 0x80000000U;
}

std::uint32_t PythonRandom::next_word() {
  if (index_ == words) {
    for (std::size_t i = 0; i < words; ++i) {
      const std::uint32_t y = (state_[i] & 0x80000000U) | (state_[(i + 1) % words] & 0x7fffffffU);
      state_[i] = state_[(i + 397) % words] ^ (y >> 1U) ^ ((y & 1U) ? 0x9908b0dfU : 0U);
    }
    index_ = 0;
  }
  std::uint32_t y = state_[index_++];
  y ^= y >> 11U;
  y ^= (y << 7U) & 0x9d2c5680U;
  y ^= (y << 15U) & 0xefc60000U;
  return y ^ (y >> 18U);
}

double PythonRandom::random() {
  const double high = next_word() >> 5U;
  const double low = next_word() >> 6U;
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

std::uint64_t PythonRandom::getrandbits(int bits) {
  if (bits < 0 || bits > 64)
    throw Error(ErrorKind::usage, std::to_string(bits) + " random bits", "0 to 64", "draw several times");
  if (bits == 0) return 0;
  if (bits <= 32) return next_word() >> static_cast<unsigned>(32 - bits);
  const std::uint64_t low = next_word();
  const std::uint64_t high = next_word() >> static_cast<unsigned>(64 - bits);
  return low | (high << 32U);
}

std::uint64_t PythonRandom::randbelow(std::uint64_t n) {
  if (n == 0) return 0;
  const int bits = static_cast<int>(std::bit_width(n));
  std::uint64_t draw = getrandbits(bits);
  while (draw >= n) draw = getrandbits(bits);
  return draw;
}

std::vector<std::size_t> PythonRandom::sample(std::size_t n, std::size_t k) {
  if (k > n)
    throw Error(ErrorKind::usage, "a draw of " + std::to_string(k) + " out of " + std::to_string(n),
                "at most " + std::to_string(n), "draw fewer");
  std::vector<std::size_t> result(k);
  if (n <= pool_limit(k)) {
    std::vector<std::size_t> pool(n);
    std::iota(pool.begin(), pool.end(), std::size_t{0});
    for (std::size_t i = 0; i < k; ++i) {
      const std::size_t j = randbelow(n - i);
      result[i] = pool[j];
      pool[j] = pool[n - i - 1];
    }
    return result;
  }
  std::unordered_set<std::size_t> taken;
  for (std::size_t& index : result) {
    do index = randbelow(n);
    while (!taken.insert(index).second);
  }
  return result;
}

}  // namespace chorus::data
