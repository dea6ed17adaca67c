#include "model/cpu/rotary.h"

#include <cmath>
#include <cstdlib>

namespace chorus::model::cpu {

void RotaryTable::reach(std::int32_t largest) {
  for (; known_ < largest; ++known_) {
    const double position = known_ + 1;
    for (const double f : frequencies_) {
      cosine_.push_back(static_cast<float>(std::cos(position * f)));
      sine_.push_back(static_cast<float>(std::sin(position * f)));
      minus_sine_.push_back(-sine_.back());
    }
  }
}

const float* RotaryTable::cosine(std::int32_t position) const {
  return cosine_.data() + static_cast<std::size_t>(std::abs(position)) * frequencies_.size();
}

const float* RotaryTable::sine(std::int32_t position) const {
  const auto& table = position < 0 ? minus_sine_ : sine_;
  return table.data() + static_cast<std::size_t>(std::abs(position)) * frequencies_.size();
}

}  // namespace chorus::model::cpu
