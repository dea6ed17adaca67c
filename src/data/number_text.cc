#include "data/number_text.h"

#include <array>
#include <charconv>
#include <cmath>

namespace chorus::data {
namespace {

template <class Float>
std::string shortest(Float number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  std::string text(buffer.data(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

std::string number_text(double number) {
  return shortest(number);
}
std::string float_text(float number) {
  return shortest(number);
}

}  // namespace chorus::data
